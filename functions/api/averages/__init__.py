"""Averages: which are stale, and the average shown."""
