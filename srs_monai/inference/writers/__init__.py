"""Writers: masks, probabilities and overlays into files that are there whole or not at all."""
