"""What a section of the analysis is while it is put together: plain values, ready for JSON."""

from typing import Any

Section = dict[str, Any]
"""Names and nesting are those of `faplog.contracts.analysis`; a test holds every analysis against that model."""
