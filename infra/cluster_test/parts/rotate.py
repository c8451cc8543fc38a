"""New values for every group of secrets while uploads run, with the steps of the guide."""

from collections.abc import Iterator
from functools import partial
from typing import Final

from infra import NAMESPACE, ROLE, seal
from infra.cluster_test import guide, kube, variant
from infra.cluster_test.disturbing import Step, under_load
from infra.cluster_test.owner import now
from infra.cluster_test.report import Row
from infra.cluster_test.target import Target
from infra.seal import TELEMETRY

PART: Final = "rotate"
GROUPS: Final = ("tokens", "database", "store", "store", "broker", "connector")
"""Those that every running system depends on; `store` there and back, because two keys take turns.

The part `backup` rotates the backup's.
"""
GATEWAY: Final = "openfaas"
"""The password of OpenFaaS' gateway."""

COLLECTOR: Final = "grafana"
GIVEN: Final = ("mail", COLLECTOR)
"""Those of accounts of the operator: they follow where their variables are set."""

ACCESS_KEY: Final = "faplog-api-s3-access-key"

WAIT: Final = "--timeout=300s"


def run(target: Target) -> Iterator[Row]:
    """Rotate one group after the other and wait each time until uploads are accepted again."""
    yield from under_load(PART, target, steps(target.environment))


def steps(environment: str) -> list[Step]:
    """Return a step for each rotation; one of a group that was rotated before says so in its name."""
    groups = [*GROUPS, *filter(seal.is_given, GIVEN)]
    if variant.of(environment).writes_pods:
        groups.append(GATEWAY)
    found = []
    for number, group in enumerate(groups):
        name = f"{group}, again" if group in groups[:number] else group
        found.append(Step(name, partial(rotate, environment, group)))
    return found


def rotate(environment: str, group: str) -> str:
    """Make new secrets of a group, bring them into force, and say how long that took.

    Raises:
        CommandFailed: A step of the guide failed.
        KubeError: The cluster refused one.
    """
    began = now()
    guide.type_in(f".venv/bin/python -m infra.seal --environment {environment} --rotate {group} --apply")
    if group in ("database", "store"):
        guide.install_again(environment)
    if group == "broker":
        kube.kubectl("-n", NAMESPACE, "rollout", "restart", "statefulset/nats")
        kube.kubectl("-n", NAMESPACE, "rollout", "status", "statefulset/nats", WAIT)
    if group == "connector":
        guide.type_in("kubectl -n faplog scale deployment/connector --replicas=0")
        kube.kubectl("-n", NAMESPACE, "wait", "--for=delete", "pod", "-l", f"{ROLE}=connector", WAIT)
    if group == GATEWAY:
        guide.type_in("kubectl -n openfaas rollout restart deployment/gateway")
        kube.kubectl("-n", seal.OPENFAAS, "rollout", "status", "deployment/gateway", WAIT)
        guide.install_again(environment)
    elif group == COLLECTOR:
        guide.type_in("kubectl -n telemetry rollout restart deployment/alloy")
        kube.kubectl("-n", TELEMETRY, "rollout", "status", "deployment/alloy", WAIT)
    else:
        guide.restart_ours(environment)
    if group == "connector":
        guide.type_in("kubectl -n faplog scale deployment/connector --replicas=1")
        kube.kubectl("-n", NAMESPACE, "rollout", "status", "deployment/connector", WAIT)
    key = f" with the key {access_key()}" if group == "store" else ""
    return f"in force after {now() - began:.0f} s{key}"


def access_key() -> str:
    """Return the name of the store's key that the function `api` has now. It is no secret."""
    return kube.required_secret_value(NAMESPACE, ACCESS_KEY, ACCESS_KEY)
