"""Transforms: MetaTensors as read, turned into what a network expects."""
