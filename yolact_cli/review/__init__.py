"""What people make of a run's labels: their journal, what it leads to, and what to look at first."""
