"""Rules for cars that the pages and the API share."""

from typing import Final

MAX_NAME: Final = 60
"""Characters in the name of a car."""
