"""Data sets read through before anything is trained on them."""
