"""File and type names of a model folder, for rooms that look for models without loading torch."""

from __future__ import annotations

MODEL_TYPE = "ogive"
CONFIG = "config.json"
WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
MANIFEST = "manifest.json"  # in a folder that is a checkpoint: the hash of every file
PREFIX = "decoder."
"""What stands before our weights' names in a folder: the attribute of `DecoderForCausalLM` that holds the decoder."""
