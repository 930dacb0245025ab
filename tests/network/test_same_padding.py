"""TensorFlow's SAME padding."""

import pytest
import torch
from torch.nn import functional as F

from yolact_cli.network.backbones.efficientnet_lite import SameConv


def padded_first(convolution, x):
    """The definition: as many pixels as the last output needs, the odd one right and below."""
    kernel, stride = convolution.kernel_size[0], convolution.stride[0]
    padding = []
    for size in reversed(x.shape[-2:]):  # the last axis first
        outputs = -(-size // stride)
        total = max((outputs - 1) * stride + kernel - size, 0)
        padding += [total // 2, total - total // 2]
    padded = F.pad(x, padding)
    return F.conv2d(padded, convolution.weight, None, stride, 0, 1, convolution.groups)


@pytest.mark.parametrize("kernel", [1, 3, 5])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("size_hw", [(16, 16), (15, 15), (16, 15), (15, 16), (2, 1), (1, 2)])
def test_outputs_are_those_of_an_input_padded_first(kernel, stride, size_hw):
    torch.manual_seed(0)
    convolution = SameConv(4, 4, kernel, stride, groups=4, bias=False).eval()
    x = torch.randn(2, 4, *size_hw)
    with torch.inference_mode():
        expected = padded_first(convolution, x)
        torch.testing.assert_close(convolution(x), expected)
        convolution.pads_first = False
        torch.testing.assert_close(convolution(x), expected)
