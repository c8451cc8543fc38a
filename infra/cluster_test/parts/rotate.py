"""New values for every group of secrets while uploads run, with the steps of the guide."""

from collections.abc import Iterator
from functools import partial
from typing import Final

from infra.cluster_test import guide, kube
from infra.cluster_test.disturbing import Step, under_load
from infra.cluster_test.owner import now
from infra.cluster_test.report import Row
from infra.cluster_test.target import NAMESPACE, Target

PART: Final = "rotate"
GROUPS: Final = ("tokens", "database", "store", "broker", "connector")
"""Those that a running system depends on. The others are the backup's, the collector's and the mail server's."""

WAIT: Final = "--timeout=300s"


def run(target: Target) -> Iterator[Row]:
    """Rotate one group after the other and wait each time until uploads are accepted again."""
    steps = [Step(group, partial(rotate, target.environment, group)) for group in GROUPS]
    yield from under_load(PART, target, steps)


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
        kube.kubectl("-n", NAMESPACE, "wait", "--for=delete", "pod", "-l", "faplog.dev/role=connector", WAIT)
    guide.restart_ours()
    if group == "connector":
        guide.type_in("kubectl -n faplog scale deployment/connector --replicas=1")
        kube.kubectl("-n", NAMESPACE, "rollout", "status", "deployment/connector", WAIT)
    return f"in force after {now() - began:.0f} s"
