"""Labels: their names, codes and colours."""
