"""Network policies: what the rules of Kubernetes allow, and that the manifests promise what the guide says."""

from functools import cache
from typing import Any

import pytest

from infra.cluster_test.policies import End, allowed, matches
from infra.cluster_test.target import manifests

NAMESPACES = {
    name: {"kubernetes.io/metadata.name": name} for name in ("faplog", "kube-system", "kourier-system", "stranger")
}


def end(name: str, namespace: str = "faplog", ip: str = "10.42.0.9", **labels: str) -> End:
    """Return an end with labels; `__` in a name stands for `/`."""
    named = {key.replace("__", "/").replace("_", "-"): value for key, value in labels.items()}
    return End(name, ip, namespace, named, NAMESPACES.get(namespace, {}))


def policy(name: str = "one", namespace: str = "faplog", **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": namespace}, "spec": {"podSelector": {}} | spec}


A, B = end("a", app="a"), end("b", app="b")
DENY = policy("deny", policyTypes=["Ingress", "Egress"])


def test_without_a_policy_everything_is_allowed() -> None:
    assert allowed([], A, B, 80)


def test_a_policy_of_another_namespace_does_not_count() -> None:
    assert allowed([policy(namespace="other", policyTypes=["Ingress", "Egress"])], A, B, 80)


def test_both_ends_must_allow_it() -> None:
    out = policy("out", policyTypes=["Egress"], egress=[{"to": [{"podSelector": {"matchLabels": {"app": "b"}}}]}])
    into = policy("into", policyTypes=["Ingress"], ingress=[{"from": [{"podSelector": {"matchLabels": {"app": "a"}}}]}])
    assert not allowed([DENY], A, B, 80)
    assert not allowed([DENY, out], A, B, 80)
    assert not allowed([DENY, into], A, B, 80)
    assert allowed([DENY, out, into], A, B, 80)
    assert not allowed([DENY, out, into], B, A, 80)


@pytest.mark.parametrize(
    ("ports", "port", "opens"),
    [
        (None, 80, True),
        ([{"port": 80}], 80, True),
        ([{"port": 80}], 81, False),
        ([{"port": 80, "endPort": 90}], 85, True),
        ([{"port": 80, "protocol": "UDP"}], 80, False),
        ([{"port": "http"}], 8080, True),
        ([{"port": "http"}], 80, False),
        ([{"protocol": "TCP"}], 12, True),
    ],
)
def test_ports(ports: list[dict[str, Any]] | None, port: int, *, opens: bool) -> None:
    server = End("b", "10.0.0.1", "faplog", {}, {}, {"http": 8080})
    rule = {"ports": ports} if ports else {}
    assert allowed([policy(policyTypes=["Ingress"], ingress=[rule])], A, server, port) is opens


def test_a_pod_selector_without_a_namespace_means_the_policys_own() -> None:
    rules = [{"from": [{"podSelector": {"matchLabels": {"app": "a"}}}]}]
    only = policy(policyTypes=["Ingress"], ingress=rules)
    assert allowed([only], A, B, 80)
    assert not allowed([only], end("a", "stranger", app="a"), B, 80)


def test_namespace_and_pod_selector_of_one_peer_must_both_match() -> None:
    peer = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "stranger"}},
        "podSelector": {"matchLabels": {"app": "a"}},
    }
    only = policy(policyTypes=["Ingress"], ingress=[{"from": [peer]}])
    assert allowed([only], end("a", "stranger", app="a"), B, 80)
    assert not allowed([only], end("c", "stranger", app="c"), B, 80)
    assert not allowed([only], A, B, 80)


def test_an_address_block_has_exceptions() -> None:
    block = {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}
    out = policy(policyTypes=["Egress"], egress=[{"to": [block]}])
    assert allowed([out], A, End("world", "1.1.1.1"), 443)
    assert not allowed([out], A, End("API server", "10.43.0.1"), 443)


def test_egress_without_types_is_read_from_the_fields() -> None:
    assert not allowed([policy(egress=[])], A, End("world", "1.1.1.1"), 443)
    assert allowed([policy()], A, End("world", "1.1.1.1"), 443)


@pytest.mark.parametrize(
    ("expression", "does"),
    [
        ({"key": "app", "operator": "In", "values": ["a", "b"]}, True),
        ({"key": "app", "operator": "NotIn", "values": ["a"]}, False),
        ({"key": "app", "operator": "Exists"}, True),
        ({"key": "other", "operator": "DoesNotExist"}, True),
        ({"key": "other", "operator": "NotIn", "values": ["a"]}, True),
    ],
)
def test_expressions(expression: dict[str, Any], *, does: bool) -> None:
    assert matches({"matchExpressions": [expression]}, {"app": "a"}) is does


@cache
def policies() -> list[dict[str, Any]]:
    """Our own policies in the environment `local`."""
    return [thing for thing in manifests("local") if thing["kind"] == "NetworkPolicy"]


def ours(name: str, key: str = "faplog.dev/role", **further: str) -> End:
    """Return a pod of ours with its labels."""
    return End(name, "10.42.0.1", "faplog", {key: name, **further}, NAMESPACES["faplog"])


FUNCTION = "faplog.dev/function"
API = ours("api", FUNCTION)
ANALYSE = ours("analyse", FUNCTION)
CONNECTOR = ours("connector", **{"faplog.dev/to-nats": "yes", "faplog.dev/to-functions": "yes"})
UI = ours("ui", **{"faplog.dev/to-functions": "yes"})
POSTGRES, MINIO, NATS = ours("postgres"), ours("minio"), ours("nats")
KOURIER = End("kourier", "10.42.1.1", "kourier-system", {"app": "3scale-kourier-gateway"}, NAMESPACES["kourier-system"])
TRAEFIK = End("traefik", "10.42.1.2", "kube-system", {"app.kubernetes.io/name": "traefik"}, NAMESPACES["kube-system"])
STRANGER = End("stranger", "10.42.1.3", "stranger", {}, NAMESPACES["stranger"])
UNLABELLED = End("unlabelled", "10.42.1.4", "faplog", {}, NAMESPACES["faplog"])


@pytest.mark.parametrize(
    ("source", "target", "port", "opens"),
    [
        (API, POSTGRES, 5432, True),
        (API, NATS, 4222, True),
        (API, NATS, 8222, False),
        (API, MINIO, 9000, True),
        (API, KOURIER, 8081, True),
        (ANALYSE, MINIO, 9000, True),
        (ANALYSE, POSTGRES, 5432, False),
        (ANALYSE, NATS, 4222, False),
        (ANALYSE, KOURIER, 8081, False),
        (CONNECTOR, NATS, 4222, True),
        (CONNECTOR, KOURIER, 8081, True),
        (CONNECTOR, POSTGRES, 5432, False),
        (UI, KOURIER, 8081, True),
        (UI, POSTGRES, 5432, False),
        (POSTGRES, MINIO, 9000, False),
        (TRAEFIK, UI, 8000, True),
        (TRAEFIK, KOURIER, 8081, True),
        (TRAEFIK, POSTGRES, 5432, False),
        (KOURIER, API, 8012, True),
        (KOURIER, API, 8080, False),
        (STRANGER, KOURIER, 8081, False),
        (STRANGER, POSTGRES, 5432, False),
        (STRANGER, UI, 8000, False),
        (UNLABELLED, MINIO, 9000, False),
        (UNLABELLED, KOURIER, 8081, False),
        (API, End("API server", "10.43.0.1"), 443, False),
    ],
    ids=lambda value: getattr(value, "name", str(value)),
)
def test_what_the_manifests_promise(source: End, target: End, port: int, *, opens: bool) -> None:
    assert allowed(policies(), source, target, port) is opens
