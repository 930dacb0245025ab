"""The learning rate as a function of the iteration."""

import math

from yolact_cli.settings import TrainSettings

# The reference's milestones, 280k, 600k, 700k and 750k of 800k, as parts of any training.
STEPS = (0.35, 0.75, 0.875, 0.9375)
STEP_FACTOR = 0.1
WARMUP_START = 0.1
COSINE_END = 0.01


def learning_rate_factor(iteration: int, settings: TrainSettings) -> float:
    """What the highest learning rate is multiplied by at ``iteration`` (0-based), (0, 1]."""
    done = iteration / max(1, settings.iterations)
    if settings.schedule == "cosine":
        factor = COSINE_END + (1 - COSINE_END) * (1 + math.cos(math.pi * min(done, 1.0))) / 2
    else:
        factor = STEP_FACTOR ** sum(done >= step for step in STEPS)
    if iteration < settings.warmup_iterations:
        part = iteration / settings.warmup_iterations
        factor *= WARMUP_START + (1 - WARMUP_START) * part
    return factor
