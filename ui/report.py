"""One analysis, arranged for reading: what the template of a log shows, for the sample and for a user's log alike."""

from typing import Any

from ui import findings
from ui.figures import GROUPS, speed_bands
from ui.gauges import gauges


def report(log: dict[str, Any]) -> dict[str, Any]:
    """What the template needs for `log`, the API's answer for one analysis."""
    analysis = log.get("analysis") or {}
    health = analysis.get("health") or {}
    checked = findings.shown(health.get("findings"))
    verdict = findings.severity(health.get("verdict"))
    return {
        "log": log,
        "a": analysis,
        "verdict": verdict,
        "verdict_name": findings.VERDICT[verdict],
        "verdict_meaning": findings.VERDICT_MEANING[verdict],
        "verdict_icon": findings.ICON[verdict],
        "problems": [finding for finding in checked if finding.advice],
        "checked": checked,
        "gauges": gauges(checked),
        "groups": [
            (group.name, [(figure, figure.of(analysis)) for figure in group.figures])
            for group in GROUPS
            if any(figure.of(analysis) is not None for figure in group.figures)
        ],
        "bands": speed_bands(analysis),
    }
