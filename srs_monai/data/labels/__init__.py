"""Labels: what each one is, its name, its code and its colour."""
