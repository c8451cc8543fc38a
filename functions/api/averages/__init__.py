"""Averages: which are stale, the requests for them, and the average shown."""
