"""Losses, matching, augmentation, the loop."""
