"""A run's folder: what a trainer writes, what anyone may read, and how the two talk."""
