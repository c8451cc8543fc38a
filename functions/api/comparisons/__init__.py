"""Comparisons: two logs, or a car before and after work on it."""
