"""Noise on the source in training, decided by seed, epoch and step."""
