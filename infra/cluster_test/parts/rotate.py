"""New values for every group of secrets while uploads run, with the steps of the guide."""

from collections.abc import Iterator
from typing import Final

from infra.cluster_test import guide, kube, load
from infra.cluster_test import owner as accounts
from infra.cluster_test.owner import now, owner
from infra.cluster_test.parts.roll import nothing_lost, under_load
from infra.cluster_test.report import Row
from infra.cluster_test.target import NAMESPACE, Target
from infra.cluster_test.waiting import until

PART: Final = "rotate"
GROUPS: Final = ("tokens", "database", "store", "broker", "connector")
"""Those that a running system depends on. The others are the backup's, the collector's and the mail server's."""

BACK_SEC: Final = 300.0


def run(target: Target) -> Iterator[Row]:
    """Rotate one group after the other and wait each time until uploads are accepted again."""
    with owner(target) as one:
        with load.running(one) as running:
            until(lambda: running.answered_since(0), accounts.TIMEOUT_SEC, "a first answer under load")
            windows = []
            for group in GROUPS:
                began = now()
                rotate(target.environment, group)
                moment = now()
                until(lambda: running.answered_since(moment), BACK_SEC, f"an answer with new {group}")  # noqa: B023
                windows.append((group, began, now()))
        accounts.settle(one)
        for group, began, ended in windows:
            yield under_load(PART, f"{group}, in {ended - began:.0f} s", running, began, ended)
        yield nothing_lost(PART, one, running)


def rotate(environment: str, group: str) -> None:
    """Make new secrets of a group and bring them into force.

    Raises:
        CommandFailed: A step of the guide failed.
        KubeError: The cluster refused one.
    """
    guide.type_in(f".venv/bin/python -m infra.seal --environment {environment} --rotate {group} --apply")
    if group in ("database", "store"):
        guide.install_again(environment)
    if group == "broker":
        kube.kubectl("-n", NAMESPACE, "rollout", "restart", "statefulset/nats")
        kube.kubectl("-n", NAMESPACE, "rollout", "status", "statefulset/nats", f"--timeout={BACK_SEC:.0f}s")
    if group == "connector":
        guide.type_in("kubectl -n faplog scale deployment/connector --replicas=0")
        kube.kubectl(
            "-n", NAMESPACE, "wait", "--for=delete", "pod", "-l", "faplog.dev/role=connector", "--timeout=180s"
        )
    guide.restart_ours()
    if group == "connector":
        guide.type_in("kubectl -n faplog scale deployment/connector --replicas=1")
        kube.kubectl("-n", NAMESPACE, "rollout", "status", "deployment/connector", f"--timeout={BACK_SEC:.0f}s")
