"""Parts of the command ``python -m s2s_export``. Standard library only."""
