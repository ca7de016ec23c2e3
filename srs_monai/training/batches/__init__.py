"""Wrappers of a data loader, each with one task."""
