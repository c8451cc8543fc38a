"""Damaged files: whether each is read right, refused, or reported in `quality`."""

from dataclasses import dataclass
from typing import Any, Final, Literal

from accuracy.cars import findings
from faplog.synthetic.damage import DAMAGES, Right
from faplog.synthetic.faults import DEGREES, FIRST_DAY, Degree
from functions.analyse.core.analysis import analyse, read
from functions.analyse.core.errors import BadLog

Json = dict[str, Any]
Outcome = Literal["right", "wrong", "refused"]
"""`refused` is a refusal where the log could have been read: nothing false is said, but the figures are lost."""

TOLERANCE: Final = 0.01
"""Allowed relative error of distance and running time, in addition to the losses with rows and cells."""
COUNTS: Final = {"rows_read", "rows_used", "gaps", "gap_sec", "sampling_sec", "missing_columns"}
"""Parts of `quality` that do not report damage."""


@dataclass(frozen=True)
class DamagedFile:
    """One log with one damage."""

    damage: str
    degree: Degree
    seed: int
    outcome: Outcome
    why: str
    """The first thing that was wrong."""


def damaged_files(content: bytes, profile: str, seed: int) -> list[DamagedFile]:
    """Damage a log in every way, and return the outcomes."""
    sound = analyse(read(content, FIRST_DAY), profile)
    found = []
    for damage in DAMAGES.values():
        for degree in DEGREES:
            outcome, why = _judge(damage.apply(content, degree, seed), profile, sound, damage.right_for(degree))
            found.append(DamagedFile(damage.name, degree, seed, outcome, why))
    return found


def _judge(content: bytes, profile: str, sound: Json, right: Right) -> tuple[Outcome, str]:
    try:
        analysis = analyse(read(content, FIRST_DAY), profile)
    except BadLog as refusal:
        return ("refused" if right == "same" else "right"), str(refusal)
    difference = _difference(analysis, sound)
    if right == "refused":
        return "wrong", "not refused"
    if not difference or (right == "told" and _told(analysis, sound)):
        return "right", ""
    return "wrong", difference


def _difference(analysis: Json, sound: Json) -> str:
    """Return the first figure that the damage changed, or nothing."""
    rows = sound["quality"]["rows_used"]
    voided = sum(analysis["quality"]["voided"].get("Speed", {}).values())
    lost = max(0.0, 1.0 - (analysis["quality"]["rows_used"] - 2 * voided) / rows)
    share = TOLERANCE + 2 * lost  # the car may have been faster there than on average
    for name, one, other in (
        ("distance", analysis["overall"]["distance_km"], sound["overall"]["distance_km"]),
        ("running", analysis["overall"]["duration"]["engineOn_sec"], sound["overall"]["duration"]["engineOn_sec"]),
    ):
        if one is None or abs(one - other) > share * other + 0.05:
            return name
    if analysis["drives_total"] != sound["drives_total"]:
        return "drives"
    new = findings(analysis).keys() - findings(sound).keys()
    if new:
        return ", ".join(sorted(new))
    if analysis["overall"]["date"]["date"] != sound["overall"]["date"]["date"]:
        return "date"
    if abs((analysis["fap"]["pressure"]["avg_mbar"] or 0) - sound["fap"]["pressure"]["avg_mbar"]) > 1 + lost * 20:
        return "pressure"
    return ""


def _told(analysis: Json, sound: Json) -> bool:
    return any(analysis["quality"][name] != sound["quality"].get(name) for name in analysis["quality"].keys() - COUNTS)
