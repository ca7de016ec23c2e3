"""Writers of masks, probabilities and overlays. A file exists complete or not at all."""
