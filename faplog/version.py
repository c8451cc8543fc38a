"""The one place the release is written; pyproject.toml, images and the API read or are checked against it."""

VERSION = "0.1.0"
