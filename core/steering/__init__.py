"""Shaping a model pick by pick: the session, its tree of states, what a pick does, the journal, comparisons."""
