"""Regenerations over many logs: outcomes, distances between them, and mean figures."""

from collections import Counter
from collections.abc import Iterable, Sequence
from math import fsum
from typing import Any, Final, NamedTuple

from faplog.contracts.figures import Outcome

from .consumption import mean_by_km
from .figures import rounded
from .reading import Json, Log, number, positive, section

_OUTCOMES: Final = {outcome.value: outcome for outcome in Outcome}
MOST_IN_A_LOG: Final = 100_000
"""The largest credible number of regenerations in a log."""


class Episode(NamedTuple):
    """One regeneration: the index of its log, how it ended, and its own figures."""

    log: int
    outcome: Outcome
    interval_km: int | float | None
    """Of a complete one: how far the one before it lies back."""
    figures: Json


def episodes(logs: Sequence[Log]) -> list[Episode]:
    """Return all regenerations, in the order of the logs. A log that knows only its pooled `fapRegen` counts as one."""
    regens: list[Episode] = []
    for index, log in enumerate(logs):
        listed = log.analysis.get("regens")
        if type(listed) is list:
            regens += [_episode(index, entry) for entry in listed if type(entry) is dict]
        elif pooled := section(log.analysis, "fapRegen"):
            regens.append(_from_pooled(index, pooled))
    return regens


def _episode(log: int, entry: Json) -> Episode:
    given = entry.get("outcome")
    outcome = _OUTCOMES.get(given, Outcome.UNKNOWN) if type(given) is str else Outcome.UNKNOWN
    interval = positive(entry.get("interval_km")) if outcome is Outcome.COMPLETE else None
    return Episode(log, outcome, interval, entry)


def _from_pooled(log: int, pooled: Json) -> Episode:
    soot = section(pooled, "fapSoot")
    figures = {
        "duration_sec": pooled.get("duration_sec"),
        "distance_km": pooled.get("distance_km"),
        "soot_start_gl": soot.get("start_gl"),
        "soot_end_gl": soot.get("end_gl"),
        "avg_speed_kmh": section(pooled, "speed").get("avg_kmh"),
        "temp_avg_c": section(pooled, "fapTemp").get("avg_c"),
    }
    return Episode(log, Outcome.UNKNOWN, positive(pooled.get("previousRegen_km")), figures)


def counts(logs: Sequence[Log], episodes: Sequence[Episode]) -> dict[str, Any]:
    """Return `regens`: the count by outcome and the intervals in date order. What a list was cut off is unknown."""
    by_outcome = Counter(episode.outcome for episode in episodes)
    listed = Counter(episode.log for episode in episodes)
    for index, log in enumerate(logs):
        total = number(log.analysis.get("regens_total"))
        if total is not None and listed[index] < total <= MOST_IN_A_LOG:
            by_outcome[Outcome.UNKNOWN] += int(total) - listed[index]
    return {
        "complete": by_outcome[Outcome.COMPLETE],
        "aborted": by_outcome[Outcome.ABORTED],
        "unknown": by_outcome[Outcome.UNKNOWN],
        "intervals_km": [episode.interval_km for episode in episodes if episode.interval_km is not None],
    }


def regeneration(
    logs: Sequence[Log], episodes: Sequence[Episode], number_of_regens: int, pooled: dict[str, Any]
) -> dict[str, Any] | None:
    """Return `fapRegen`: plain means per regeneration, lowest and highest over all; None without a regeneration.

    `pooled` is what the logs know of all their regenerations together: its extremes hold, and its means (weighted by
    regeneration time) where a regeneration by itself is not told.
    """
    if not number_of_regens:
        return None
    speed = _mean(episodes, "avg_speed_kmh", 0)
    temp = _mean(episodes, "temp_avg_c", 0)
    hottest = [value for episode in episodes if (value := number(episode.figures.get("temp_max_c"))) is not None]
    if pooled["fapTemp"]["max_c"] is not None:
        hottest.append(pooled["fapTemp"]["max_c"])
    return {
        "numberOfRegens": number_of_regens,
        "previousRegen_km": _plain_mean((e.interval_km for e in episodes), 1),
        "duration_sec": _mean(episodes, "duration_sec", 1),
        "distance_km": _mean(episodes, "distance_km", 1),
        "speed": pooled["speed"] | ({} if speed is None else {"avg_kmh": speed}),
        "fapTemp": pooled["fapTemp"]
        | {"max_c": rounded(max(hottest), 0) if hottest else None}
        | ({} if temp is None else {"avg_c": temp}),
        "fapPressure": pooled["fapPressure"],
        "revs": pooled["revs"],
        "fapSoot": {"start_gl": _mean(episodes, "soot_start_gl", 2), "end_gl": _mean(episodes, "soot_end_gl", 2)},
        "fuelConsumption": _regen_consumption(logs),
    }


def _mean(episodes: Sequence[Episode], name: str, decimals: int) -> int | float | None:
    return _plain_mean((number(episode.figures.get(name)) for episode in episodes), decimals)


def _plain_mean(values: Iterable[int | float | None], decimals: int) -> int | float | None:
    known = [value for value in values if value is not None]
    return rounded(fsum(known) / len(known), decimals) if known else None


def _regen_consumption(logs: Sequence[Log]) -> dict[str, float | None]:
    """Return the consumption in regenerations, and outside them in the same logs, each weighted by its km."""
    inside: list[tuple[float, float]] = []
    outside: list[tuple[float, float]] = []
    for log in logs:
        regen = section(log.analysis, "fapRegen")
        km = positive(regen.get("distance_km"))
        if km is None:
            continue
        rates = section(regen, "fuelConsumption")
        whole = number(section(log.analysis, "overall").get("distance_km"))
        rest = positive(whole - km) if whole is not None else None
        if (rate := number(rates.get("regen_l100km"))) is not None:
            inside.append((rate, km))
        if rest is not None and (rate := number(rates.get("nonRegen_l100km"))) is not None:
            outside.append((rate, rest))
    return {"regen_l100km": mean_by_km(inside), "nonRegen_l100km": mean_by_km(outside)}
