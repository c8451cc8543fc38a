"""The one place the release is written; pyproject.toml, images and the API read or are checked against it."""

VERSION = "0.1.0"

ANALYSIS_VERSION = 1
"""Raised whenever the same log would give other numbers: analyses made by an older one are queued again."""
