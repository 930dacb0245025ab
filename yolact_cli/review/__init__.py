"""What people make of a run's labels: a journal of it, its outcome, and what to look at first."""
