"""The programs of ``docs/at-scale`` with many texts: ``python -m benchmarks.at_scale``."""
