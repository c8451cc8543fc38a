"""The generator against life, and what the document says of the real log."""

from pathlib import Path

import pytest

from accuracy.realism import REAL, REAL_LONG, compare, figures, long_drive, town

REAL_LOG = Path(__file__).parents[4] / "shared" / "logs" / "DCM62v2_20250203.csv"
MATTERS = {
    "rank correlation of pressure and flow",
    "steady rows, share of running",
    "kv, mbar per m³/h",
    "rows between two changes of Revs",
    "boost less demand, deviation, mbar",
    "filter temperature in a regeneration, highest, °C",
}
"""What rules rest on."""


@pytest.mark.skipif(not REAL_LOG.exists(), reason="the real logs are not beside this checkout (../shared/logs)")
def test_the_figures_of_the_real_log_are_right() -> None:
    seen = figures(REAL_LOG.read_bytes())
    for figure in REAL:
        (real,) = figure.real
        assert seen[figure.name] == pytest.approx(real, rel=0.05, abs=0.51 * 10**-figure.decimals), figure.name


def test_synthetic_drives_are_as_noisy_as_real_ones() -> None:
    seen = {(kind, one.figure.name): one for kind, known, make in KINDS for one in compare(known, make, 8)}
    checked = [one for (_, name), one in seen.items() if name in MATTERS]
    assert len(checked) >= len(MATTERS)
    for one in checked:
        for real in one.figure.real:
            assert one.low * 0.8 <= real <= one.high * 1.25, one


KINDS = (("town", REAL, town), ("long", REAL_LONG, long_drive))
