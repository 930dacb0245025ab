"""Instance masks for folders of photographs: YOLACT and YOLACT++ on the command line."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from yolact_cli.api import Annotator
    from yolact_cli.settings import LabelSettings
    from yolact_cli.structures import Detections, Instance

    __version__: str

__all__ = ["Annotator", "Detections", "Instance", "LabelSettings", "__version__"]


def __getattr__(name: str) -> Any:
    # Late, so that importing the package costs nothing: the annotator brings torch with it.
    homes = {
        "Annotator": "yolact_cli.api",
        "Detections": "yolact_cli.structures",
        "Instance": "yolact_cli.structures",
        "LabelSettings": "yolact_cli.settings",
    }
    if name == "__version__":
        from importlib.metadata import version

        return version("yolact_cli")
    if name not in homes:
        raise AttributeError(f"module 'yolact_cli' has no attribute {name!r}")
    return getattr(import_module(homes[name]), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
