"""Decoding: the description of a step, and the loop that runs two. Both worlds; numpy only."""
