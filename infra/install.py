"""`infra/install.sh ENVIRONMENT`: install an environment without Argo CD, in the order of its waves; can be run again.

It first checks the cluster; if something is missing it says what and changes nothing. Then it names each part, applies
it and waits until it is ready: custom resources before their objects, webhooks before what they admit, migrations
before the functions. Secrets are made by `infra.seal --apply`, so nothing is sealed; a secret that exists stays.
"""

import argparse
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import yaml

from infra import ENVIRONMENTS, NAMESPACE, ROOT, seal
from infra.gitops import wave

KUBERNETES_MINOR: Final = 34
CORES: Final = 2.0
MEMORY_GIB: Final = 4.0
"""What the requests of all parts, ours and Knative's, need at least (docs/operations.md)."""

NEVER: Final = {"faplog": "the root Application of Argo CD", "sealed-secrets": "secrets are applied, not sealed"}
NEEDS_A_SECRET: Final = {"backup": ("faplog", "backup-target"), "telemetry": ("telemetry", "grafana-cloud")}
"""Parts that cannot start without a secret of the operator's: its namespace and name."""

FORMER: Final = (
    ("services.serving.knative.dev", "average"),  # 0.2: it is a guest in the pods of `analyse`
    ("networkpolicies.networking.k8s.io", "function-average"),
)
"""Objects in our namespace that an earlier release applied and no part names any more. Argo CD prunes them itself."""

ATTEMPTS: Final = 6
PAUSE_SEC: Final = 10.0
"""A webhook that has just become available may refuse for some seconds."""

PHASES: Final = {"PreSync": 0, "Sync": 1, "PostSync": 2}
WAIT: Final = "10m"

_QUANTITY: Final = re.compile(r"([0-9.]+)([A-Za-z]*)")

Object = dict[str, Any]


class InstallError(Exception):
    """A part could not be installed; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an environment: an Application with a folder of this checkout or with a chart."""

    name: str
    namespace: str
    folder: str | None = None
    chart: Object | None = None


def run(command: Sequence[str], given: str | None = None) -> "subprocess.CompletedProcess[str]":
    """Run a command and return what it said."""
    return subprocess.run(list(command), input=given, capture_output=True, text=True, check=False)


def built(folder: Path) -> list[Object]:
    """Build a kustomization with the kubectl of the operator; released manifests are downloaded.

    Raises:
        InstallError: It does not build.
    """
    done = run(["kubectl", "kustomize", str(folder)])
    if done.returncode:
        raise InstallError(f"{folder.relative_to(ROOT)} does not build: {done.stderr.strip()}")
    return _documents(done.stdout)


def _documents(text: str) -> list[Object]:
    return [document for document in yaml.safe_load_all(text) if document]


def parts(environment: Path) -> list[Part]:
    """Return the parts of an environment in the order in which they are installed."""
    applications = [thing for thing in built(environment) if thing["kind"] == "Application"]
    found = []
    for thing in sorted(applications, key=lambda thing: (wave(thing), thing["metadata"]["name"])):
        name, spec = thing["metadata"]["name"], thing["spec"]
        if name not in NEVER:
            namespace = spec["destination"]["namespace"]
            chart = spec["sources"][0] if "sources" in spec else None
            found.append(Part(name, namespace, spec.get("source", {}).get("path"), chart))
    if not _needs_certificates(found):
        found = [part for part in found if part.name != "cert-manager"]
    return found


def _needs_certificates(found: list[Part]) -> bool:
    edge = next((part.folder for part in found if part.name == "edge"), None)
    return edge is not None and any(thing["apiVersion"].startswith("cert-manager.io/") for thing in built(ROOT / edge))


# ---- what the cluster must have


def missing(charts: bool) -> list[str]:
    """Return what the machine and the cluster lack; asks only, changes nothing."""
    if charts and not _installed("helm"):
        return ["helm is not installed"]
    version = run(["kubectl", "version", "-o", "json"])
    if version.returncode:
        return [f"no cluster answers kubectl: {version.stderr.strip()}"]
    said = json.loads(version.stdout)
    lacks = []
    for side, what in (("clientVersion", "kubectl"), ("serverVersion", "the cluster")):
        minor = int("".join(filter(str.isdigit, said[side]["minor"])))
        if (int(said[side]["major"]), minor) < (1, KUBERNETES_MINOR):
            lacks.append(f"{what} is version 1.{minor}: 1.{KUBERNETES_MINOR} or newer is needed")
    return lacks + _lacks_room() + _lacks_parts()


def applied_from_git() -> list[str]:
    """Return what is wrong with installing by hand: Argo CD would undo it. Empty if it does not apply this cluster."""
    if owned := _get("applications.argoproj.io", "-n", "argocd", "faplog"):
        return [f"Argo CD applies this cluster from git ({owned['metadata']['name']}): change git instead"]
    return []


def _installed(program: str) -> bool:
    try:
        return run([program, "version"]).returncode == 0
    except FileNotFoundError:
        return False


def _get(*what: str) -> Object | None:
    done = run(["kubectl", "get", *what, "--ignore-not-found", "-o", "json"])
    if done.returncode or not done.stdout.strip():
        return None
    found: Object = json.loads(done.stdout)
    return found


def _lacks_room() -> list[str]:
    nodes = (_get("nodes") or {"items": []})["items"]
    cores = sum(quantity(node["status"]["allocatable"]["cpu"]) for node in nodes)
    memory = sum(quantity(node["status"]["allocatable"]["memory"]) for node in nodes) / 2**30
    lacks = []
    if cores < CORES:
        lacks.append(f"its nodes offer {cores:g} cores: {CORES:g} or more are needed")
    if memory < MEMORY_GIB * 0.9:  # the kubelet keeps some of the node's memory
        lacks.append(f"its nodes offer {memory:.1f} GiB of memory: {MEMORY_GIB:g} GiB or more are needed")
    return lacks


def _lacks_parts() -> list[str]:
    lacks = []
    classes = (_get("storageclasses") or {"items": []})["items"]
    if not any(one["provisioner"] == "rancher.io/local-path" for one in classes):
        lacks.append("it has no storage class of rancher.io/local-path (K3s brings one)")
    for crd, what in (
        ("ingressroutes.traefik.io", "Traefik is not its ingress (K3s brings it)"),
        ("helmchartconfigs.helm.cattle.io", "it has no HelmChartConfig, by which K3s' Traefik is set up"),
    ):
        if not _get("crd", crd):
            lacks.append(what)
    return lacks


def quantity(text: str) -> float:
    """Return a quantity of Kubernetes as a number: cores, or bytes."""
    units = {"": 1, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}
    number, unit = _QUANTITY.fullmatch(text).groups()  # type: ignore[union-attr]
    return float(number) * units[unit]


# ---- applying


def groups(things: list[Object]) -> list[list[Object]]:
    """Split objects as Argo CD does: jobs before the sync, the sync by waves, jobs after it."""

    def order(thing: Object) -> tuple[int, int]:
        hook = thing["metadata"].get("annotations", {}).get("argocd.argoproj.io/hook", "Sync")
        return PHASES[hook], wave(thing)

    return [list(group) for _, group in groupby(sorted(things, key=order), key=order)]


def apply(things: list[Object], say: Callable[[str], None] = print) -> None:
    """Apply objects and wait until they are ready. Jobs, which cannot be changed, are deleted first.

    Raises:
        InstallError: The API server refuses an object, or one does not get ready.
    """
    for thing in things:
        if thing["kind"] == "Job":
            _must("kubectl", *_of(thing), "delete", f"job/{_name(thing)}", "--ignore-not-found")
    crds = [thing for thing in things if thing["kind"] == "CustomResourceDefinition"]
    if crds:
        _send(crds)
        _must("kubectl", "wait", "--for=condition=Established", f"--timeout={WAIT}", *(f"crd/{_name(c)}" for c in crds))
    for attempt in range(ATTEMPTS):
        try:
            _send(things)
            break
        except InstallError as error:
            if attempt == ATTEMPTS - 1:
                raise
            say(f"  again, when the webhooks answer: {str(error).splitlines()[0]}")
            for thing in things:
                if thing["kind"] == "Deployment":
                    _wait(thing)
            time.sleep(PAUSE_SEC)
    for thing in things:
        _wait(thing)


def _send(things: list[Object]) -> None:
    listing = json.dumps({"apiVersion": "v1", "kind": "List", "items": things}, default=str)
    _must("kubectl", "apply", "--server-side", "--force-conflicts", "-f", "-", given=listing)


def _wait(thing: Object) -> None:
    kind, name = thing["kind"], _name(thing)
    if kind in ("Deployment", "StatefulSet"):
        _must("kubectl", *_of(thing), "rollout", "status", f"{kind.lower()}/{name}", f"--timeout={WAIT}")
    elif kind == "Job":
        _must("kubectl", *_of(thing), "wait", "--for=condition=Complete", f"job/{name}", f"--timeout={WAIT}")
    elif thing["apiVersion"].startswith("serving.knative.dev/"):
        service = f"services.serving.knative.dev/{name}"
        _must("kubectl", *_of(thing), "wait", "--for=condition=Ready", service, f"--timeout={WAIT}")


def _name(thing: Object) -> str:
    return str(thing["metadata"]["name"])


def _of(thing: Object) -> list[str]:
    return ["-n", thing["metadata"]["namespace"]] if "namespace" in thing["metadata"] else []


def _must(*command: str, given: str | None = None) -> str:
    done = run(command, given)
    if done.returncode:
        raise InstallError(f"{' '.join(command[:6])} failed: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def install_chart(part: Part) -> None:
    """Install or upgrade a chart, and wait until it is ready.

    Raises:
        InstallError: helm could not do it.
    """
    _must("helm", "upgrade", "--install", *_chart(part), "--create-namespace", "--wait", "--timeout", WAIT)


def rendered_chart(part: Part, kubernetes: str) -> list[Object]:
    """Return the objects of a chart for a version of Kubernetes, without its hooks.

    Raises:
        InstallError: helm could not do it.
    """
    return _documents(_must("helm", "template", *_chart(part), "--kube-version", kubernetes, "--no-hooks"))


def installed_chart(part: Part) -> list[Object]:
    """Return the objects of a chart as helm keeps them, without its hooks.

    Raises:
        InstallError: helm does not know the release.
    """
    release = (part.chart or {})["helm"]["releaseName"]
    return _documents(_must("helm", "get", "manifest", release, "--namespace", part.namespace))


def _chart(part: Part) -> list[str]:
    """Return what names a chart to helm: its release, source, version, namespace and values."""
    chart = part.chart or {}
    return [
        *(chart["helm"]["releaseName"], chart["chart"], "--repo", chart["repoURL"]),
        *("--version", chart["targetRevision"], "--namespace", part.namespace),
        *(f"--values={file.removeprefix('$values/')}" for file in chart["helm"]["valueFiles"]),
    ]


def install(part: Part, environment: str, say: Callable[[str], None] = print) -> None:
    """Install one part; name it first.

    Raises:
        InstallError: It could not be installed.
    """
    if needed := NEEDS_A_SECRET.get(part.name):
        namespace, secret = needed
        if not _get("-n", namespace, f"secret/{secret}"):
            say(f"{part.name}: left out, there is no secret {secret} (see `python -m infra.seal --help`)")
            return
    if part.name == "secrets":
        say("secrets: make those that are not there")
        if seal.main(["--environment", environment, "--apply"]):
            raise InstallError("the secrets could not be made")
    elif part.chart:
        say(f"{part.name}: chart {part.chart['chart']} {part.chart['targetRevision']}")
        install_chart(part)
    else:
        say(f"{part.name}: {part.folder}")
        for group in groups(built(ROOT / str(part.folder))):
            apply(group, say)


def remove_former(say: Callable[[str], None] = print) -> None:
    """Remove what an earlier release left. It comes last: until then its connector may still call it.

    Raises:
        InstallError: The API server refuses it.
    """
    for kind, name in FORMER:
        if _get("-n", NAMESPACE, f"{kind}/{name}"):
            say(f"{name}: removed, no part of this release has it")
            _must("kubectl", "-n", NAMESPACE, "delete", f"{kind}/{name}")


def main(arguments: list[str] | None = None) -> int:
    """Install an environment. Return 2 if something is missing, 1 if a part could not be installed."""
    parser = argparse.ArgumentParser(prog="infra/install.sh", description=__doc__)
    names = sorted(path.parent.name for path in ENVIRONMENTS.glob("*/kustomization.yaml"))
    parser.add_argument("environment", choices=names)
    parser.add_argument("--check", action="store_true", help="only say what is missing")
    options = parser.parse_args(arguments)
    try:
        todo = parts(ENVIRONMENTS / options.environment)
        if lacks := missing(charts=any(part.chart for part in todo)) or applied_from_git():
            for line in lacks:
                print(f"Missing: {line}.", file=sys.stderr)
            print("Nothing was changed.", file=sys.stderr)
            return 2
        if options.check:
            print("Nothing is missing.")
            return 0
        for part in todo:
            install(part, options.environment)
        remove_former()
    except FileNotFoundError as error:
        print(f"The program {error.filename} is not installed. Nothing was changed.", file=sys.stderr)
        return 2
    except InstallError as error:
        print(f"{error}\nMend that and run this again: what is installed stays.", file=sys.stderr)
        return 1
    print(f"The environment {options.environment} is installed.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
