"""Drawing text from a model: sampling filters, the decode loop with its cache, streaming text, kept conversations."""
