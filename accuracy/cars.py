"""Drives one car through its history, healthy and with every fault, and notes what it is told."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from faplog.contracts.limits import Severity
from faplog.synthetic import PROFILES
from faplog.synthetic.cells import Cells
from faplog.synthetic.faults import LOGS, Degree, Fault, Scene, healthy_log, log
from functions.analyse.core.analysis import analyse, read
from functions.average.core import average

Json = dict[str, Any]
Findings = dict[str, str]
"""Severity by code, of what is not good."""

SLIGHT_HISTORY_EVERY: Final = 5
"""A slight fault is followed through ten logs in every so many cars: mostly it is not named, and ten logs cost ten
times as much."""
REGEN_LOGS: Final = 3
"""Of a healthy car so many logs with a regeneration are looked at, beside its ten drives."""


@dataclass(frozen=True)
class Case:
    """One car with one fault."""

    fault: str
    degree: Degree
    seed: int
    profile: str
    named_after: int | None
    """Logs until a right code was named; None: not within those that were looked at."""
    looked_at: int
    """How many logs that were: all ten, or one."""
    verdict: str
    """Of the first log."""
    findings: Findings
    """Of the first log, without what the same car is told without the fault."""
    verdict_of_all: str | None
    """Of the average over ten logs; None where a right code was named before."""


@dataclass(frozen=True)
class Healthy:
    """A healthy car: the verdict and findings of each of its logs, and of the average over its ten drives."""

    seed: int
    profile: str
    logs: list[tuple[str, Findings]]
    average: tuple[str, Findings]


@dataclass
class Car:
    """A car's healthy logs, each driven once."""

    seed: int
    profile: str
    driven: dict[tuple[Scene, int], Cells] = field(default_factory=dict)
    told: dict[Scene, Findings] = field(default_factory=dict)

    def cells(self, scene: Scene, number: int) -> Cells:
        """Return a log of its history."""
        key = scene, number
        if key not in self.driven:
            self.driven[key] = Cells.parse(healthy_log(self.seed, number, self.profile, scene))
        return self.driven[key]

    def findings(self, scene: Scene) -> Findings:
        """Return what its first log of that kind is told without a fault."""
        if scene not in self.told:
            analysis = _analysis(self.cells(scene, 0).content(), self.profile, 0)
            self.told[scene] = findings(analysis["analysis"])
        return self.told[scene]


def profile_of(seed: int) -> str:
    """Return the profile of a seed's car: they take turns."""
    return sorted(PROFILES)[seed % len(PROFILES)]


def healthy(car: Car) -> Healthy:
    """Look at a healthy car."""
    drives = [_analysis(car.cells("drive", number).content(), car.profile, number) for number in range(LOGS)]
    regens = [_analysis(car.cells("regen", number).content(), car.profile, number) for number in range(REGEN_LOGS)]
    logs = [(one["analysis"]["health"]["verdict"], findings(one["analysis"])) for one in (*drives, *regens)]
    return Healthy(car.seed, car.profile, logs, _averaged(drives))


def faulty(car: Car, fault: Fault, degree: Degree) -> Case:
    """Put a fault into a car, and look log by log until a right code is named."""
    logs = LOGS
    if not fault.codes or (degree == "slight" and car.seed % SLIGHT_HISTORY_EVERY):
        logs = 1
    if fault.over_logs and logs == 1:
        logs = 0
    analyses: list[Json] = []
    named: int | None = None
    for number in range(logs):
        scene = fault.scene_of(degree, number)
        healthy_cells = None if fault.is_driven else car.cells(scene, number)
        content = log(fault, degree, car.seed, number, car.profile, healthy_cells)
        analyses.append(_analysis(content, car.profile, number))
        if not fault.over_logs and not findings(analyses[-1]["analysis"]).keys().isdisjoint(fault.codes):
            named = number + 1
            break
    verdict_of_all = None
    if named is None and len(analyses) == LOGS:
        verdict_of_all, found = _averaged(analyses)
        named = None if found.keys().isdisjoint(fault.codes) else LOGS
    first = analyses[0]["analysis"] if analyses else None
    without = car.findings(fault.scene) if first else {}
    return Case(
        fault=fault.name,
        degree=degree,
        seed=car.seed,
        profile=car.profile,
        named_after=named,
        looked_at=logs,
        verdict=first["health"]["verdict"] if first else Severity.UNKNOWN,
        findings={code: seen for code, seen in findings(first).items() if code not in without} if first else {},
        verdict_of_all=verdict_of_all,
    )


def findings(analysis: Json) -> Findings:
    """Return the codes that are not good, with their severity."""
    return _not_good((one["code"], one["severity"]) for one in analysis["health"]["findings"])


def _not_good(found: Iterable[tuple[str, str]]) -> Findings:
    return {code: severity for code, severity in found if severity in (Severity.WATCH, Severity.ACT)}


def _analysis(content: bytes, profile: str, number: int) -> Json:
    """Return an analysis as an average is asked for it."""
    return {"analysisId": f"{number:04d}", "analysis": analyse(read(content), profile)}


def _averaged(analyses: list[Json]) -> tuple[str, Findings]:
    health = average(analyses).health
    return health.verdict.value, _not_good((one.code.value, one.severity.value) for one in health.findings)
