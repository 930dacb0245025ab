"""Sizes and batches that a network cannot be trained at, told before anything starts."""

from yolact_cli.errors import SettingsError
from yolact_cli.network.config import NetworkConfig
from yolact_cli.pipelines.train_request import TrainRequest

ONE_CELL_PX = 128
"""Up to this input the pyramid's last level is a single cell."""
RESCORING_PX = 249
"""From this input on the mask-rescoring branch has something left after its five strides."""


def check_sizes(request: TrainRequest, network: NetworkConfig) -> None:
    """Refuse what would stop in the middle of a layer.

    Raises:
        SettingsError: An input too small for the mask-rescoring branch, or a batch of one whose
            last level has one cell, from which batch norm learns nothing.
    """
    smallest = min(request.settings.input_sizes or (network.input_size,))
    if network.mask_rescoring and smallest < RESCORING_PX:
        raise SettingsError(
            f"{request.model} rescores masks, which needs inputs of {RESCORING_PX} px or more; "
            f"--sizes has {smallest}.",
            remedy=f"Take sizes from {RESCORING_PX} on.",
        )
    has_norms = network.conv_kind != "plain"
    if has_norms and request.settings.batch_size == 1 and smallest <= ONE_CELL_PX:
        raise SettingsError(
            f"One picture of {smallest} px at a time is too little for batch norm.",
            remedy="Give --batch-size 2, or larger --sizes.",
        )
