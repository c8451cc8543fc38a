"""Numbers as they are read: units, signs, durations; and gauges that agree with the limits."""

import pytest
from flask import render_template_string
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from faplog.contracts.limits import LIMITS, Code, Severity
from ui import figures, gauges, units
from ui.findings import Shown
from ui.preferences import Units


def finding(code: Code, value: float | None) -> Shown:
    """Return a finding of this code and value."""
    return Shown(code, Severity.GOOD, "", value, LIMITS[code].unit, 0, "")


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (None, "–"),
        (0, "0 s"),
        (59.6, "1 min"),
        (61, "1 min 1 s"),
        (3599, "59 min 59 s"),
        (3600, "1 h 00 min"),
        (90061, "25 h 01 min"),
    ],
)
def test_durations(seconds: float | None, shown: str) -> None:
    assert units.duration(seconds).replace("\u202f", " ") == shown


@pytest.mark.parametrize("value", [1e15, -1e15, 1e30, 1e308, float("inf"), float("-inf"), float("nan")])
def test_what_is_no_measured_value_is_a_dash(browser: FlaskClient, value: float) -> None:
    with browser.application.test_request_context():
        shown = [units.number(value, "km", 1), units.bound(value), units.difference(value, "s"), units.about(value)]
        assert shown == ["–"] * 4
        assert units.duration(value) == "–"
        assert units.quantity(value, "km") == "–\u202fkm"


def test_numbers_and_differences(browser: FlaskClient) -> None:
    with browser.application.test_request_context():
        assert units.number(-0.0001, "km", 1) == "0.0"
        assert units.number(-1234.56, "", 1) == "−1,234.6"
        assert units.difference(2, "s") == "+2\u202fs"
        assert units.difference(0.004, "km", 2) == "0.00\u202fkm"
        assert units.quantity(None, "km") == units.DASH
        assert units.day("rubbish") == units.DASH
        assert units.clock("2025-02-03T07:05:09.300") == "07:05"
        assert units.span("2025-02-03T07:05:09", "2025-02-03T07:05:41") == "07:05"
        assert units.span("2025-02-03T07:05:09", "2025-02-03T08:10:00") == "07:05–08:10"
        assert [units.bound(11.6), units.bound(-15.0), units.bound(50_000)] == ["11.6", "−15", "50,000"]


@pytest.mark.parametrize(
    ("language", "written"),
    [("en", "1,234.5 L/100 km"), ("fr", "1 234,5 L/100 km"), ("pl", "1 234,5 l/100 km")],
)
def test_a_quantity_is_written_as_its_readers_write_it(browser: FlaskClient, language: str, written: str) -> None:
    with browser.application.test_request_context(headers={"Accept-Language": language}):
        shown = units.quantity(1234.46, "l/100km", 1)
    assert shown.replace("\u202f", " ").replace("\xa0", " ") == written


@given(st.floats(0.5, 60))
def test_miles_per_gallon_turn_round(l100km: float) -> None:
    mpg, name = units.convert(l100km, "l/100km", Units.IMPERIAL)
    assert name == "mpg"
    assert mpg == pytest.approx(100 / units.KM_PER_MILE / (l100km / 4.54609), rel=1e-4)


@pytest.mark.parametrize("code", list(Code))
def test_a_gauges_zones_fill_the_bar_and_agree_with_the_judgement(code: Code) -> None:
    limit = LIMITS[code]
    low, high = limit.scale
    made = gauges.gauge(finding(code, low))
    assert made
    assert sum(zone.width for zone in made.zones) == pytest.approx(100)
    for zone in made.zones:
        middle = low + (zone.start + zone.width / 2) / 100 * (high - low)
        assert zone.severity is limit.judge(middle)


@given(st.sampled_from([*Code]), st.floats(-1e6, 1e6))
def test_a_needle_stays_on_its_bar(code: Code, value: float) -> None:
    made = gauges.gauge(finding(code, value))
    assert made
    assert 0 <= made.at <= 100
    assert made.beyond == (not LIMITS[code].scale[0] <= value <= LIMITS[code].scale[1])


def test_no_value_no_gauge() -> None:
    assert gauges.gauge(finding(Code.IDLE_PRESSURE, None)) is None


def test_speed_bands_are_in_order_of_speed(browser: FlaskClient) -> None:
    bands = {
        "15-25_l100km": 8.0,
        "_15-25_km": 2.0,
        "5-15_l100km": 16.0,
        "_5-15_km": 1.0,
        "25-35_l100km": None,
        "200+_l100km": 4.0,
    }
    with browser.application.test_request_context():
        found = figures.speed_bands({"fuelConsumption": {"bySpeedRange": bands}})
    assert [(band.low_kmh, band.high_kmh, band.share) for band in found] == [
        (5, 15, 100),
        (15, 25, 50),
        (200, None, 25),
    ]


def test_a_band_in_which_next_to_nothing_was_driven_does_not_make_the_others_small(browser: FlaskClient) -> None:
    bands = {"5-15_l100km": 32.0, "_5-15_km": 0.1, "15-25_l100km": 8.0, "_15-25_km": 2.0}
    with browser.application.test_request_context():
        found = figures.speed_bands({"fuelConsumption": {"bySpeedRange": bands}})
        table = "{% from 'parts.html' import speed_bands with context %}{{ speed_bands(found) }}"
        page = render_template_string(table, found=found)
    assert [(band.slight, band.share) for band in found] == [(True, 100), (False, 100)]
    assert page.count('class="is-slight"') == 1


def test_a_bar_fades_with_the_distance_behind_it(browser: FlaskClient) -> None:
    bands = {f"{low}-{low + 10}_l100km": 8.0 for low in (5, 15, 25, 35)}
    bands |= {"_5-15_km": 0.05, "_15-25_km": 1.0, "_25-35_km": 2.0, "_35-45_km": 40.0}
    with browser.application.test_request_context():
        found = figures.speed_bands({"fuelConsumption": {"bySpeedRange": bands}})
        table = "{% from 'parts.html' import speed_bands with context %}{{ speed_bands(found) }}"
        page = render_template_string(table, found=found)
    assert [band.opacity for band in found] == [0.25, 0.5, 1, 1]
    assert page.count('fill-opacity="0.5"') == 1
