"""Rules of the check, by what they look at. Each module yields its findings with ``find``."""
