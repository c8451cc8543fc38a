"""What each container may do, as its kernel says it: user, capabilities, seccomp, root, mounts, token, secrets."""

from collections.abc import Iterable, Iterator
from typing import Final

from infra import policy
from infra.cluster_test import kube
from infra.cluster_test import owner as accounts
from infra.cluster_test.report import Row, proof
from infra.cluster_test.target import Target, manifests, workload
from infra.cluster_test.variant import FUNCTIONS, PROXY

PART: Final = "pods"
FACTS: Final = ("cat", "/proc/self/status", "/proc/self/mounts")
"""Facts of the asking process, which is confined as its container is. Process 1 may be the sandbox's."""

ABSENT: Final = "executable file not found"
"""Errors of the runtime for a container without `cat`."""

TOKEN: Final = "/run/secrets/kubernetes.io/"  # noqa: S105  (a part of a path)
VIRTUAL: Final = {"proc", "sysfs", "cgroup", "cgroup2", "devpts", "mqueue", "devtmpfs"}
NUMBER_OF_IDS: Final = 4


def status_problems(status: str) -> list[str]:
    """Return what a process may do that it should not, from its /proc/…/status."""
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    wrong = []
    users = set(fields["Uid"].split()[:NUMBER_OF_IDS])
    if "0" in users:
        wrong.append("runs as root")
    if "0" in fields["Gid"].split()[:NUMBER_OF_IDS]:
        wrong.append("runs in root's group")
    sets = ("CapEff", "CapPrm", "CapBnd", "CapAmb")
    wrong += [f"has capabilities ({name} {fields[name]})" for name in sets if int(fields[name], 16)]
    if fields["NoNewPrivs"].strip() != "1":
        wrong.append("may gain privileges")
    if fields["Seccomp"].strip() != "2":
        wrong.append("has no seccomp filter")
    return wrong


def mount_problems(mounts: str, writable: Iterable[str]) -> list[str]:
    """Return what is mounted that should not be, from /proc/…/mounts; `writable` are the paths that may be written."""
    writable = tuple(writable)
    wrong = []
    for line in mounts.splitlines():
        _, path, kind, options = line.split()[:4]
        flags = options.split(",")
        if path == "/" and "ro" not in flags:
            wrong.append("its root is writable")
        if TOKEN in path + "/":
            wrong.append("has a token of the API server")
        path = path.replace("/var/run/", "/run/", 1)
        known = path == "/" or kind in VIRTUAL or _is_runtimes(path)
        if "rw" in flags and not known and not any(f"{path}/".startswith(f"{one}/") for one in writable):
            wrong.append(f"may write to {path}")
    return wrong


def _is_runtimes(path: str) -> bool:
    """Return whether the container runtime mounts this path into every container."""
    return path.startswith(("/dev", "/proc", "/sys")) or path in ("/etc/hosts", "/etc/hostname", "/etc/resolv.conf")


def writable_paths(pod: kube.Object, container: kube.Object) -> list[str]:
    """Return the paths that a container may write to, by its specification."""
    kinds = {volume["name"]: volume for volume in pod["spec"].get("volumes", [])}
    return [
        mount["mountPath"].replace("/var/run/", "/run/", 1)  # a link to it in most images
        for mount in container.get("volumeMounts", [])
        if not mount.get("readOnly") and {"emptyDir", "persistentVolumeClaim"} & kinds[mount["name"]].keys()
    ]


def secrets_of(spec: kube.Object) -> set[str]:
    """Return the names of all secrets that a pod uses; those that are optional are left out."""
    found = set()
    for volume in spec.get("volumes", []):
        sources = [volume, *volume.get("projected", {}).get("sources", [])]
        for one in (source["secret"] for source in sources if "secret" in source):
            if not one.get("optional"):
                found.add(one.get("secretName") or one.get("name"))
    for container in spec["containers"]:
        for variable in container.get("env", []):
            if reference := variable.get("valueFrom", {}).get("secretKeyRef"):
                found.add(reference["name"])
        found |= {one["secretRef"]["name"] for one in container.get("envFrom", []) if "secretRef" in one}
    return found


def expected_secrets(things: Iterable[kube.Object]) -> dict[str, set[str]]:
    """Return the secrets that the manifests give to each workload."""
    found: dict[str, set[str]] = {}
    for thing in things:
        spec = policy.pod_spec(thing)
        if spec is None:
            continue
        template = thing["spec"].get("jobTemplate", thing)["spec"]["template"]
        name = workload(template["metadata"].get("labels", {}))
        found[name] = found.get(name, set()) | secrets_of(spec)
    return found


def secrets_in_stack() -> dict[str, set[str]]:
    """Return the secrets that stack.yml gives to each function."""
    return {function.name: set(function.secrets) for function in FUNCTIONS}


def broken_rules(pod: kube.Object) -> list[str]:
    """Return the rules of `infra.policy` that a running pod breaks; Knative's container and pinned digests excepted."""
    own = [one for one in pod["spec"]["containers"] if one["name"] != PROXY]
    spec = pod["spec"] | {"containers": own}
    template = {"metadata": {"labels": {}}, "spec": spec}
    metadata = {"name": workload(pod["metadata"].get("labels", {}))}
    thing = {"kind": "Pod", "metadata": metadata, "spec": {"template": template}}
    return [
        problem
        for problem in policy.broken(thing)
        # Knative replaces a tag by its digest, and the API server names the account and writes amounts in its own way.
        if "is not named in full" not in problem and "the API server keeps" not in problem
    ]


def run(target: Target) -> Iterator[Row]:
    """Look at every running pod of the namespace, with all functions awake."""
    accounts.wake(target)
    variant = target.variant
    expected = secrets_in_stack() | expected_secrets(manifests(target.environment))
    seen = set()
    for pod in variant.pods():
        name = workload(pod["metadata"].get("labels", {}))
        if pod["status"]["phase"] != "Running" or kube.is_of_a_job(pod) or name in seen:
            continue
        seen.add(name)
        foreign = variant.writes_pods and name in variant.with_pods
        wrong = [] if foreign else broken_rules(pod)
        known: set[str] = set()
        if name in expected:
            have = secrets_of(pod["spec"])
            wrong += [f"has the secret {one}" for one in sorted(have - expected[name])]
            wrong += [f"lacks the secret {one}" for one in sorted(expected[name] - have)]
        asked = []
        for container in pod["spec"]["containers"]:
            if container["name"] == PROXY:  # it has no program to ask, and its user comes with its image
                continue
            done = kube.execute(pod, container["name"], *FACTS)
            if ABSENT in done.stderr:
                asked.append(f"{container['name']} without `cat`, by its specification")
                continue
            if done.returncode:
                wrong.append(f"{container['name']}: {done.stderr.strip()}")
                continue
            status, mounts = split_facts(done.stdout)
            problems = status_problems(status) + mount_problems(mounts, writable_paths(pod, container))
            lacking = [problem for problem in problems if foreign and problem.startswith(variant.known)]
            known.update(lacking)
            wrong += [f"{container['name']}: {problem}" for problem in problems if problem not in lacking]
            asked.append(f"{container['name']} user {user(status)}")
        confined = f"{variant.title}'s: {', '.join(sorted(known))}" if known else "no capabilities, seccomp filter"
        fine = f"{', '.join(asked)}; {confined}; read-only root, no token, "
        fine += f"{len(secrets_of(pod['spec']))} secrets as in the manifests"
        yield proof(PART, name, "; ".join(wrong) or fine, holds=not wrong)


def split_facts(text: str) -> tuple[str, str]:
    """Split what `cat` printed of status and mounts: the first has a tab in every line."""
    lines = text.splitlines()
    at = next(number for number, line in enumerate(lines) if ":\t" not in line)
    return "\n".join(lines[:at]), "\n".join(lines[at:])


def user(status: str) -> str:
    """Return the numeric user of a process."""
    return next(line.split()[1] for line in status.splitlines() if line.startswith("Uid:"))
