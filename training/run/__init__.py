"""The run folder: its files, checkpoints, history and plots."""
