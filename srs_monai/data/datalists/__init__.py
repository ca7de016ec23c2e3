"""Which images there are, which labels belong to them and what they are for."""
