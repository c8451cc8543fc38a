"""The verdict: every sign judged against the one table of limits."""

from faplog.contracts.catalogue import advice, most_urgent, text, urgency
from faplog.contracts.limits import LIMITS, MIN_ENGINE_ON_SEC, Severity, worst

from .log import Log
from .regen import Episode
from .sections import Section
from .signs import Sign, signs


def health(log: Log, found: list[Episode], sections: Section) -> Section:
    """The section `health`, from the other sections and the log.

    The verdict is the worst finding's, or `unknown` where the engine ran less than 300 s or pressure was never read.
    """
    findings = [_finding(log, sign) for sign in signs(log, found, sections)]
    verdict = worst([Severity(finding["severity"]) for finding in findings])
    ran = float(log.dt[log.engine_on].sum())
    if ran < MIN_ENGINE_ON_SEC or log.unknown("FAPpressure"):
        verdict = Severity.UNKNOWN
    return {
        "verdict": verdict.value,
        "urgency": most_urgent(finding["urgency"] for finding in findings),
        "findings": findings,
    }


def _finding(log: Log, sign: Sign) -> Section:
    limit = LIMITS[sign.code]
    value = round(float(sign.value), limit.decimals) if limit.decimals else round(float(sign.value))
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
        "text": text(limit.code, severity, value, _when(first, last), sign.which),
        "advice": advice(limit.code, severity),
        "urgency": urgency(limit.code, severity),
    }


def _when(first: str, last: str) -> str:
    if first == last:
        return f"at {first[11:]}"
    return f"{first[11:]} to {last[11:]}"
