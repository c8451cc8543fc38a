"""A number of the analysis is shown, whether or not these pages have a name for it."""

import pytest
from pydantic import Field

from faplog.contracts import analysis
from faplog.contracts.figures import Part
from ui import unnamed
from ui.figures import GROUPS, NAMED, complete


def test_a_new_metric_is_shown_in_the_words_of_its_model(monkeypatch: pytest.MonkeyPatch) -> None:
    class Fap(analysis.Fap):
        ash_per_1000km_g: float | None = Field(description="ash, grams per 1,000 km")

    class Other(Part):
        counted: int
        what: str

    class Grown(Part):
        fap: Fap
        other: Other | None

    monkeypatch.setattr(unnamed, "Analysis", Grown)
    drive, filter_ = complete(NAMED)[:2]
    (other,), (ash,) = drive.figures[len(NAMED[0].figures) :], filter_.figures[len(NAMED[1].figures) :]
    assert (other.path, other.name, other.unit, other.decimals) == ("other.counted", "other counted", "", 0)
    assert (ash.path, ash.name, ash.unit, ash.decimals) == ("fap.ash_per_1000km_g", "ash, grams per 1,000 km", "g", 2)


def test_nothing_is_shown_twice() -> None:
    paths = [figure.path for group in GROUPS for figure in group.figures]
    assert len(paths) == len(set(paths))
