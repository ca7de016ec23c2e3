"""Splits: which images are for training and which are held out."""
