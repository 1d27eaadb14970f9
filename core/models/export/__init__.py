"""A model for other programs: the folder of another family, or its own code beside it, or one GGUF file."""
