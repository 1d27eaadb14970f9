"""Ogive's showing wing: screens, widgets and keys; it knows no tensor."""
