"""What runs a network: a batch in, candidates and prototypes out."""
