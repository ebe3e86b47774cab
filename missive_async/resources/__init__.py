"""The resources of the API: one file each, models and methods together."""
