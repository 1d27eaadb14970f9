"""The data screen: what there is to learn from, looked into, added, mixed and sent to a run."""
