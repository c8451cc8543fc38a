"""The pure core: analyses in, average or comparison out. No I/O, no environment, no logging."""

from .average import average
from .compare import compare_around, compare_logs

__all__ = ["average", "compare_around", "compare_logs"]
