"""The verdict: every sign judged against the one table of limits."""

from typing import Final

from faplog.contracts.limits import LIMITS, MIN_ENGINE_ON_SEC, Severity, worst

from .advice import advice, text
from .log import Log
from .regen import Episode
from .sections import Section
from .signs import Sign, signs

DECIMALS: Final = {"mbar": 1, "min": 1, "V": 2, "ratio": 2, "bar": 1}
"""Of a finding's value by its unit; whole numbers otherwise. The rounded value is what is judged."""


def health(log: Log, found: list[Episode], sections: Section) -> Section:
    """The section `health`, from the other sections and the log.

    The verdict is the worst finding's, or `unknown` where the engine ran less than 300 s or pressure was never read.
    """
    findings = [_finding(log, sign) for sign in signs(log, found, sections)]
    verdict = worst([Severity(finding["severity"]) for finding in findings])
    ran = float(log.dt[log.engine_on].sum())
    if ran < MIN_ENGINE_ON_SEC or log.unknown("FAPpressure"):
        verdict = Severity.UNKNOWN
    return {"verdict": verdict.value, "findings": findings}


def _finding(log: Log, sign: Sign) -> Section:
    limit = LIMITS[sign.code]
    decimals = DECIMALS.get(limit.unit, 0)
    value = round(float(sign.value), decimals) if decimals else round(float(sign.value))
    severity = limit.judge(value)
    first, last = log.at(int(sign.rows[0])), log.at(int(sign.rows[-1]))
    return {
        "code": limit.code.value,
        "severity": severity.value,
        "value": value,
        "unit": limit.unit,
        "limit": limit.to_dict(),
        "evidence": {"rows": len(sign.rows), "from": first, "to": last},
        "confidence": limit.confidence.value,
        "text": text(limit, severity, value, sign.which, _when(first, last)),
        "advice": advice(limit.code, severity),
    }


def _when(first: str, last: str) -> str:
    if first == last:
        return f"at {first[11:]}"
    return f"{first[11:]} to {last[11:]}"
