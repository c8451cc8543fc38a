"""What many logs say about filter and engine that one log cannot: judged against the same table of limits."""

from collections.abc import Callable, Iterator, Sequence
from itertools import takewhile
from statistics import fmean, median
from typing import Any, Final, NamedTuple

from faplog.contracts.average import TrendPoint
from faplog.contracts.catalogue import NOTE_UNITS, Named, NoteCode, advice, most_urgent, note_text, text, urgency
from faplog.contracts.figures import Outcome
from faplog.contracts.findings import LimitShown, Note, TrendEvidence, TrendFinding, TrendHealth, Which
from faplog.contracts.forecasts import Baseline
from faplog.contracts.limits import LIMITS, MIN_ENGINE_ON_SEC, REGENERATION_NEAR_KM, Code, Severity, worst

from .baselines import Baselines, is_after
from .reading import LEAST, Json, Log, number, section
from .reading import text as text_of
from .regens import Episode

RECENT: Final = 5
"""What varies from log to log has the median of so many last logs as its present value: one odd log is no trend."""
LAST_INTERVALS: Final = 3
MIN_INTERVALS_FOR_DROP: Final = 6
"""Least number of intervals for a drop, so that the last three are compared with a median of more than themselves."""
MIN_RISE_POINTS: Final = 3
MAX_RISE_POINTS: Final = 60


LAST_OUTCOMES: Final = 9
MIN_OUTCOMES: Final = 6
"""Least number of regenerations for a share; with fewer it may be chance."""

_VERDICTS: Final = {Severity.GOOD.value, Severity.WATCH.value, Severity.ACT.value}
_CODES: Final = {code.value: code for code in Code}


class PooledFor(NamedTuple):
    """Pooled figures the verdict needs."""

    engine_on_sec: float | None
    max_pressure_mbar: float | None
    next_regen_km: int | None


class Seen(NamedTuple):
    """A value found in the trends, the points it was found in, and how it was taken from them."""

    value: float
    points: Sequence[TrendPoint]
    how: str = "over {logs}"


class Profile(NamedTuple):
    """One profile's history: a point per log, and its regenerations with the point each belongs to."""

    points: Sequence[TrendPoint]
    regens: Sequence[tuple[Episode, TrendPoint]]


def health(
    trends: dict[str, list[TrendPoint]],
    logs: Sequence[Log],
    episodes: Sequence[Episode],
    pooled: PooledFor,
    since: Baselines,
) -> TrendHealth:
    """Return the findings of every profile, those the newest log carries over, and the worst of them.

    What a maintenance note resets is judged from that note on.

    `unknown` when nothing is wrong but the engine ran less than 300 s in all, or no log read the filter's pressure.
    """
    findings = []
    for name, points in trends.items():
        profile = Profile(points, _regens_of(name, points, logs, episodes))
        for code, rule in RULES.items():
            seen = rule(_since(profile, since.get(code)))
            if seen is not None:
                findings.append(_finding(code, name, seen))
    findings = _with_carried(findings, logs, since)
    verdict = worst([finding.severity for finding in findings])
    if verdict not in (Severity.WATCH, Severity.ACT):
        judged = (pooled.engine_on_sec or 0) >= MIN_ENGINE_ON_SEC and pooled.max_pressure_mbar is not None
        verdict = Severity.GOOD if judged else Severity.UNKNOWN
    return TrendHealth(
        verdict=verdict,
        urgency=most_urgent(finding.urgency for finding in findings),
        findings=findings,
        notes=_notes(pooled.next_regen_km),
    )


def _notes(next_regen_km: int | None) -> list[Note]:
    if next_regen_km is None or next_regen_km > REGENERATION_NEAR_KM:
        return []
    code = NoteCode.REGENERATION_DUE
    return [Note(code=code, value=next_regen_km, unit=NOTE_UNITS[code], text=note_text(code, next_regen_km))]


def _since(profile: Profile, note: Baseline | None) -> Profile:
    """Return the history from a maintenance note on; all of it without one."""
    if note is None:
        return profile
    return Profile(
        [point for point in profile.points if is_after(note, point.date, point.filter_km)],
        [(regen, point) for regen, point in profile.regens if is_after(note, point.date, point.filter_km)],
    )


def _with_carried(findings: list[TrendFinding], logs: Sequence[Log], since: Baselines) -> list[TrendFinding]:
    """Return the findings with what the newest log says at `act`, in place of a milder one of its code and profile."""
    carried = {(finding.code, finding.evidence.profile): finding for finding in _newest_acts(logs, since)}
    kept = []
    for finding in findings:
        key = finding.code, finding.evidence.profile
        if finding.severity is Severity.ACT:
            carried.pop(key, None)
        if key not in carried:
            kept.append(finding)
    return [*kept, *carried.values()]


def _newest_acts(logs: Sequence[Log], since: Baselines) -> Iterator[TrendFinding]:
    """Yield what the newest log with a verdict of its own says at `act`, and what logs after it do.

    A log that is too short for a verdict does not end what the one before it said; a maintenance note does, for what it
    resets.
    """
    seen: set[Code] = set()
    for log in reversed(logs):
        own = section(log.analysis, "health")
        listed = own.get("findings")
        for entry in listed if type(listed) is list else ():
            finding = _carried(entry, log) if type(entry) is dict else None
            if finding is None or finding.code in seen:
                continue
            seen.add(finding.code)
            note = since.get(finding.code)
            if note is None or is_after(note, log.date, number(section(log.analysis, "fap", "life").get("life_km"))):
                yield finding
        if own.get("verdict") in _VERDICTS:
            return


def _carried(entry: Json, log: Log) -> TrendFinding | None:
    """Return a log's own finding at `act`; None for any other, or one that today's limits do not judge so."""
    code, value = _CODES.get(text_of(entry.get("code")) or ""), number(entry.get("value"))
    if entry.get("severity") != Severity.ACT.value or code is None or value is None:
        return None
    limit = LIMITS[code]
    if limit.judge(value) is not Severity.ACT:
        return None
    which = _which(entry.get("which"))
    how = f"in the log of {log.date}" if log.date else "in the newest log"
    return TrendFinding(
        code=code,
        severity=Severity.ACT,
        value=value,
        unit=limit.unit,
        limit=LimitShown.model_validate(limit.to_dict()),
        evidence=TrendEvidence(profile=log.profile, logs=1, from_=log.date, to=log.date),
        confidence=limit.confidence,
        text=text(code, Severity.ACT, value, how, which),
        advice=advice(code, Severity.ACT, value),
        urgency=urgency(code, Severity.ACT),
        which=[Which(name=one.name, value=one.value) for one in which],
    )


def _which(listed: Any) -> list[Named]:
    """Return the sensors or injectors a finding names; what is malformed is left out."""
    if type(listed) is not list:
        return []
    pairs = [(text_of(one.get("name")), number(one.get("value"))) for one in listed if type(one) is dict]
    return [Named(name, value) for name, value in pairs if name is not None and value is not None]


def _regens_of(
    profile: str, points: Sequence[TrendPoint], logs: Sequence[Log], episodes: Sequence[Episode]
) -> list[tuple[Episode, TrendPoint]]:
    """Return the profile's regenerations: its points are its logs, in the same order."""
    indexes = [index for index, log in enumerate(logs) if log.profile == profile]
    point_of = dict(zip(indexes, points, strict=True))
    return [(episode, point_of[episode.log]) for episode in episodes if episode.log in point_of]


def _finding(code: Code, profile: str, seen: Seen) -> TrendFinding:
    limit = LIMITS[code]
    value = round(seen.value, 2)
    severity = limit.judge(value)
    dates = sorted(point.date for point in seen.points if point.date)
    logs = len({id(point) for point in seen.points})
    return TrendFinding(
        code=code,
        severity=severity,
        value=value,
        unit=limit.unit,
        limit=LimitShown.model_validate(limit.to_dict()),
        evidence=TrendEvidence(
            profile=profile, logs=logs, from_=dates[0] if dates else None, to=dates[-1] if dates else None
        ),
        confidence=limit.confidence,
        text=text(code, severity, value, seen.how.format(logs="one log" if logs == 1 else f"{logs} logs")),
        advice=advice(code, severity),
        urgency=urgency(code, severity),
        near=limit.near(value),
    )


def _recent(read: Callable[[TrendPoint], int | float | None]) -> Callable[[Profile], Seen | None]:
    """Return a rule: the median over the last logs that have the value."""

    def rule(profile: Profile) -> Seen | None:
        known = [(value, point) for point in profile.points if (value := read(point)) is not None][-RECENT:]
        if not known:
            return None
        how = "the median of the last {logs}" if len(known) > 1 else "in {logs}"
        return Seen(median(value for value, _ in known), [point for _, point in known], how)

    return rule


def _latest(read: Callable[[TrendPoint], int | float | None]) -> Callable[[Profile], Seen | None]:
    """Return a rule: the value of the newest log that has it. For counters."""

    def rule(profile: Profile) -> Seen | None:
        known = [(value, point) for point in profile.points if (value := read(point)) is not None]
        if not known:
            return None
        value, point = known[-1]
        return Seen(value, [point], f"in the log of {point.date}" if point.date else "in one log")

    return rule


def _intervals(profile: Profile) -> list[tuple[float, TrendPoint]]:
    return [(episode.interval_km, point) for episode, point in profile.regens if episode.interval_km is not None]


def _mean_interval(profile: Profile) -> Seen | None:
    """Return the mean of the last intervals, two to ten, as the ECU calculates it."""
    known = _intervals(profile)[-10:]
    if len(known) < 2:
        return None
    return Seen(fmean(km for km, _ in known), [point for _, point in known])


def _interval_drop(profile: Profile) -> Seen | None:
    """Return by how many per cent the last three intervals lie below the owner's own median on average; at least 0."""
    known = _intervals(profile)
    if len(known) < MIN_INTERVALS_FOR_DROP:
        return None
    usual, last = median(km for km, _ in known), known[-LAST_INTERVALS:]
    drop = (1 - fmean(km for km, _ in last) / usual) * 100
    return Seen(max(0.0, drop), [point for _, point in last])


def _aborted_in_a_row(profile: Profile) -> Seen | None:
    """Return how many of the last regenerations in a row were interrupted; those with an unseen end do not count."""
    told = [(episode, point) for episode, point in profile.regens if episode.outcome is not Outcome.UNKNOWN]
    if not told:
        return None
    row = [point for _, point in takewhile(lambda pair: pair[0].outcome is Outcome.ABORTED, reversed(told))]
    return Seen(len(row), row or [told[-1][1]])


def _aborted_share(profile: Profile) -> Seen | None:
    """Return the percentage interrupted of the last nine regenerations whose end was seen; None below six."""
    told = [(episode, point) for episode, point in profile.regens if episode.outcome is not Outcome.UNKNOWN]
    told = told[-LAST_OUTCOMES:]
    if len(told) < MIN_OUTCOMES:
        return None
    aborted = sum(episode.outcome is Outcome.ABORTED for episode, _ in told)
    return Seen(aborted / len(told) * 100, [point for _, point in told])


def _restriction_rise(profile: Profile) -> Seen | None:
    """Return by how many per cent the resistance of the burned-out filter rose over its points: what stays is ash.

    Only after complete regenerations: else soot is left. The rise is the median slope between all pairs of points
    (Theil and Sen), so that one odd value does not make it; relative to the line's first value. The last 60 points at
    most; 0 where it fell.
    """
    burned_out = [point for point in profile.points if point.outcome is Outcome.COMPLETE]
    known = [(point.kv_afterRegen, point) for point in burned_out if point.kv_afterRegen is not None]
    known = known[-MAX_RISE_POINTS:]
    values = [value for value, _ in known]
    if len(values) < MIN_RISE_POINTS:
        return None
    slope = median((values[j] - values[i]) / (j - i) for i in range(len(values)) for j in range(i + 1, len(values)))
    first = median(value - slope * i for i, value in enumerate(values))
    if first <= LEAST:
        return None
    return Seen(max(0.0, slope * (len(values) - 1) / first * 100), [point for _, point in known])


RULES: Final[dict[Code, Callable[[Profile], Seen | None]]] = {
    Code.IDLE_PRESSURE: _recent(lambda point: point.pressure_idle_mbar),
    Code.RESTRICTION_RISE: _restriction_rise,
    Code.REGEN_INTERVAL: _mean_interval,
    Code.INTERVAL_DROP: _interval_drop,
    Code.REGENS_ABORTED: _aborted_in_a_row,
    Code.REGENS_ABORTED_SHARE: _aborted_share,
    Code.OIL_DILUTION: _recent(lambda point: point.oilDilution_perc),
    Code.ADDITIVE_REMAINING: _latest(lambda point: point.additive_ml),
    Code.ASH_SHARE: _latest(lambda point: point.ash_perc),
    Code.FILTER_LIFE_LEFT: _latest(lambda point: point.filter_life_left_km),
    Code.BATTERY_BEFORE_START: _recent(lambda point: point.battery_before_v),
}
