"""What ``yolact train`` was asked for."""

from dataclasses import dataclass
from pathlib import Path

from yolact_cli.settings import TrainSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainRequest:
    """Everything that ``yolact train`` was asked for."""

    data: Path
    images_dir: Path
    output: Path
    model: str
    """Card or weights whose network is trained."""
    start: str
    """``model``, ``imagenet``, ``scratch``, or a file of weights."""
    name: str
    """Of the card that is made."""
    settings: TrainSettings
    validation_data: Path | None = None
    validation_images_dir: Path | None = None
    validate_every: int = 1000
    """Iterations."""
    device: str = "auto"
    workers: int = 2
    should_resume: bool = False
    command: str = ""
    """What the user typed, for the card."""
