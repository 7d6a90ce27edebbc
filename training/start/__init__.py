"""What a training begins with, beside chance: the model of another run, or word vectors."""
