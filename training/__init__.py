"""Training of sequence-to-sequence models: pairs, models, loss, loop, run folder. The torch side.

It is run from a checkout (``python -m training.fit``) and is not part of the installed package.
"""
