"""Which images are trained on and which are held out."""
