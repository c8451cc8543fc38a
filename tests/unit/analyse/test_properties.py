"""What must hold of any log, and of any bytes."""

import math
from collections.abc import Mapping
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from faplog.contracts.analysis import Analysis
from functions.analyse.core.analysis import analyse, read
from functions.analyse.core.columns import NUMBERS, PRESSURE_INVALID
from functions.analyse.core.errors import BadLog
from functions.analyse.core.series import MAX_POINTS
from tests.unit.analyse.handmade import Cells, csv_log, plot_series

SETTINGS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

MAIN = ("Speed", "Revs", "InjFlow", "AirFlow", "FAPpressure", "FAPtemp", "FAPsoot", "LastRegen", "REGEN", "Coolant",
        "OilTemp", "Battery", "AccelPedalPos", "TurboInstr", "Turbopress", "Inj.1FlowCorr")  # fmt: skip
RANGES = {column.name: (column.low, min(column.high, 20_000)) for column in NUMBERS}


def cells(name: str, rows: int) -> st.SearchStrategy[list[float | None]]:
    low, high = RANGES[name]
    if name == "REGEN":
        value: st.SearchStrategy[float | None] = st.sampled_from([0.0, 1.0, None])
    else:
        some = st.floats(low, high).map(lambda number: round(number, 2))
        value = st.one_of(st.none(), st.just(max(low, 0.0)), some, some, some)
    return st.lists(value, min_size=rows, max_size=rows)


@st.composite
def logs(draw: st.DrawFn) -> tuple[dict[str, Cells], list[float]]:
    """Columns in any order and the seconds of their rows, with gaps and repeated instants."""
    rows = draw(st.integers(1, 40))
    names = draw(st.permutations(draw(st.lists(st.sampled_from(MAIN), min_size=1, unique=True))))
    columns: dict[str, Cells] = {name: draw(cells(name, rows)) for name in names}
    steps = draw(st.lists(st.sampled_from([0.0, 0.5, 1.0, 1.0, 4.0, 10.0, 60.0, 400.0]), min_size=rows, max_size=rows))
    times = [float(sum(steps[1 : row + 1])) for row in range(rows)]
    return columns, times


def figures(value: Any) -> list[Mapping[str, Any]]:
    if isinstance(value, dict):
        inner = [found for one in value.values() for found in figures(one)]
        return [value, *inner] if any(name.startswith("min") for name in value) else inner
    return [found for one in value for found in figures(one)] if isinstance(value, list) else []


def without_quality(analysis: dict[str, Any]) -> dict[str, Any]:
    return {name: section for name, section in analysis.items() if name != "quality"}


@SETTINGS
@given(logs())
def test_any_log_keeps_to_the_schema_and_lowest_mean_highest_are_in_order(
    log: tuple[dict[str, Cells], list[float]],
) -> None:
    columns, times = log
    found = analyse(read(csv_log(columns, t=times)))
    assert Analysis.model_validate(found).model_dump(mode="json", by_alias=True) == found
    for one in figures(found):
        values = {name.partition("_")[0]: value for name, value in one.items()}
        if values["min"] is not None and values.get("avg") is not None:
            assert values["min"] <= values["avg"] <= values["max"]


@SETTINGS
@given(
    logs(),
    st.sampled_from([";", ",", "\t"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"]),
    st.randoms(),
)
def test_order_separator_and_encoding_change_nothing_but_quality(
    log: tuple[dict[str, Cells], list[float]], separator: str, encoding: str, random: Any
) -> None:
    columns, times = log
    names = list(columns)
    random.shuffle(names)
    other = csv_log({name: columns[name] for name in names}, t=times, separator=separator).decode().encode(encoding)
    assert without_quality(analyse(read(other))) == without_quality(analyse(read(csv_log(columns, t=times))))


@SETTINGS
@given(logs(), st.data())
def test_a_drive_split_in_two_files_keeps_its_sums(
    log: tuple[dict[str, Cells], list[float]], data: st.DataObject
) -> None:
    columns, times = log
    cut = data.draw(st.integers(0, len(times) - 1))
    halves = [slice(0, cut + 1), slice(cut, None)]
    whole = read(csv_log(columns, t=times)).log
    parts = [read(csv_log({n: c[half] for n, c in columns.items()}, t=times[half])).log for half in halves]
    for figure in ("dt", "km", "litres"):
        sums = [float(values[~_void(values)].sum()) for values in (getattr(part, figure) for part in parts)]
        total = getattr(whole, figure)
        assert math.isclose(sum(sums), float(total[~_void(total)].sum()), rel_tol=1e-9, abs_tol=1e-12)
    for mask in ("engine_on", "driving", "standing"):
        seconds = [float(part.dt[getattr(part, mask)].sum()) for part in parts]
        assert math.isclose(sum(seconds), float(whole.dt[getattr(whole, mask)].sum()), abs_tol=1e-9)


def _void(values: Any) -> Any:
    return values != values


@SETTINGS
@given(logs(), st.data())
def test_sentinels_change_only_the_figures_of_their_column(
    log: tuple[dict[str, Cells], list[float]], data: st.DataObject
) -> None:
    columns, times = log
    rows = len(times)
    columns = {name: values for name, values in columns.items() if name not in {"FAPpressure", "FAPtemp"}}
    columns["Speed"] = columns.get("Speed", [50.0] * rows)
    struck = data.draw(st.lists(st.booleans(), min_size=rows, max_size=rows))
    pressures = [PRESSURE_INVALID if hit else 20.0 for hit in struck]
    spoilt = analyse(read(csv_log({**columns, "FAPpressure": pressures}, t=times)))
    whole = analyse(read(csv_log({**columns, "FAPpressure": [20.0] * rows}, t=times)))
    for analysis in (spoilt, whole):
        analysis["fap"]["pressure"] = analysis["fap"]["pressure_idle"] = None
        if analysis["fapRegen"]:
            analysis["fapRegen"]["fapPressure"] = None
        for name in ("restriction", "health"):
            del analysis[name]
        for drive in analysis["drives"]:
            del drive["fingerprint"]
    assert without_quality(spoilt) == without_quality(whole)
    assert spoilt["quality"]["voided"].get("FAPpressure", {"sentinel": 0})["sentinel"] == sum(struck)


TEXT = st.text(alphabet=st.sampled_from('0123456789;;;,,.:\n\n\r\t" -DateTimeSpdRvsFAPoxyµ\0'), max_size=400)
HEADS = (b"", b"Date;Time;Speed;Revs\n", b"Date,Time,Speed\n", b"Speed\tTime\tDate\n", b"Date;Time;FAP life;REGEN;\n")
STARTS = (b"", b"2025.02.03;08:00:00.0;", b"2025-02-03,08:00:00,", b"5\t08:00:00\t3.2.2025\n")


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(HEADS), st.sampled_from(STARTS), st.one_of(st.binary(max_size=400), TEXT.map(str.encode)))
def test_any_bytes_give_an_analysis_or_a_reason(head: bytes, start: bytes, rest: bytes) -> None:
    try:
        reading = read(head + start + rest)
    except BadLog as error:
        reason = str(error)
    else:
        reason = "none"
        Analysis.model_validate(analyse(reading))
        for channel in plot_series(reading)["channels"]:
            assert len(channel["t"]) == len(channel["v"]) <= MAX_POINTS
    assert 0 < len(reason) < 120


@SETTINGS
@given(logs())
def test_series_rise_in_time_and_hold_the_extremes(log: tuple[dict[str, Cells], list[float]]) -> None:
    columns, times = log
    reading = read(csv_log(columns, t=times))
    channels = {channel["name"]: channel for channel in plot_series(reading)["channels"]}
    for channel in channels.values():
        assert all(a < b for a, b in zip(channel["t"], channel["t"][1:], strict=False))
    speeds = [value for value in columns.get("Speed", []) if value is not None]
    assert ("speed" in channels) == bool(speeds)
