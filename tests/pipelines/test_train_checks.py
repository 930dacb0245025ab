"""What would stop a training hours later is told before it starts."""

import json
from dataclasses import replace

import pytest

from yolact_cli.errors import BadCocoError, SettingsError
from yolact_cli.network.config import AnchorConfig, NetworkConfig
from yolact_cli.pipelines.train import run_training
from yolact_cli.pipelines.train_sizes import check_sizes

BATCH_NORMED = NetworkConfig(
    backbone="efficientnet_lite0",
    num_classes=2,
    input_size=96,
    anchors=AnchorConfig(scales_px=((12.0,), (24.0,), (48.0,), (72.0,), (90.0,))),
    conv_kind="separable",
)


def test_pictures_that_are_none_and_turned_ones_are_told_at_once(make_training):
    request = make_training()
    document = json.loads(request.data.read_text())
    for image in document["images"][:2]:
        image["width"], image["height"] = image["height"] + 20, image["width"] + 20
    request.data.write_text(json.dumps(document))
    (request.images_dir / document["images"][3]["file_name"]).write_bytes(b"not a picture")
    with pytest.raises(BadCocoError) as caught:
        list(run_training(request))
    assert len(caught.value.problems) == 3
    assert "has 80x64 px, and the labels are for 84x100" in caught.value.problems[0]
    assert "not a picture" in caught.value.problems[2]
    assert not request.output.exists()


def test_a_name_that_no_model_can_have_is_told_at_once(make_training):
    request = make_training(name="../mine")
    with pytest.raises(SettingsError, match="--name"):
        list(run_training(request))
    assert not request.output.exists()


def test_one_small_picture_at_a_time_is_refused(make_training):
    with pytest.raises(SettingsError, match="--batch-size 2"):
        check_sizes(make_training(settings={"batch_size": 1}), BATCH_NORMED)


def test_inputs_too_small_to_rescore_masks_are_refused(make_training):
    rescoring = replace(BATCH_NORMED, mask_rescoring=True)
    with pytest.raises(SettingsError, match="249"):
        check_sizes(make_training(), rescoring)
    check_sizes(make_training(settings={"input_sizes": (249,)}), rescoring)
