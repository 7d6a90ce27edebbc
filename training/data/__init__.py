"""Training data: the pairs that models are trained on. The torch side."""
