"""Ground truth in, checked, for training and scoring."""
