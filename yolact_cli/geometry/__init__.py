"""Pure functions on boxes, masks and runs of pixels."""
