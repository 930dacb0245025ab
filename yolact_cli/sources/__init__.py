"""Paths to listed pictures to decoded frames, in order."""
