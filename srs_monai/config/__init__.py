"""What configurations evaluate: where the bundle lies, checks of given values, and settings beside weights."""
