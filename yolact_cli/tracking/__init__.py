"""Identities across the frames of a video."""
