"""Rules for logs that more than one process needs: the largest size, and what counts as a gap."""

from typing import Final

MAX_LOG_MB: Final = 20
"""The largest log, and the largest upload, in MiB."""

MAX_LOG_BYTES: Final = MAX_LOG_MB * 1024 * 1024

GAP_SEC: Final = 10.0
"""Rows further apart than this, in seconds, have a gap between them."""
