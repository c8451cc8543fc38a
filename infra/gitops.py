"""Rules for the Applications of Argo CD that no schema has; each comes from a failure on a real cluster."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

Object = dict[str, Any]

BOOTSTRAP: Final = "faplog.dev/bootstrap"
"""Label of the objects that the operator applies by hand."""

LAST: Final = {"faplog", "edge", "telemetry"}
"""Applications that may never be healthy (the root while a child is not, the edge without a certificate, the collector
without an account), so no wave may wait for them."""

SCALED_BY_HAND: Final = {"connector"}
"""Deployments that docs/operations.md scales: Argo CD resets each field that a manifest has."""

CHARTS_WITH_CLAIMS: Final = {"nats"}

FILLED_IN_CLAIMS: Final = {
    f".spec.volumeClaimTemplates[]?.{field}" for field in ("apiVersion", "kind", "spec.volumeMode", "status")
}
FILLED_IN_KNATIVE: Final = {
    f".spec.template.spec.containers[]?.{field}"
    for field in (
        "ports[]?.protocol",
        "livenessProbe.httpGet.port",
        "readinessProbe.httpGet.port",
        "readinessProbe.successThreshold",
    )
}

HEALTH: Final = "resource.customizations.health.argoproj.io_Application"
NOT_HEALTHY: Final = (
    'obj.status.sync.status == "Unknown"',
    'obj.status.operationState.phase == "Running"',
    '(obj.status.reconciledAt or "") < (obj.status.operationState.finishedAt or "")',
)
"""States of an Application in which later waves must wait, although Argo CD calls its resources healthy."""

HEALTH_OF_DEFINITIONS: Final = "resource.customizations.health.apiextensions.k8s.io_CustomResourceDefinition"
HEALTH_OF_SECRETS: Final = "resource.customizations.health.bitnami.com_SealedSecret"
GENERATION: Final = "(obj.status.observedGeneration or 0) >= (obj.metadata.generation or 0)"
"""What the check of a SealedSecret must ask, or it is healthy by the values of before a rotation."""


def wave(thing: Object) -> int:
    """Return the sync wave of an object: all of a wave are healthy before the next begins."""
    return int(thing["metadata"].get("annotations", {}).get("argocd.argoproj.io/sync-wave", 0))


def broken(things: list[Object], parts: Mapping[str, list[Object]]) -> Iterator[str]:
    """Yield the rules that an environment breaks.

    Args:
        things: The objects of the environment: its project and its Applications.
        parts: The objects that each Application applies, by its name; charts are left out.
    """
    applications = {thing["metadata"]["name"]: thing for thing in things if thing["kind"] == "Application"}
    by_hand = {
        (thing["kind"], thing["metadata"]["name"])
        for thing in things
        if thing["metadata"].get("labels", {}).get(BOOTSTRAP) == "yes"
    }
    if by_hand != {("AppProject", "faplog"), ("Application", "faplog")}:
        yield f"the label {BOOTSTRAP} belongs to the project and the root: all others would sync at once, in no order"
    last = max(map(wave, applications.values()))
    if (found := {name for name, application in applications.items() if wave(application) == last}) != LAST:
        yield f"the last wave is {', '.join(sorted(found))}: it must be {', '.join(sorted(LAST))}, as none waits for it"
    for name, application in applications.items():
        for problem in (*_of_sync(application), *_of_drift(application, parts.get(name, []))):
            yield f"Application {name}: {problem}"


def _of_sync(application: Object) -> Iterator[str]:
    policy = application["spec"]["syncPolicy"]
    if policy.get("retry", {}).get("refresh") is not True:
        yield "without retry.refresh a failed sync is tried again with the old commit"
    if "ServerSideApply=true" not in policy["syncOptions"]:
        yield "it must apply with ServerSideApply=true, as `kubectl apply` in the guide does"


def _of_drift(application: Object, part: list[Object]) -> Iterator[str]:
    spec = application["spec"]
    ignored = {
        difference["kind"]: set(difference.get("jqPathExpressions", []))
        for difference in spec.get("ignoreDifferences", [])
    }
    claims = any(thing["kind"] == "StatefulSet" and "volumeClaimTemplates" in thing["spec"] for thing in part)
    chart = spec.get("sources", [{}])[0].get("chart")
    if (claims or chart in CHARTS_WITH_CLAIMS) and (absent := FILLED_IN_CLAIMS - ignored.get("StatefulSet", set())):
        yield f"out of sync for ever: the API server fills in {', '.join(sorted(absent))}"
    knative = any(thing["apiVersion"].startswith("serving.knative.dev/") for thing in part)
    if knative and (absent := FILLED_IN_KNATIVE - ignored.get("Service", set())):
        yield f"out of sync for ever: Knative's webhook fills in {', '.join(sorted(absent))}"
    for thing in part:
        scaled = thing["kind"] == "Deployment" and thing["metadata"]["name"] in SCALED_BY_HAND
        if scaled and "replicas" in thing["spec"]:
            yield f"Deployment {thing['metadata']['name']} says `replicas`: Argo CD would undo `kubectl scale`"


def health_misses(settings: Object) -> Iterator[str]:
    """Yield the states that the health checks of Applications and secrets in `argocd-cm` do not hold back.

    Args:
        settings: The ConfigMap.
    """
    script = settings["data"].get(HEALTH, "")
    for condition in NOT_HEALTHY:
        if not re.search(re.escape(condition) + r' then\s+health\.status = "Progressing"', script):
            yield f"an Application counts as healthy although {condition}"
    if HEALTH_OF_DEFINITIONS not in settings["data"]:
        yield "Knative is not healthy for minutes: Argo CD takes some of its definitions for unfinished"
    if GENERATION not in settings["data"].get(HEALTH_OF_SECRETS, ""):
        yield "a SealedSecret counts as healthy although its new values are not unsealed yet"


def guide_misses(guide: str) -> Iterator[str]:
    """Yield commands of docs/operations.md that are known to go wrong.

    Args:
        guide: The text of the guide.
    """
    by_hand = f"--selector {BOOTSTRAP}=yes"
    for command in re.findall(r"kubectl apply [^`\n]*-k infra/environments[^`\n]*", guide):
        if by_hand not in command:
            yield f"`{command}` applies all Applications: they would sync at once, in no order"
    before, root, _ = guide.partition(by_hand)
    if root and "rollout status deployment/argocd-repo-server" not in before:
        yield "the root is applied before Argo CD can read git: it is compared again only minutes later"
    for command in re.findall(r"kubectl apply [^`\n]*sealing-keys[^`\n]*", guide):
        if "--server-side" in command:
            yield f"`{command}` fails on a new cluster: the file names the uids of the old one"
    for operation in re.findall(r'\{"operation".*', guide):
        if "ServerSideApply=true" not in operation:
            yield f"{operation} applies by the client, unlike every other sync"
    for named in re.findall(r"rollout restart ([^`\n]+)", guide):
        if not re.match(r'"?(deployment|statefulset)/[a-z$]', named):
            yield f"`rollout restart {named}` restarts what is not ours, such as Knative's own Deployments"
