"""File and type names of a model folder, for rooms that look for models without loading torch."""

from __future__ import annotations

MODEL_TYPE = "ogive"
CONFIG = "config.json"
WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
MANIFEST = "manifest.json"  # in a folder that is a checkpoint: the hash of every file
PREFIX = "decoder."
"""What stands before our weights' names in a folder: the attribute of `DecoderForCausalLM` that holds the decoder."""
ADAPTER_CONFIG = "adapter_config.json"  # in a folder that holds only an adapter (PEFT's format)
ADAPTER_WEIGHTS = "adapter_model.safetensors"
BASE = "base.json"  # beside them: the model the adapter stands on, by path and sha256
