"""Decoded pixels, with values in HU or on a known scale."""
