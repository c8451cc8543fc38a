"""What the pages and the API both know about cars."""

from typing import Final

MAX_NAME: Final = 60
"""Characters in the name of a car."""
