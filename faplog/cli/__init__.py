"""The command `faplog`: every program of the package under one name."""
