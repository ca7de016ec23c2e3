"""Wrappers of a loader, each with one task."""
