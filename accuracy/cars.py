"""One car's history, healthy and with every fault: its logs, their verdicts and findings."""

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

REGEN_LOGS: Final = 3
"""Logs of a healthy car with a regeneration, beside its ten drives."""


@dataclass(frozen=True)
class Case:
    """One car with one fault."""

    fault: str
    degree: Degree
    seed: int
    profile: str
    named_after: int | None
    """Number of the first log that named a right code; None if none of them did."""
    logs_followed: int
    """How many logs were analysed at most: ten, or one where no rule can name the fault."""
    verdict: str
    """Of the first log."""
    findings: Findings
    """Of the first log, without those of the same car without the fault."""
    verdict_of_all: str | None
    """Of the average over ten logs; None if a log named a right code."""


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
    healthy_findings: dict[Scene, Findings] = field(default_factory=dict)

    def cells(self, scene: Scene, number: int) -> Cells:
        """Return a log of its history."""
        key = scene, number
        if key not in self.driven:
            self.driven[key] = Cells.parse(healthy_log(self.seed, number, self.profile, scene))
        return self.driven[key]

    def findings(self, scene: Scene) -> Findings:
        """Return the findings of its first log of that kind without a fault."""
        if scene not in self.healthy_findings:
            analysis = _analysis(self.cells(scene, 0).content(), self.profile, 0)
            self.healthy_findings[scene] = findings(analysis["analysis"])
        return self.healthy_findings[scene]


def profile_of(seed: int) -> str:
    """Return the profile of a seed's car: they take turns."""
    return sorted(PROFILES)[seed % len(PROFILES)]


def healthy(car: Car) -> Healthy:
    """Return the results of a healthy car."""
    drives = [_analysis(car.cells("drive", number).content(), car.profile, number) for number in range(LOGS)]
    regens = [_analysis(car.cells("regen", number).content(), car.profile, number) for number in range(REGEN_LOGS)]
    logs = [(one["analysis"]["health"]["verdict"], findings(one["analysis"])) for one in (*drives, *regens)]
    return Healthy(car.seed, car.profile, logs, _averaged(drives))


def faulty(car: Car, fault: Fault, degree: Degree) -> Case:
    """Put a fault into a car, and analyse its logs until one names a right code."""
    logs = LOGS if fault.codes else 1
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
    first = analyses[0]["analysis"]
    without = car.findings(fault.scene)
    return Case(
        fault=fault.name,
        degree=degree,
        seed=car.seed,
        profile=car.profile,
        named_after=named,
        logs_followed=logs,
        verdict=first["health"]["verdict"],
        findings={code: seen for code, seen in findings(first).items() if code not in without},
        verdict_of_all=verdict_of_all,
    )


def findings(analysis: Json) -> Findings:
    """Return the codes that are not good, with their severity."""
    return _not_good((one["code"], one["severity"]) for one in analysis["health"]["findings"])


def _not_good(found: Iterable[tuple[str, str]]) -> Findings:
    return {code: severity for code, severity in found if severity in (Severity.WATCH, Severity.ACT)}


def _analysis(content: bytes, profile: str, number: int) -> Json:
    """Return the analysis of a log in the form that the average reads."""
    return {"analysisId": f"{number:04d}", "analysis": analyse(read(content), profile)}


def _averaged(analyses: list[Json]) -> tuple[str, Findings]:
    health = average(analyses).health
    return health.verdict.value, _not_good((one.code.value, one.severity.value) for one in health.findings)
