"""Data: files in, dictionaries of MetaTensors out."""
