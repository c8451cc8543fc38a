"""What a container may do, judged by what its kernel says."""

import json
from pathlib import Path
from typing import Any

import pytest

from infra.cluster_test.parts import pods
from infra.cluster_test.target import manifests

SAMPLES = Path(__file__).parent / "samples"
STATUS, MOUNTS = pods.split_facts((SAMPLES / "facts.txt").read_text("utf-8"))


def sample(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_text("utf-8"))
    return found


def test_a_confined_process_has_no_problem() -> None:
    assert pods.status_problems(STATUS) == []
    assert pods.user(STATUS) == "10001"


@pytest.mark.parametrize(
    ("right", "wrong", "problem"),
    [
        ("Uid:\t10001", "Uid:\t0", "runs as root"),
        ("Gid:\t10001", "Gid:\t0", "runs in root's group"),
        ("CapBnd:\t0000000000000000", "CapBnd:\t00000000a80425fb", "has capabilities (CapBnd 00000000a80425fb)"),
        ("CapEff:\t0000000000000000", "CapEff:\t0000000000000400", "has capabilities (CapEff 0000000000000400)"),
        ("NoNewPrivs:\t1", "NoNewPrivs:\t0", "may gain privileges"),
        ("Seccomp:\t2", "Seccomp:\t0", "has no seccomp filter"),
    ],
)
def test_each_freedom_is_named(right: str, wrong: str, problem: str) -> None:
    assert right in STATUS
    assert problem in pods.status_problems(STATUS.replace(right, wrong))


def test_mounts_of_a_confined_container_are_fine() -> None:
    assert pods.mount_problems(MOUNTS, ["/tmp"]) == []


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("overlay / overlay rw,relatime 0 0", "its root is writable"),
        (
            "tmpfs /run/secrets/kubernetes.io/serviceaccount tmpfs ro 0 0",
            "has a token of the API server",
        ),
        (
            "tmpfs /var/run/secrets/kubernetes.io/serviceaccount tmpfs ro 0 0",
            "has a token of the API server",
        ),
        ("/dev/vda1 /host ext4 rw,relatime 0 0", "may write to /host"),
        ("/dev/vda1 /tmpfoo ext4 rw,relatime 0 0", "may write to /tmpfoo"),
    ],
)
def test_each_mount_that_should_not_be_is_named(line: str, problem: str) -> None:
    assert problem in pods.mount_problems(line, ["/tmp"])


def test_what_may_be_written_is_what_the_pod_says() -> None:
    pod = sample("pod-api")
    assert pods.writable_paths(pod, pod["spec"]["containers"][0]) == ["/tmp"]


def test_a_running_pod_keeps_the_rules_and_has_the_secrets_of_the_manifests() -> None:
    pod = sample("pod-api")
    assert pods.broken_rules(pod) == []
    assert pods.secrets_of(pod["spec"]) == pods.expected_secrets(manifests("local"))["api"]


def test_a_rule_that_a_running_pod_breaks_is_named() -> None:
    pod = sample("pod-api")
    pod["spec"]["hostNetwork"] = True
    del pod["spec"]["containers"][0]["securityContext"]["capabilities"]
    assert pods.broken_rules(pod) == ["it uses hostNetwork", "container function: it keeps capabilities"]


def test_secrets_in_variables_count_and_optional_ones_do_not() -> None:
    spec = {
        "volumes": [{"name": "ssh", "secret": {"secretName": "backup-ssh", "optional": True}}],
        "containers": [
            {
                "env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "users", "key": "a"}}}],
                "envFrom": [{"secretRef": {"name": "target"}}],
            }
        ],
    }
    assert pods.secrets_of(spec) == {"users", "target"}


def test_every_workload_of_ours_has_its_secrets() -> None:
    expected = pods.expected_secrets(manifests("local"))
    assert {"api", "analyse", "connector", "ui", "postgres", "minio"} <= expected.keys()
    assert expected["ui"] == set()
    assert "faplog-owner-database" not in expected["api"]
