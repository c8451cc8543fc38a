"""`python -m infra.render`: write the manifests of the cluster from stack.yml; with --check only list outdated ones.

Rendered are the Knative Services, the connector's routes for both variants, the broker's users for the NATS chart, the
dashboards, the reference of settings, and the copies of stack.yml and its template that the OpenFaaS deployment job
mounts (kustomize reads no file outside of a kustomization's folder). The release is written into the files that name it
(`infra.release`).
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from faplog import environment, nats_users, routes, stack
from faplog.version import VERSION
from infra import FUNCTION, NAMESPACE, ROOT, dashboards, dockerfiles, release, settings_page

SECRETS_PATH: Final = "/var/openfaas/secrets"
PORT: Final = 8080
USER: Final = 10001
"""The numeric user of all our images."""

OF_WATCHDOG: Final = ("read_timeout", "write_timeout", "exec_timeout", "healthcheck_interval")
"""Settings of of-watchdog in stack.yml."""
COMMAND: Final = ("python", "-m", "faplog.serve", "function.handler:create_app()")
"""How the image starts a function, too."""

GATEWAY: Final = "http://gateway.openfaas.svc.cluster.local:8080/function/{function}/"
KNATIVE: Final = f"http://{{function}}.{NAMESPACE}.svc.cluster.local/"
REVISION_MARGIN_SEC: Final = 5
"""How much longer Knative waits than the function may run. The connector waits longer still."""

MOUNTS: Final = (
    {"name": "secrets", "mountPath": SECRETS_PATH, "readOnly": True},
    {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108  (a path in the container)
)
"""Where a function with volumes has its secrets and its temporary files."""

HEADER: Final = "# Rendered from {source} by `make render`; change that, not this.\n"


def knative_service(function: stack.Function) -> dict[str, Any]:
    """Return the Knative Service of one function: local to the cluster, scaled and limited as stack.yml says."""
    autoscaling = "autoscaling.knative.dev/"
    labels = {"app.kubernetes.io/name": function.name, "app.kubernetes.io/part-of": "faplog"}
    return {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "metadata": {
            "name": function.name,
            "labels": labels | {"networking.knative.dev/visibility": "cluster-local"},
        },
        "spec": {
            "template": {
                "metadata": {
                    "labels": labels | {FUNCTION: function.name},
                    "annotations": {
                        autoscaling + "min-scale": str(function.ours("scale-min")),
                        autoscaling + "max-scale": str(function.ours("scale-max")),
                        autoscaling + "scale-to-zero-pod-retention-period": f"{function.ours('idle-seconds')}s",
                        # With Knative's default of 70 % one request to a function with one thread starts two replicas.
                        autoscaling + "target-utilization-percentage": "100",
                        # A second replica comes when the average of this time needs it, not with every burst: on a
                        # small node its start takes the CPU that the burst needs (ADR 58).
                        autoscaling + "window": f"{function.ours('window-seconds')}s",
                        autoscaling + "panic-window-percentage": "100",
                        autoscaling + "panic-threshold-percentage": "1000",
                    },
                },
                "spec": {
                    "containerConcurrency": function.ours("threads"),
                    "timeoutSeconds": routes.seconds(function.environment["exec_timeout"]) + REVISION_MARGIN_SEC,
                    "serviceAccountName": "functions",
                    "automountServiceAccountToken": False,
                    "enableServiceLinks": False,
                    "containers": [_container(function)],
                    **({} if _one_at_a_time(function) else {"volumes": _volumes(function)}),
                },
            }
        },
    }


def with_guests(functions: Sequence[stack.Function]) -> list[stack.Function]:
    """Return the functions that have pods of their own; a host has its guests' secrets and answers for them, too.

    A host takes one request at a time, so its own limits have to be enough for each of them.
    """
    return [
        _host(one, [other for other in functions if other.guest_of == one.name])
        for one in functions
        if not one.guest_of
    ]


def _host(function: stack.Function, guests: Sequence[stack.Function]) -> stack.Function:
    if not guests:
        return function
    secrets = dict.fromkeys(name for one in (function, *guests) for name in one.secrets)
    names = " ".join(one.name for one in guests)
    return function.model_copy(
        update={"secrets": list(secrets), "environment": {**function.environment, environment.GUESTS.full_name: names}}
    )


def _one_at_a_time(function: stack.Function) -> bool:
    """Return whether a function takes one request at a time, in memory: all but the one that takes uploads.

    Its pods have no volumes, because a kubelet waits 0.3 s for any (ADR 57).
    """
    return function.ours("threads") == 1


def _volumes(function: stack.Function) -> list[dict[str, Any]]:
    """Return the volumes of a function that takes uploads: the files of its secrets, and room for temporary files."""
    sources = [{"secret": {"name": name, "items": [{"key": name, "path": name}]}} for name in function.secrets]
    return [
        {"name": "secrets", "projected": {"sources": sources}},
        {"name": "tmp", "emptyDir": {"sizeLimit": "512Mi"}},
    ]


def _instead_of_volumes(function: stack.Function) -> list[dict[str, Any]]:
    """Return the secrets as variables named as their files, and the room for temporary files that a runtime gives."""
    secrets = [{"name": name, **_from_secret(name, name)} for name in function.secrets]
    return [*secrets, {"name": "TMPDIR", "value": "/dev/shm"}]  # noqa: S108  (a path in the container)


def _from_secret(name: str, key: str) -> dict[str, Any]:
    """Return what gives a variable its value from a Secret."""
    return {"valueFrom": {"secretKeyRef": {"name": name, "key": key}}}


def _container(function: stack.Function) -> dict[str, Any]:
    """Return the container: the function itself, since Knative has a proxy of its own and needs no of-watchdog.

    A function with one thread is probed by a connection, which waits for no request. The port opens when the
    application is loaded, so that one that cannot start is never ready.
    """
    one_at_a_time = _one_at_a_time(function)
    probe: dict[str, Any] = {"tcpSocket": {"port": PORT}} if one_at_a_time else {"httpGet": {"path": "/health"}}
    values = {name: value for name, value in function.environment.items() if name not in OF_WATCHDOG}
    variables = [{"name": name, "value": value} for name, value in {"FAPLOG_BIND": f"0.0.0.0:{PORT}", **values}.items()]
    return {
        "name": "function",
        "image": function.image,
        "command": list(COMMAND),
        "ports": [{"name": "http1", "containerPort": PORT}],
        "env": [*variables, *(_instead_of_volumes(function) if one_at_a_time else [])],
        "resources": {"requests": dict(function.requests), "limits": dict(function.limits)},
        # Without a period Knative probes many times a second while a function starts; with one it does not.
        "readinessProbe": probe,
        "livenessProbe": {**probe, "periodSeconds": 10, "timeoutSeconds": 3},
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": function.readonly_root_filesystem,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        **({} if one_at_a_time else {"volumeMounts": list(MOUNTS)}),
    }


def nats_values() -> dict[str, Any]:
    """Return the broker's users as values of the NATS chart. `<< $NAME >>` is an environment variable there."""
    users = [nats_users.user(role, f"<< $NATS_{role.upper()}_PASSWORD >>") for role in nats_users.ROLES]
    environment = {f"NATS_{role.upper()}_PASSWORD": _from_secret("nats-users", role) for role in nats_users.ROLES}
    return {
        "config": {"merge": {"authorization": {"timeout": 5, "users": users}}},
        "container": {"env": environment},
    }


def rendered() -> dict[Path, str]:
    """Return the text of every rendered file, by its path from the checkout's root."""
    functions = stack.read(ROOT / "stack.yml", environment={"TAG": VERSION})
    services = [knative_service(function) for function in with_guests(functions)]
    stamped = release.stamped(ROOT)
    return {
        **stamped,
        **dockerfiles.rendered(stamped),
        Path("infra/knative/base/services.yaml"): HEADER.format(source="stack.yml") + _yaml_all(services),
        Path("infra/connector/base/routes.json"): routes.render(routes.from_stack(functions, KNATIVE, guests=True)),
        Path("infra/environments/openfaas/connector/routes.json"): routes.render(routes.from_stack(functions, GATEWAY)),
        Path("infra/nats/users.yaml"): HEADER.format(source="faplog/nats_users.py") + _yaml_all([nats_values()]),
        Path("infra/openfaas/deploy/stack.yml"): stamped[Path("stack.yml")],
        settings_page.PAGE: settings_page.render(functions),
        Path("infra/openfaas/deploy/template.yml"): (ROOT / "template/faplog-python/template.yml").read_text("utf-8"),
        **{
            Path(f"infra/telemetry/dashboards/{name.lower()}.json"): dashboards.render(name)
            for name in dashboards.DASHBOARDS
        },
    }


def stale() -> list[Path]:
    """Return the rendered files that are missing or differ from what they should say."""
    return [path for path, text in rendered().items() if not _says(ROOT / path, text)]


def _says(path: Path, text: str) -> bool:
    return path.exists() and path.read_text("utf-8") == text


def _yaml_all(documents: list[dict[str, Any]]) -> str:
    return yaml.safe_dump_all(documents, sort_keys=False, explicit_start=True, width=110)


def main(arguments: list[str] | None = None) -> int:
    """Write the files; with --check name the outdated ones and return 1 if there are any."""
    parser = argparse.ArgumentParser(prog="python -m infra.render", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file is out of date")
    if not parser.parse_args(arguments).check:
        for path, text in rendered().items():
            (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / path).write_text(text, "utf-8")
        return 0
    for path in (wrong := stale()):
        print(f"{path} is out of date: run `make render` and commit the result.", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
