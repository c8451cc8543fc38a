"""Cars: which log belongs to which, and the maintenance notes of each."""
