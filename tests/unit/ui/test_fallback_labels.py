"""A number of the analysis is shown, whether or not these pages have a name for it."""

import pytest
from pydantic import Field

from faplog.contracts import analysis
from faplog.contracts.figures import Part
from ui import fallback_labels
from ui.figures import GROUPS, LABELLED, with_fallback_labels


def test_a_new_metric_is_shown_in_the_words_of_its_model(monkeypatch: pytest.MonkeyPatch) -> None:
    class Fap(analysis.Fap):
        ash_grams_g: float | None = Field(description="ash, in grams")

    class Other(Part):
        counted: int
        what: str

    class Grown(Part):
        fap: Fap
        other: Other | None

    monkeypatch.setattr(fallback_labels, "Analysis", Grown)
    drive, filter_ = ({figure.path: figure for figure in group.figures} for group in with_fallback_labels(LABELLED)[:2])
    other, ash = drive["other.counted"], filter_["fap.ash_grams_g"]
    assert (other.path, other.name, other.unit, other.decimals) == ("other.counted", "other counted", "", 0)
    assert (ash.path, ash.name, ash.unit, ash.decimals) == ("fap.ash_grams_g", "ash, in grams", "g", 2)


def test_nothing_is_shown_twice() -> None:
    paths = [figure.path for group in GROUPS for figure in group.figures]
    assert len(paths) == len(set(paths))
