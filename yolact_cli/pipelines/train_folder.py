"""A training's folder: whose it is, and whether it may be gone on with."""

import json
from dataclasses import asdict
from typing import Any

from yolact_cli.errors import OutputExistsError, RunMismatchError, TrainingError
from yolact_cli.pipelines.train_request import TrainRequest
from yolact_cli.settings import TrainSettings
from yolact_cli.store import LocalStore
from yolact_cli.training.state import STATE_FILE

SETTINGS_FILE = "training.json"


def open_folder(request: TrainRequest, store: LocalStore) -> None:
    """Write down what this training is, or compare with what it was.

    Raises:
        OutputExistsError: The folder holds a training, and resuming was not asked for; or a model
            of the name that the result is to have.
        TrainingError: There is nothing to resume.
        RunMismatchError: What is resumed was started otherwise.
    """
    record = json.loads(json.dumps(_record(request)))
    has_state = store.exists(STATE_FILE)
    if request.should_resume and not has_state:
        raise TrainingError(
            f"{request.output} holds no training to resume.",
            remedy="Leave --resume out to start one there.",
        )
    if has_state and not request.should_resume:
        raise OutputExistsError(
            f"{request.output} holds a training already.",
            remedy="Give --resume to go on with it, or another --output.",
        )
    if not has_state:
        _check_name_is_free(request, store)
    if has_state:
        _compare(_read_record(request, store), record, request)
    else:
        store.put(SETTINGS_FILE, json.dumps(record, indent=2).encode())


def _check_name_is_free(request: TrainRequest, store: LocalStore) -> None:
    for ending in (".toml", ".safetensors"):
        if store.exists(f"{request.name}{ending}"):
            raise OutputExistsError(
                f"{request.output} holds {request.name}{ending}, which the result would replace.",
                remedy="Give another --name, or another --output.",
            )


def _record(request: TrainRequest) -> dict[str, Any]:
    return {
        "data": str(request.data.resolve()),
        "model": request.model,
        "start": request.start,
        "settings": asdict(request.settings),
    }


def _read_record(request: TrainRequest, store: LocalStore) -> dict[str, Any]:
    try:
        before: dict[str, Any] = json.loads(store.read_bytes(SETTINGS_FILE))
    except (OSError, ValueError) as error:
        raise TrainingError(
            f"{request.output} cannot be resumed: its {SETTINGS_FILE} is missing or damaged.",
            remedy="Start again in another folder.",
        ) from error
    return before


def _compare(before: dict[str, Any], now: dict[str, Any], request: TrainRequest) -> None:
    # Settings that an older version did not have are as they are by default.
    defaults = json.loads(json.dumps(asdict(TrainSettings())))
    was = {**before, **defaults, **before["settings"]}
    was["augment"] = {**defaults["augment"], **was["augment"]}
    differing = [
        f"{name} was {was.get(name)!r} and is {value!r}"
        for name, value in {**now, **now["settings"]}.items()
        if name != "settings" and was.get(name) != value
    ]
    if differing:
        raise RunMismatchError(
            f"{request.output} was started otherwise: {'; '.join(differing)}.",
            remedy="Resume with the same settings, or start in another folder.",
        )
