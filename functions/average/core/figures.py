"""The figures that keep their place from analysis to average, as one table: where each lies and how logs are pooled."""

from collections.abc import Callable, Mapping, Sequence
from math import fsum
from typing import Any, Final, NamedTuple

from .reading import LARGEST, Log, positive, section

Values = list[tuple[int | float, int]]
"""The values of one figure, each with the index of its log."""

Weights = Sequence[int | float | None]
"""The weight of each log: what an average in it was taken over."""

Reduce = Callable[[Values, dict[str, Weights]], int | float | None]


class Figure(NamedTuple):
    """A leaf of the table: how the values are pooled, where they lie if not at the same path, and a mean's weight."""

    reduce: Reduce
    source: tuple[str, ...] = ()
    weight: str = ""


ONCE: Final = "once"
"""A reading a log has once, such as the voltage before the start: every log counts the same."""
OBSERVED: Final = "overall_sec"
ENGINE_ON: Final = "engineOn_sec"
STANDING: Final = "idle_sec"
DRIVING: Final = "driving_sec"
REGENERATING: Final = "regenerating"
STANDING_MAIN: Final = "standing, main profile"
"""Standing, in logs of the profile whose engine ran longest: injectors are counted differently in each profile."""


def rounded(value: float, decimals: int) -> int | float:
    """Return an int for 0 decimals, else a float."""
    return round(value, decimals) if decimals else round(value)


def _mean(weight: str, decimals: int = 0, *source: str) -> Figure:
    """Return the mean of the logs' means, each weighted by what it was taken over, where both are known."""

    def reduce(values: Values, weights: dict[str, Weights]) -> int | float | None:
        of = weights[weight]
        pairs = [(value, by) for value, log in values if (by := of[log]) is not None]
        if not pairs:
            return None
        return rounded(fsum(value * by for value, by in pairs) / fsum(by for _, by in pairs), decimals)

    return Figure(reduce, source, weight)


def _least(decimals: int = 0, *source: str) -> Figure:
    """Return the lowest of the logs' lowest."""
    return Figure(lambda values, _: rounded(min(values)[0], decimals) if values else None, source)


def _most(decimals: int = 0, *source: str) -> Figure:
    """Return the highest of the logs' highest."""
    return Figure(lambda values, _: rounded(max(values)[0], decimals) if values else None, source)


def _total(decimals: int = 0, *source: str) -> Figure:
    """Return the sum."""
    return Figure(lambda values, _: rounded(fsum(v for v, _ in values), decimals) if values else None, source)


def _temperatures(weight: str) -> dict[str, Figure]:
    return {"min_c": _least(), "max_c": _most(), "avg_c": _mean(weight)}


Table = Mapping[str, "Figure | Table"]

FIGURES: Final[Table] = {
    "overall": {
        "distance_km": _total(2),
        "duration": {
            name: _total() for name in ("overall_sec", "engineOn_sec", "engineOff_sec", "idle_sec", "driving_sec")
        },
    },
    "driving": {
        "acceleration": {"max_perc": _most(), "avg_perc": _mean(DRIVING)},
        "revs": {"min": _least(), "max": _most(), "avg": _mean(OBSERVED), "avgDriving": _mean(DRIVING)},
        "speed": {"avg_kmh": _mean(OBSERVED), "max_kmh": _most()},
    },
    "engine": {
        "battery": {"beforeDrive_v": _mean(ONCE, 2), "engineRunning_v": _mean(ENGINE_ON, 2)},
        "coolantTemp": _temperatures(OBSERVED),
        "oilTemp": _temperatures(OBSERVED),
        "engineWarmup": {"coolant_sec": _mean(ONCE, 1), "oil_sec": _mean(ONCE, 1)},
        "errors": {"min": _least(0, "engine", "errors"), "max": _most(0, "engine", "errors")},
        "oilCarbonate": {
            "min_perc": _least(0, "engine", "oilCarbonate_perc"),
            "max_perc": _most(0, "engine", "oilCarbonate_perc"),
        },
        "oilDilution": {
            "min_perc": _least(0, "engine", "oilDilution_perc"),
            "max_perc": _most(0, "engine", "oilDilution_perc"),
        },
        "injector": {
            name: _mean(STANDING_MAIN, 2) for name in ("injector1", "injector2", "injector3", "injector4", "average")
        },
        "fuelPressure": {"avg_diff_idle_bar": _mean(STANDING, 2)},
        "boost": {"avg_diff_mbar": _mean(DRIVING, 2)},
    },
    "fap": {
        "pressure": {"min_mbar": _least(1), "max_mbar": _most(1), "avg_mbar": _mean(ENGINE_ON, 1)},
        "pressure_idle": {"avg_mbar": _mean(STANDING, 1)},
        "temp": _temperatures(OBSERVED),
    },
    # of a regeneration's rows only the pooled figures of its log are known; `regens[]` gives the rest
    "fapRegen": {
        "speed": {"min_kmh": _least(), "max_kmh": _most(), "avg_kmh": _mean(REGENERATING)},
        "fapTemp": _temperatures(REGENERATING),
        "fapPressure": {"min_mbar": _least(1), "max_mbar": _most(1), "avg_mbar": _mean(REGENERATING, 1)},
        "revs": {"min": _least(), "max": _most(), "avg": _mean(REGENERATING)},
    },
}


def weights_of(logs: Sequence[Log]) -> dict[str, Weights]:
    """Return what averages are taken over: seconds by state, log by log; None where unknown or 0."""
    durations = [section(log.analysis, "overall", "duration") for log in logs]
    weights: dict[str, Weights] = {
        name: [positive(duration.get(name)) for duration in durations]
        for name in (OBSERVED, ENGINE_ON, STANDING, DRIVING)
    }
    weights[REGENERATING] = [positive(section(log.analysis, "fapRegen").get("duration_sec")) for log in logs]
    weights[ONCE] = [1] * len(logs)
    main = main_profile(logs, weights[ENGINE_ON])
    weights[STANDING_MAIN] = [
        weight if log.profile == main else None for log, weight in zip(logs, weights[STANDING], strict=True)
    ]
    return weights


def main_profile(logs: Sequence[Log], engine_on: Weights) -> str | None:
    """Return the profile whose engine ran longest; None without a log."""
    seconds: dict[str, float] = {}
    for log, weight in zip(logs, engine_on, strict=True):
        seconds[log.profile] = seconds.get(log.profile, 0) + (weight or 0)
    return min(seconds, key=lambda profile: (-seconds[profile], profile), default=None)


def mean_at(path: Sequence[str]) -> Figure | None:
    """Return the figure at a path of the table if it is a mean over logs, else None."""
    node: Figure | Table = FIGURES
    for name in path:
        if isinstance(node, Figure) or name not in node:
            return None
        node = node[name]
    return node if isinstance(node, Figure) and node.weight else None


def pool(logs: Sequence[Log]) -> dict[str, Any]:
    """Return the table with a value, or None, in the place of each figure."""
    wanted: dict[tuple[str, ...], dict[str, Values]] = {}
    _collect(FIGURES, (), wanted)
    for index, log in enumerate(logs):
        for path, keys in wanted.items():
            node: Any = log.analysis
            for name in path:
                node = node.get(name)
                if type(node) is not dict:
                    break
            else:
                for key, values in keys.items():
                    value = node.get(key)
                    if (type(value) is float or type(value) is int) and -LARGEST < value < LARGEST:
                        values.append((value, index))
    return _reduce(FIGURES, (), wanted, weights_of(logs))


def _source(figure: Figure, path: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    whole = figure.source or path
    return whole[:-1], whole[-1]


def _collect(table: Table, path: tuple[str, ...], wanted: dict[tuple[str, ...], dict[str, Values]]) -> None:
    for name, entry in table.items():
        if isinstance(entry, Figure):
            parent, key = _source(entry, (*path, name))
            wanted.setdefault(parent, {})[key] = []
        else:
            _collect(entry, (*path, name), wanted)


def _reduce(
    table: Table,
    path: tuple[str, ...],
    collected: dict[tuple[str, ...], dict[str, Values]],
    weights: dict[str, Weights],
) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, entry in table.items():
        if isinstance(entry, Figure):
            parent, key = _source(entry, (*path, name))
            result[name] = entry.reduce(collected[parent][key], weights)
        else:
            result[name] = _reduce(entry, (*path, name), collected, weights)
    return result
