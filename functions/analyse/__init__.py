"""The function analyse: one log in, one analysis out."""
