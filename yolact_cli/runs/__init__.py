"""A run's folder: its listing, its journal and its lock."""
