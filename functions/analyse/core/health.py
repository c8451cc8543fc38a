"""The verdict: every sign judged against the one table of limits, sensors before the filter."""

from collections.abc import Iterator, Sequence
from typing import Final

from faplog.contracts.catalogue import NOTE_UNITS, NoteCode, advice, most_urgent, note_text, text, urgency
from faplog.contracts.limits import (
    COLD_LOG_C,
    LIMITS,
    MIN_ENGINE_ON_SEC,
    REGENERATION_NEAR_KM,
    Code,
    Severity,
    worst,
)

from .log import Log
from .sections import Section
from .signs import Observed, Sign, signs

_SHOWN_LIMITS: Final = {code: limit.to_dict() for code, limit in LIMITS.items()}


def health(seen: Observed, sensors: Sequence[Sign]) -> Section:
    """Return the section `health`, from the other sections and the log without what cannot be believed.

    The verdict is the worst finding's. It is `unknown` where the engine ran less than 300 s, or where pressure was
    never read and that is not the sensor's fault.
    """
    log = seen.log
    findings = [_finding(log, sign) for sign in (*sensors, *signs(seen))]
    verdict = worst([Severity(finding["severity"]) for finding in findings])
    ran = float(log.dt[log.engine_on].sum())
    blind = log.unknown("FAPpressure") and not any(_is_dead_pressure(finding) for finding in findings)
    if ran < MIN_ENGINE_ON_SEC or blind:
        verdict = Severity.UNKNOWN
    return {
        "verdict": verdict.value,
        "urgency": most_urgent(finding["urgency"] for finding in findings),
        "findings": findings,
        "notes": [_note(code, value) for code, value in _notes(seen)],
    }


def _note(code: NoteCode, value: float) -> Section:
    return {"code": code.value, "value": value, "unit": NOTE_UNITS[code], "text": note_text(code, value)}


def _is_dead_pressure(finding: Section) -> bool:
    return finding["severity"] == Severity.ACT and finding["code"] in {
        Code.PRESSURE_NOT_FOLLOWING_FLOW,
        Code.PRESSURE_UNREADABLE,
    }


def _notes(seen: Observed) -> Iterator[tuple[NoteCode, float]]:
    coolant = seen.sections["engine"]["coolantTemp"]["max_c"]
    if coolant is not None and coolant <= COLD_LOG_C and seen.log.engine_on.any():
        yield NoteCode.ENGINE_NOT_WARM, coolant
    due = seen.sections["nextRegen"]
    if due is not None and due["low_km"] <= REGENERATION_NEAR_KM:
        yield NoteCode.REGENERATION_DUE, due["low_km"]


def _finding(log: Log, sign: Sign) -> Section:
    limit = LIMITS[sign.code]
    value = sign.rounded
    severity = limit.judge(value)
    first, last = log.at(int(sign.rows[0])), log.at(int(sign.rows[-1]))
    return {
        "code": limit.code.value,
        "severity": severity.value,
        "value": value,
        "unit": limit.unit,
        "limit": dict(_SHOWN_LIMITS[limit.code]),
        "evidence": {
            "rows": len(sign.rows),
            "from": first,
            "to": last,
            "flow_m3h": None if sign.flow_m3h is None else round(sign.flow_m3h),
        },
        "confidence": limit.confidence.value,
        "text": text(limit.code, severity, value, _moment_in_words(first, last, sign.flow_m3h), sign.which),
        "advice": advice(limit.code, severity, value),
        "urgency": urgency(limit.code, severity),
        "near": severity is Severity.GOOD and limit.near(value),
        "which": [{"name": one.name, "value": one.value} for one in sign.which],
    }


def _moment_in_words(first: str, last: str, flow_m3h: float | None) -> str:
    when = f"at {first[11:]}" if first == last else f"{first[11:]} to {last[11:]}"
    return when if flow_m3h is None else f"{when}, at a flow of {flow_m3h:.0f} m³/h"
