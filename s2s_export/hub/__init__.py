"""The Hub: an exported folder from a model repository, and into one. Torch-free run time.

Needs the extra ``hub``; huggingface_hub is imported inside the function that calls it.
"""
