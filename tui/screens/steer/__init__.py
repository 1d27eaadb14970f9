"""Steering: variants and picks, the tree, the comparison, the set-up, and the work they give to the engine."""
