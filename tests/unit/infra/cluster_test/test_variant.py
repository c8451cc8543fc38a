"""Knative and OpenFaaS: where the functions' pods are, and which of their freedoms are known."""

import json
from pathlib import Path
from typing import Any

import pytest

from infra import NAMESPACE
from infra.cluster_test import kube, variant
from infra.cluster_test import owner as accounts
from infra.cluster_test.parts import cold, network, pods
from infra.cluster_test.target import STRANGER, Target, manifests
from infra.cluster_test.variant import KNATIVE, OPENFAAS

FACTS = (Path(__file__).parent / "samples/facts.txt").read_text("utf-8")
UNCONFINED = (
    FACTS.replace("CapBnd:\t0000000000000000", "CapBnd:\t00000000a80425fb")
    .replace("NoNewPrivs:\t1", "NoNewPrivs:\t0")
    .replace("Seccomp:\t2", "Seccomp:\t0")
    .replace("Gid:\t10001", "Gid:\t0")
)


def pod(name: str, namespace: str) -> dict[str, Any]:
    secrets = pods.secrets_in_stack()[name]
    volume = {"name": "secrets", "projected": {"sources": [{"secret": {"name": secret}} for secret in secrets]}}
    return {
        "metadata": {"name": f"{name}-1", "namespace": namespace, "labels": {"faplog.dev/function": name}},
        "spec": {
            "containers": [{"name": name, "image": "x", "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}]}],
            "volumes": [volume, {"name": "tmp", "emptyDir": {}}],
        },
        "status": {"phase": "Running", "podIP": "10.42.0.7"},
    }


@pytest.mark.parametrize(("environment", "expected"), [("local", KNATIVE), ("prod", KNATIVE), ("openfaas", OPENFAAS)])
def test_an_environment_says_what_runs_its_functions(environment: str, expected: variant.Variant) -> None:
    assert Target(environment, "http://edge").variant is expected


def test_policies_of_knative_are_promised_where_it_is() -> None:
    def namespaces(environment: str) -> set[str]:
        found = (one for one in manifests(environment) if one["kind"] == "NetworkPolicy")
        return {one["metadata"]["namespace"] for one in found}

    assert {"knative-serving", "kourier-system"} <= namespaces("local")
    assert not {"knative-serving", "kourier-system"} & namespaces("openfaas")


def test_our_pods_are_in_one_namespace_or_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kube, "pods", lambda namespace, _="": [{"namespace": namespace}])
    assert KNATIVE.pods() == [{"namespace": NAMESPACE}]
    assert OPENFAAS.pods() == [{"namespace": NAMESPACE}, {"namespace": "openfaas-fn"}]


@pytest.mark.parametrize(
    ("facts", "verdict", "words"),
    [
        (UNCONFINED, "pass", "OpenFaaS's: has capabilities (CapBnd 00000000a80425fb), has no seccomp filter, may gain"),
        (FACTS, "pass", "no capabilities, seccomp filter"),
        (FACTS.replace("CapEff:\t0000000000000000", "CapEff:\t0000000000000400"), "FAIL", "has capabilities (CapEff"),
        (FACTS.replace("Uid:\t10001", "Uid:\t0"), "FAIL", "runs as root"),
    ],
)
def test_what_openfaas_pods_lack_is_said_and_nothing_else_forgiven(
    monkeypatch: pytest.MonkeyPatch, facts: str, verdict: str, words: str
) -> None:
    monkeypatch.setattr(accounts, "wake", lambda _: None)
    monkeypatch.setattr(
        kube, "pods", lambda namespace, _="": [pod("analyse", namespace)] if namespace == "openfaas-fn" else []
    )
    done = type("Done", (), {"returncode": 0, "stdout": facts, "stderr": ""})
    monkeypatch.setattr(kube, "execute", lambda *_: done)
    [row] = pods.run(Target("openfaas", "http://edge"))
    assert (row.verdict, row.what) == (verdict, "analyse")
    assert words in row.measured


def test_functions_that_keep_a_replica_have_no_cold_start() -> None:
    [row] = cold.run(Target("openfaas", "http://edge"))
    assert (row.verdict, row.measured) == ("measured", "none on OpenFaaS: each keeps a replica")


def test_the_network_tries_functions_and_gateway_where_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []
    gateway = pod("api", "openfaas") | {
        "metadata": {"name": "gateway-1", "namespace": "openfaas", "labels": {"app": "gateway"}}
    }
    found = {"openfaas-fn": [pod("analyse", "openfaas-fn")], "openfaas": [gateway], "faplog": [], STRANGER: []}

    def execute(_: object, container: str, *command: str) -> Any:
        tried.extend(command[3:])
        said = json.dumps(dict.fromkeys(command[3:], False))
        return type("Done", (), {"returncode": 0, "stdout": said, "stderr": ""})

    def items(*what: str) -> list[Any]:
        return [{"metadata": {"name": name}} for name in found] if what[0] == "namespaces" else []

    monkeypatch.setattr(accounts, "wake", lambda _: None)
    monkeypatch.setattr(kube, "pods", lambda namespace, _="": found.get(namespace, []))
    monkeypatch.setattr(kube, "items", items)
    monkeypatch.setattr(kube, "is_ready", lambda _: True)
    monkeypatch.setattr(kube, "kubectl", lambda *_: "")
    monkeypatch.setattr(kube, "get", lambda *_: None)
    monkeypatch.setattr(kube, "execute", execute)
    stranger = pod("api", STRANGER)
    stranger["metadata"] |= {"name": STRANGER, "labels": {}}
    stranger["status"]["podIP"] = "10.42.0.99"
    monkeypatch.setattr(network, "start_strangers", lambda: [stranger])
    rows = list(network.run(Target("openfaas", "http://edge")))
    assert {row.what for row in rows} >= {"from analyse", f"from a stranger in {STRANGER}"}
    assert {address for address in tried if address.startswith("10.42.0.7:")} == {"10.42.0.7:8080", "10.42.0.7:8081"}
