"""The rules for everything that runs in the cluster: functions from an object to what is wrong with it."""

import re
from collections.abc import Iterator
from typing import Any, Final

Object = dict[str, Any]

MAY_HAVE_A_TOKEN: Final = {"alloy"}
"""Only the collector asks the API server for anything: the list of nodes."""

_PINNED: Final = re.compile(r"^[a-z0-9.-]+\.[a-z]+/[a-z0-9/._-]+:(?!latest$)[A-Za-z0-9._-]*[0-9][A-Za-z0-9._-]*$")
_SECRETIVE: Final = re.compile(r"(password|secret|token|private)(?!.*_FILE$)", re.IGNORECASE)
_PORT_NAME: Final = re.compile(r"^(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*$")
_VOLUMES: Final = {"configMap", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
_LONG_RUNNING: Final = {"Deployment", "StatefulSet", "Service"}


def broken(thing: Object) -> Iterator[str]:
    """Yield every rule that the object breaks, in words."""
    if thing["kind"] == "Secret":
        yield "a Secret in clear: seal it (python -m infra.seal)"
    if thing["kind"] == "ServiceAccount" and thing.get("automountServiceAccountToken") is not False:
        yield "an account whose token is mounted wherever it is used"
    if thing["kind"] == "Service" and "type" in thing["spec"] and thing["spec"]["type"] != "ClusterIP":
        yield "a Service that listens outside of the cluster"
    pod = pod_spec(thing)
    if pod is None:
        return
    yield from _pod(pod, thing["metadata"]["name"])
    yield from _server(thing, pod)
    for container in (*pod["containers"], *pod.get("initContainers", [])):
        for problem in _container(container, pod, probes=thing["kind"] in _LONG_RUNNING):
            yield f"container {container['name']}: {problem}"


def pod_spec(thing: Object) -> Object | None:
    """Return the pod that an object makes, or None. A Knative Service makes one, a Service of Kubernetes does not."""
    spec: Object = thing.get("spec", {})
    if thing["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    pod: Object | None = spec.get("template", {}).get("spec") if "template" in spec else None
    return pod if pod and "containers" in pod else None


def _pod(pod: Object, name: str) -> Iterator[str]:
    if pod.get("automountServiceAccountToken") is not (name in MAY_HAVE_A_TOKEN):
        yield "it must say automountServiceAccountToken: false"
    if not pod.get("serviceAccountName"):
        yield "it has no account of its own"
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(field):
            yield f"it uses {field}"
    for volume in pod.get("volumes", []):
        if not set(volume) - {"name"} <= _VOLUMES:
            yield f"the volume {volume['name']} is of a kind that Pod Security refuses"
        if "emptyDir" in volume and "sizeLimit" not in volume["emptyDir"]:
            yield f"the volume {volume['name']} may fill the node's disk"


def _server(thing: Object, pod: Object) -> Iterator[str]:
    """Yield what an API server or a kubelet would refuse and no schema shows."""
    labels = thing["spec"].get("template", {}).get("metadata", {}).get("labels", {})
    if not thing["spec"].get("selector", {}).get("matchLabels", {}).items() <= labels.items():
        yield "its selector does not match its own pods"
    volumes = {volume["name"] for volume in pod.get("volumes", [])}
    volumes |= {claim["metadata"]["name"] for claim in thing["spec"].get("volumeClaimTemplates", [])}
    for container in (*pod["containers"], *pod.get("initContainers", [])):
        if absent := {mount["name"] for mount in container.get("volumeMounts", [])} - volumes:
            yield f"container {container['name']} mounts what is no volume: {', '.join(sorted(absent))}"
        names = {port["name"] for port in container.get("ports", []) if "name" in port}
        for name in sorted(names):
            if len(name) > 15 or not _PORT_NAME.match(name):
                yield f"container {container['name']} names a port {name}: at most 15 of a-z, 0-9 and -"
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            for asked in container.get(probe, {}).values():
                if isinstance(asked, dict) and isinstance(asked.get("port"), str) and asked["port"] not in names:
                    yield f"container {container['name']} is asked at a port it does not name: {asked['port']}"


def _container(container: Object, pod: Object, *, probes: bool) -> Iterator[str]:
    own = container.get("securityContext", {})
    context = pod.get("securityContext", {}) | own
    if context.get("runAsNonRoot") is not True or not context.get("runAsUser"):
        yield "it must run as a numeric user other than root"
    if context.get("seccompProfile", {}).get("type") != "RuntimeDefault":
        yield "it has no seccomp profile"
    if own.get("allowPrivilegeEscalation") is not False or own.get("privileged"):
        yield "it may gain privileges"
    if any("hostPort" in port for port in container.get("ports", [])):
        yield "it takes a port of the node"
    if own.get("readOnlyRootFilesystem") is not True:
        yield "its root file system is writable"
    if own.get("capabilities") != {"drop": ["ALL"]}:
        yield "it keeps capabilities"
    for kind in ("requests", "limits"):
        amounts = container.get("resources", {}).get(kind, {})
        if set(amounts) < {"cpu", "memory"}:
            yield f"it has no {kind} of processor and memory"
        if (cpu := str(amounts.get("cpu", ""))).endswith("000m"):
            yield f"the API server keeps {cpu} as {int(cpu[:-1]) // 1000}, which Argo CD would see as a difference"
    if probes and not {"readinessProbe", "livenessProbe"} <= set(container):
        yield "it has no readiness and liveness probe"
    if not _PINNED.match(container["image"]):
        yield f"the image {container['image']} is not named in full with the tag of a version"
    for variable in container.get("env", []):
        if _SECRETIVE.search(variable["name"]) and variable.get("value"):
            yield f"the variable {variable['name']} has its value in clear"
