"""kubectl as functions. Every question and every change of the cluster test goes through this module."""

import base64
import json
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from infra.install import run

FIELD_MANAGER: Final = "faplog-cluster-test"

Object = dict[str, Any]


class KubeError(Exception):
    """The cluster refused something or did not answer; the message is what kubectl said."""


def kubectl(*arguments: str, given: str | None = None) -> str:
    """Run kubectl and return what it printed.

    Raises:
        KubeError: It failed.
    """
    return _run(["kubectl", *arguments], given)[0]


def _run(command: Sequence[str], given: str | None = None) -> tuple[str, str]:
    done = run(command, given)
    if done.returncode:
        raise KubeError(f"{' '.join(command[:6])}: {(done.stderr or done.stdout).strip()}")
    return done.stdout, done.stderr


def get(*what: str) -> Object | None:
    """Return one object, or None if it does not exist or its kind is unknown."""
    done = run(["kubectl", "get", *what, "--ignore-not-found", "-o", "json"])
    if done.returncode:
        if "doesn't have a resource type" in done.stderr or "NotFound" in done.stderr:
            return None
        raise KubeError(f"kubectl get {' '.join(what)}: {done.stderr.strip()}")
    if not done.stdout.strip():
        return None
    found: Object = json.loads(done.stdout)
    return found


def version() -> Object:
    """Return the versions of kubectl and of the cluster."""
    found: Object = json.loads(kubectl("version", "-o", "json"))
    return found


def secret_value(namespace: str, name: str, key: str) -> str | None:
    """Return a value of a secret, or None without that secret."""
    found = get("-n", namespace, f"secret/{name}")
    return base64.b64decode(found["data"][key]).decode() if found else None


def required_secret_value(namespace: str, name: str, key: str) -> str:
    """Return a value of a secret. Raises `KubeError` without that secret."""
    found = secret_value(namespace, name, key)
    if found is None:
        raise KubeError(f"there is no secret {name}")
    return found


def items(*what: str) -> list[Object]:
    """Return the objects of a list."""
    found: list[Object] = (get(*what) or {"items": []})["items"]
    return found


def pods(namespace: str, selector: str = "") -> list[Object]:
    """Return the pods of a namespace that are not being deleted."""
    chosen = ["-l", selector] if selector else []
    found = items("pods", "-n", namespace, *chosen)
    return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]


def is_ready(pod: Object) -> bool:
    """Return whether a pod is ready."""
    return condition(pod, "Ready") is not None


def is_of_a_job(pod: Object) -> bool:
    """Return whether a pod belongs to a Job: it may end at any moment."""
    return any(one["kind"] == "Job" for one in pod["metadata"].get("ownerReferences", []))


def condition(thing: Object, name: str) -> Object | None:
    """Return a condition of an object if it is true."""
    found: list[Object] = thing.get("status", {}).get("conditions", [])
    return next((one for one in found if one["type"] == name and one["status"] == "True"), None)


def raw(path: str) -> Object:
    """Return what the API server answers at a path."""
    found: Object = json.loads(kubectl("get", "--raw", path))
    return found


def execute(pod: Object, container: str, *command: str) -> "subprocess.CompletedProcess[str]":
    """Run a command in a container of a pod."""
    place = ["-n", pod["metadata"]["namespace"], pod["metadata"]["name"], "-c", container]
    return run(["kubectl", "exec", *place, "--", *command])


def apply(things: list[Object], *, dry_run: bool = False) -> list[str]:
    """Apply objects, or with `dry_run` only let the server admit them. Return the server's warnings.

    Raises:
        KubeError: The server refused one.
    """
    listing = json.dumps({"apiVersion": "v1", "kind": "List", "items": things}, default=str)
    options = ["--server-side", "--force-conflicts", f"--field-manager={FIELD_MANAGER}"]
    if dry_run:
        options.append("--dry-run=server")
    _, errors = _run(["kubectl", "apply", *options, "-f", "-"], listing)
    return [line.removeprefix("Warning: ") for line in errors.splitlines() if line.startswith("Warning: ")]


@dataclass(slots=True)
class Watch:
    """Events of a watch, each with the moment at which it arrived (monotonic seconds)."""

    events: list[tuple[float, Object]] = field(default_factory=list)


@contextmanager
def watched(namespace: str, selector: str, seconds: int) -> Iterator[Watch]:
    """Watch pods while the block runs.

    The arrival of an event is exact to milliseconds; times within an object are whole seconds.
    """
    query = urlencode({"watch": "1", "labelSelector": selector, "timeoutSeconds": seconds})
    command = ["kubectl", "get", "--raw", f"/api/v1/namespaces/{namespace}/pods?{query}"]
    watch = Watch()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        thread = threading.Thread(target=_collect, args=(process, watch), daemon=True)
        thread.start()
        try:
            yield watch
        finally:
            process.terminate()
            thread.join()


def _collect(process: "subprocess.Popen[str]", watch: Watch) -> None:
    assert process.stdout
    for line in process.stdout:
        watch.events.append((time.monotonic(), json.loads(line)))
