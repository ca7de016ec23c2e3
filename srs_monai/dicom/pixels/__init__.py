"""Pixels as numbers that mean something."""
