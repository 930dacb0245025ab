"""Detections to pictures and reports, each file whole or absent."""
