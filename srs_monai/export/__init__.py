"""Trained networks as graphs for other programs, compared with PyTorch."""
