"""The network: tensors only, no paths, no configuration files."""
