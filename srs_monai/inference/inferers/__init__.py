"""Networks as MONAI inferers."""
