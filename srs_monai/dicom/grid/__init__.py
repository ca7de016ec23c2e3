"""Slices placed in the patient: in order, on a straight and even grid."""
