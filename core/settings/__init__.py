"""What a person may choose: one schema per subject, read from YAML, overridden by dot paths, kept in named versions."""
