"""Loading: from the files of an export to what a Translator is made of. Torch-free run time."""
