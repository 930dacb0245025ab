"""Names to cards to networks with weights."""
