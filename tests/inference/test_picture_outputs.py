"""What an engine gives for one picture."""

import numpy as np
import pytest

from yolact_cli.inference.runtimes.graph import OUTPUTS, PictureOutputs


@pytest.fixture
def outputs():
    def build(**changed):
        values = {name: np.ones((3, 4), np.float32) for name in OUTPUTS}
        values["prototypes"] = np.ones((2, 2, 4), np.float32)
        for name, value in changed.items():
            values[name].reshape(-1)[-1] = value
        return PictureOutputs(**values)

    return build


@pytest.mark.parametrize("name", OUTPUTS)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_one_value_that_is_no_number_is_seen(outputs, name, value):
    assert not outputs(**{name: value}).is_finite


@pytest.mark.parametrize("value", [0, 1, 3e38, -3e38])
def test_numbers_are_finite_however_large(outputs, value):
    assert outputs(class_logits=value).is_finite
