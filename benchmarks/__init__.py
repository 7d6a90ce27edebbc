"""Measurements: each module is a command that prints a table; see docs/benchmarks.md."""
