"""Training the tutorial's model: data, model, training loop, checkpoints. The torch side.

It is run from a checkout (``python -m training.fit``) and is not part of the installed package.
"""
