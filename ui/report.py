"""The template variables of one report, for the sample and for a user's log alike."""

from typing import Any, Final

from faplog.contracts.limits import Severity
from faplog.contracts.log_rules import GAP_SEC
from ui import findings
from ui.answers import answers
from ui.figures import GROUPS, Figure, speed_bands
from ui.gauges import gauges
from ui.plot_limits import plot_limits

_RAN: Final = Figure("overall.duration.engineOn_sec", "")
_PRESSURE: Final = Figure("fap.pressure.max_mbar", "")


def _verdict_meaning(verdict: Severity, analysis: dict[str, Any]) -> Any:
    """Return what the verdict means, or why there is none."""
    if verdict is Severity.UNKNOWN:
        if _RAN.of(analysis) is None:
            return findings.ENGINE_UNREAD
        if _RAN.of(analysis) == 0:
            return findings.NEVER_RAN
        if _PRESSURE.of(analysis) is None:
            return findings.PRESSURE_UNREAD
    return findings.VERDICT_MEANING[verdict]


def report(log: dict[str, Any]) -> dict[str, Any]:
    """Return the template variables for `log`, the API's response for one analysis."""
    analysis = log.get("analysis") or {}
    health = analysis.get("health") or {}
    sampling_sec = (analysis.get("quality") or {}).get("sampling_sec")
    checked = findings.shown(health.get("findings"), sampling_sec)
    verdict = findings.severity(health.get("verdict"))
    return {
        "log": log,
        "a": analysis,
        "verdict": verdict,
        "verdict_name": findings.VERDICT[verdict],
        "verdict_meaning": _verdict_meaning(verdict, analysis),
        "verdict_icon": findings.ICON[verdict],
        "answers": answers(log, analysis),
        "notes": findings.notes(health.get("notes")),
        "problems": [finding for finding in checked if finding.advice],
        "checked": checked,
        "gauges": gauges(checked),
        "groups": [
            (group.name, [(figure, figure.of(analysis)) for figure in group.figures])
            for group in GROUPS
            if any(figure.of(analysis) is not None for figure in group.figures)
        ],
        "bands": speed_bands(analysis),
        "gap_sec": GAP_SEC,
        "plot_limits": plot_limits(),
    }
