"""Frames to detections: preprocessing, runtimes, suppression, masks."""
