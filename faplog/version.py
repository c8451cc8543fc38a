"""The one place the release is written; `make render` says it to pyproject.toml and the images, the API reads it."""

VERSION = "0.2.0"
