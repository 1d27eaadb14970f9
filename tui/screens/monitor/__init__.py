"""The monitor: watches any run folder, live or finished, of this process or another."""
