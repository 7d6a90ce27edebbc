"""Places where the files of an export lie: a folder, a zip, memory, the resources of a package."""
