"""Recipes: every choice that decides a run beside its data, and the tried values by name."""
