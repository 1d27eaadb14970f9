"""Ogive's computing wing: everything that reads, trains, decodes and records; it knows no screen."""

__version__ = "0.1.0"
