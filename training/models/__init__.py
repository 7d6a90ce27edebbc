"""Models: encoder steps and decoder steps as PyTorch modules."""
