"""Data lists: the images of a data set, their labels and their use."""
