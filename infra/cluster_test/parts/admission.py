"""Every object of the environment is admitted by the API server, without a warning of Pod Security."""

from collections.abc import Container, Iterator
from itertools import groupby
from typing import Final

from infra import ROOT, install
from infra.cluster_test import kube
from infra.cluster_test.report import Row, proof
from infra.cluster_test.target import Target, downloads
from infra.seal import TELEMETRY

PART: Final = "admission"


def run(target: Target) -> Iterator[Row]:
    """Let the server admit each part in a dry run, and look for pods that it refused."""
    for part in install.parts(ROOT / "infra/environments" / target.environment):
        if part.folder and (ROOT / part.folder / "kustomization.yaml").exists():
            things = install.built(ROOT / part.folder)
            released = ", with the released manifests" if downloads(ROOT / part.folder) else ""
            yield judged(f"{part.name}{released}", things)
        elif part.chart:
            yield judged(f"{part.name}, chart {part.chart['chart']}", of_chart(part))
    refused = refusals(kube.items("events", "-A"), (*target.variant.namespaces, TELEMETRY))
    yield proof(PART, "pods that were refused", "; ".join(refused) or "none", holds=not refused)


def judged(what: str, things: list[kube.Object]) -> Row:
    """Let the server admit objects, and return the row."""
    try:
        warnings = kube.apply([as_new(thing) for thing in things], dry_run=True)
    except kube.KubeError as error:
        return proof(PART, what, str(error), holds=False)
    said = "; ".join(sorted(set(warnings))) or "no warning"
    return proof(PART, what, f"{len(things)} objects, {said}", holds=not warnings)


def as_new(thing: kube.Object) -> kube.Object:
    """Return the object; a Job under another name, because the pod of one that exists cannot be changed."""
    if thing["kind"] != "Job":
        return thing
    return thing | {"metadata": thing["metadata"] | {"name": thing["metadata"]["name"] + "-cluster-test"}}


def of_chart(part: install.Part) -> list[kube.Object]:
    """Return the objects of an installed chart: as helm keeps them, or rendered where Argo CD applied them.

    Raises:
        InstallError: helm does not know the release, or could not render it.
    """
    if install.applied_from_git():
        found = install.rendered_chart(part, kube.version()["serverVersion"]["gitVersion"])
    else:
        found = install.installed_chart(part)
    for thing in found:
        thing["metadata"].setdefault("namespace", part.namespace)
    return found


def refusals(events: list[kube.Object], namespaces: Container[str]) -> list[str]:
    """Return what was refused in these namespaces, by object."""
    found = [
        (event["involvedObject"]["name"], event["message"])
        for event in events
        if event["reason"] == "FailedCreate"
        and event["metadata"]["namespace"] in namespaces
        and "forbidden" in event["message"]
    ]
    return [f"{name}: {next(rows)[1]}" for name, rows in groupby(sorted(found), key=lambda row: row[0])]
