"""Every error a user can meet, as one tree; only ``cli/`` turns them into exit codes and text.

YolactError                      1
├── InputError                   1
│   ├── NoInputsError                nothing to annotate at the given sources
│   ├── UnreadablePictureError       one picture; becomes a Failure record inside a run
│   └── UnreadableVideoError         one video, likewise
├── ModelError                   1
│   ├── UnknownModelError            no card, file or released name of that name
│   ├── CardError                    a card that does not parse or contradicts itself
│   ├── ChecksumError                bytes are not those the card or the host promised
│   ├── NotACheckpointError          truncated, not a checkpoint, or a pickle with code in it
│   ├── WeightsMismatchError         a checkpoint of another network
│   └── DownloadError                the host did not deliver
├── AnnotationError              1
│   ├── BadCocoError                 ground truth or predictions that cannot be trusted
│   └── ReviewError                  a review that is damaged, or of other pictures
├── OutputError                  1
│   ├── OutputExistsError            a finished run, or files of somebody else
│   ├── RunMismatchError             resuming with settings that would change labels
│   ├── RunLockedError               another process writes this run
│   └── DiskFullError                no space left; the run can be resumed
├── TrainingError                1
├── DeviceError                  1
└── SettingsError                2   values that contradict each other
"""

from collections.abc import Sequence


class YolactError(Exception):
    """A problem with a cause outside the program, told as one sentence and what to do about it.

    Attributes:
        sentence: What went wrong, where and why.
        remedy: What the user can do; may be empty.
        exit_code: What the process returns when this error ends it.
    """

    exit_code = 1

    def __init__(self, sentence: str, *, remedy: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.sentence} {self.remedy}".strip()


class InputError(YolactError):
    """Something about the pictures given."""


class NoInputsError(InputError):
    """The sources hold no picture and no video."""


class UnreadablePictureError(InputError):
    """One picture cannot be decoded, or must not be."""


class UnreadableVideoError(InputError):
    """One video of which no frame can be had, or must not be."""


class ModelError(YolactError):
    """Something about a model, its card or its weights."""


class UnknownModelError(ModelError):
    """No model of that name or path."""


class CardError(ModelError):
    """A model card that does not parse or contradicts itself."""


class ChecksumError(ModelError):
    """A file whose bytes are not the promised ones."""


class NotACheckpointError(ModelError):
    """A file that holds no tensors we can trust."""


class WeightsMismatchError(ModelError):
    """A checkpoint whose tensors do not fit the network."""


class DownloadError(ModelError):
    """A download that could not be completed."""


class AnnotationError(YolactError):
    """Something about ground truth or predictions."""


class BadCocoError(AnnotationError):
    """A COCO file with problems, the first twenty of them listed.

    Attributes:
        problems: One sentence each, in the order found.
    """

    shown = 20

    def __init__(self, path: str, problems: Sequence[str], *, remedy: str = "") -> None:
        listed = "\n".join(f"  - {problem}" for problem in problems[: self.shown])
        more = len(problems) - self.shown
        tail = f"\n  … and {more} more" if more > 0 else ""
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        super().__init__(f"{path}: {count}:\n{listed}{tail}", remedy=remedy and f"\n{remedy}")
        self.problems = tuple(problems)


class ReviewError(AnnotationError):
    """A review journal that cannot be gone on with, or is of other pictures."""


class OutputError(YolactError):
    """Something about where results go."""


class OutputExistsError(OutputError):
    """The output is there already and would be lost."""


class RunMismatchError(OutputError):
    """An unfinished run was started with other settings."""


class RunLockedError(OutputError):
    """Another process is writing this run."""


class DiskFullError(OutputError):
    """No space left on the device."""


class TrainingError(YolactError):
    """Training cannot start or cannot go on."""


class DeviceError(YolactError):
    """The device asked for is not there."""


class SettingsError(YolactError):
    """Settings that contradict each other."""

    exit_code = 2
