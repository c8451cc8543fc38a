"""The direct call of the function `analyse`: a CSV is POSTed to it, and nothing is stored.

The body is the log, with `Content-Type: text/csv`. The query says what an upload knows from the file's name, because
the name itself stays with the caller. The answer is the analysis, or with `series` a `DirectResult`.
"""

from datetime import date
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from faplog.contracts.profiles import day_of, profile_of

CSV: Final = "text/csv"


class DirectCall(BaseModel):
    """The query of a direct call."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    profile: str | None = Field(default=None, max_length=40)
    """The ECU profile in the name of the file."""
    day: date | None = None
    """The day in the name of the file."""
    series: bool = False
    """Whether the answer also has the points for plots."""

    @classmethod
    def for_file(cls, file_name: str) -> "DirectCall":
        """Return the call for a file of this name, with series."""
        return cls(profile=profile_of(file_name), day=day_of(file_name), series=True)

    def query(self) -> dict[str, str]:
        """Return the query parameters that are set."""
        values = self.model_dump(mode="json", exclude_defaults=True)
        return {name: "true" if value is True else value for name, value in values.items()}


class DirectResult(BaseModel):
    """The answer to a direct call with `series`."""

    model_config = ConfigDict(frozen=True)

    analysis: dict[str, Any]
    """The analysis, as `faplog.contracts.analysis` describes it."""
    series: dict[str, Any]
    """The points for plots, as docs/analysis.md describes them."""
