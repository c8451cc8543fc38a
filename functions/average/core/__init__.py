"""The pure core: analyses in, average out. No I/O, no environment, no logging."""

from .average import average

__all__ = ["average"]
