"""Converted graphs, kept between runs."""
