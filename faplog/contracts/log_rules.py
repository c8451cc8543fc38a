"""What a log may be and how it is read, as far as more than one process or the pages need to know."""

from typing import Final

MAX_LOG_MB: Final = 20
"""The largest log, and the largest upload, in MiB."""

MAX_LOG_BYTES: Final = MAX_LOG_MB * 1024 * 1024

GAP_SEC: Final = 10.0
"""Rows further apart than this, in seconds, have a gap between them."""
