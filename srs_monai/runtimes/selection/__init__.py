"""The fastest runtime of this machine, measured and remembered."""
