"""What holds for any analyses: order does not matter, nulls do not poison, min ≤ avg ≤ max, the work is linear."""

import json
import sys
from typing import Any

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.average.core import average
from functions.average.items import read_items
from tests.unit.average.analyses import Json, analysis, regen

# a busy machine is no failure
PATIENT = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

LEVELS = {
    "driving.revs": ("min", "avg", "max"),
    "engine.coolantTemp": ("min_c", "avg_c", "max_c"),
    "engine.oilTemp": ("min_c", "avg_c", "max_c"),
    "fap.temp": ("min_c", "avg_c", "max_c"),
    "fap.pressure": ("min_mbar", "avg_mbar", "max_mbar"),
    "fapRegen.speed": ("min_kmh", "avg_kmh", "max_kmh"),
    "fapRegen.revs": ("min", "avg", "max"),
}
SECONDS = ["overall_sec", "engineOn_sec", "engineOff_sec", "idle_sec", "driving_sec"]

maybe_km = st.none() | st.floats(0, 900).map(lambda km: round(km, 2))
maybe_sec = st.none() | st.integers(0, 80_000)


@st.composite
def analyses(draw: st.DrawFn) -> Json:
    """Return a consistent analysis in which anything may be missing, but where a mean is, its extremes are."""
    made: dict[str, Any] = {}
    for path, names in LEVELS.items():
        levels = draw(st.none() | st.lists(st.integers(-50, 4000), min_size=3, max_size=3).map(sorted))
        made[path] = dict(zip(names, levels, strict=True)) if levels else dict.fromkeys(names)
    made["fapRegen.duration_sec"] = draw(maybe_sec)
    made["overall.duration"] = {name: draw(maybe_sec) for name in SECONDS}
    made["overall.distance_km"] = draw(maybe_km)
    made["fuelConsumption.overall"] = {"total_l": draw(maybe_km)}
    made["restriction.kv_afterRegen"] = draw(st.none() | st.floats(0.1, 0.9))
    made["fap.soot.end_gl"] = draw(st.none() | st.floats(0, 20))
    made["sootRate_gl100km"] = draw(st.none() | st.floats(-1, 9))
    outcome = st.sampled_from(["complete", "aborted", "unknown", None])
    known = st.builds(
        lambda end, km, soot: regen(outcome=end, interval_km=km, soot_start_gl=soot), outcome, maybe_km, maybe_km
    )
    made["regens"] = draw(st.lists(known, max_size=3))
    date = draw(st.sampled_from(["2025-03-01", "2025-03-02", "2025-04-01"]))
    return analysis(made, date=date, profile=draw(st.sampled_from(["DCM62v2", "HDI_SID807_BR2"])))


@PATIENT
@given(st.lists(analyses(), max_size=6).flatmap(lambda logs: st.tuples(st.just(logs), st.permutations(logs))))
def test_any_order_gives_the_same(both: tuple[list[Json], list[Json]]) -> None:
    given, shuffled = both
    assert average(given).model_dump() == average(shuffled).model_dump()


@PATIENT
@given(st.lists(analyses(), min_size=1, max_size=6))
def test_a_mean_lies_between_its_extremes(logs: list[Json]) -> None:
    found = average(logs).model_dump()
    for path, (low, mean, high) in LEVELS.items():
        node: Any = found
        for name in path.split("."):
            node = node and node[name]
        if node and node[mean] is not None:
            assert node[low] <= node[mean] <= node[high], path


@PATIENT
@given(st.lists(analyses(), min_size=1, max_size=4))
def test_logs_that_know_nothing_change_no_figure(logs: list[Json]) -> None:
    def figures(items: list[Any]) -> dict[str, Any]:
        found = average(items).model_dump(exclude={"trends", "nextRegen", "health"})
        del found["overall"]["logs"]
        return found

    empty = analysis({"overall.duration": dict.fromkeys(SECONDS), "fap": None, "regens": []}, date="2025-03-15")
    assert figures([*logs, empty, None, {"overall": None}]) == figures(logs)


# fmt: off
NAMES = [
    "overall", "date", "start", "duration", "overall_sec", "distance_km", "driving",
    "revs", "avg", "min", "engine", "injector", "fap", "regens",
    "fapRegen", "outcome", "interval_km", "regens_total", "fuelConsumption", "bySpeedRange", "5-15_l100km",
    "_5-15_km", "total_l", "quality", "profile", "restriction", "kv", "analysis",
    "analysisId", "logDate", "soot", "end_gl",
]
# fmt: on

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(NAMES),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@PATIENT
@given(st.lists(json_values, max_size=5))
def test_any_json_gives_an_average_that_is_json(items: list[Any]) -> None:
    found = average(items)
    json.loads(found.model_dump_json(by_alias=True))
    assert found.overall.logs <= len(items)


def test_twice_as_many_are_at_most_twice_the_work() -> None:
    """Counted in calls, from the bytes on; how long that takes is measured by `make bench`."""
    known: Json = {f"{path}.{name}": 3 for path, names in LEVELS.items() for name in names}
    known["overall.duration"] = dict.fromkeys(SECONDS, 900)
    known["fuelConsumption.bySpeedRange"] = {f"{kmh}-{kmh + 10}_l100km": 5.0 for kmh in range(5, 195, 10)}
    one = analysis(known, regens=[regen(interval_km=500)])

    def calls(count: int) -> int:
        content = b"[" + b",\n".join([orjson.dumps({"analysis": one})] * count) + b"]"
        made = 0

        def called(*_: Any) -> None:
            nonlocal made
            made += 1

        before = sys.getprofile()
        sys.setprofile(called)
        try:
            found = average(read_items(lambda: [content]))
        finally:
            sys.setprofile(before)
        assert found.overall.logs == count
        return made

    assert calls(400) <= 2 * calls(200)
