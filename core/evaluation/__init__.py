"""Measuring a model: on questions whose answers are known, and on text it has not been trained on."""
