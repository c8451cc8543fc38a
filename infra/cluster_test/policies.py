"""What network policies allow, by the rules of Kubernetes: pure functions from policies and two ends to a verdict."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

Object = dict[str, Any]
Direction = Literal["Ingress", "Egress"]


@dataclass(frozen=True)
class End:
    """One end of a connection. `namespace` is empty for an address outside of the cluster.

    Args:
        name: How the table names it.
        ip: Its address.
        namespace: Its namespace.
        labels: The pod's labels.
        namespace_labels: The namespace's labels.
        port_names: Numbers of the pod's named ports.
    """

    name: str
    ip: str
    namespace: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    namespace_labels: dict[str, str] = field(default_factory=dict)
    port_names: dict[str, int] = field(default_factory=dict)


def allowed(policies: Iterable[Object], source: End, target: End, port: int, protocol: str = "TCP") -> bool:
    """Return whether the policies let a connection through: out of the source and into the target."""
    policies = tuple(policies)
    return _passes(policies, "Egress", source, target, target, port, protocol) and _passes(
        policies, "Ingress", target, source, target, port, protocol
    )


def _passes(
    policies: tuple[Object, ...],
    direction: Direction,
    subject: End,
    other: End,
    server: End,
    port: int,
    protocol: str,
) -> bool:
    """Return whether the policies that select `subject` let `other` through. If none selects it, everything passes."""
    key, peers = ("egress", "to") if direction == "Egress" else ("ingress", "from")
    selecting = [policy for policy in policies if _selects(policy, direction, subject)]
    if not selecting:
        return True
    return any(
        _has_port(rule.get("ports"), server, port, protocol) and _has_peer(rule.get(peers), other, policy)
        for policy in selecting
        for rule in policy["spec"].get(key) or []
    )


def _selects(policy: Object, direction: Direction, end: End) -> bool:
    spec = policy["spec"]
    kinds = spec.get("policyTypes") or ["Ingress", *(["Egress"] if "egress" in spec else [])]
    return bool(
        direction in kinds
        and end.namespace
        and policy["metadata"]["namespace"] == end.namespace
        and matches(spec.get("podSelector") or {}, end.labels)
    )


def matches(selector: Object, labels: dict[str, str]) -> bool:
    """Return whether a label selector matches labels. An empty one matches everything."""
    if not (selector.get("matchLabels") or {}).items() <= labels.items():
        return False
    return all(_expression(one, labels) for one in selector.get("matchExpressions") or [])


def _expression(one: Object, labels: dict[str, str]) -> bool:
    value = labels.get(one["key"])
    operators = {
        "In": value in one.get("values", []),
        "NotIn": value not in one.get("values", []),
        "Exists": value is not None,
        "DoesNotExist": value is None,
    }
    return operators[one["operator"]]


def _has_port(ports: list[Object] | None, server: End, port: int, protocol: str) -> bool:
    if not ports:
        return True
    return any(
        one.get("protocol", "TCP") == protocol and _is_port(one.get("port"), one.get("endPort"), server, port)
        for one in ports
    )


def _is_port(given: int | str | None, last: int | None, server: End, port: int) -> bool:
    if given is None:
        return True
    if isinstance(given, str):
        return server.port_names.get(given) == port
    return given <= port <= (last or given)


def _has_peer(peers: list[Object] | None, other: End, policy: Object) -> bool:
    if not peers:
        return True
    return any(_is_peer(peer, other, policy) for peer in peers)


def _is_peer(peer: Object, other: End, policy: Object) -> bool:
    if block := peer.get("ipBlock"):
        address = ipaddress.ip_address(other.ip)
        return address in ipaddress.ip_network(block["cidr"]) and not any(
            address in ipaddress.ip_network(exception) for exception in block.get("except") or []
        )
    if not other.namespace:
        return False
    if (namespaces := peer.get("namespaceSelector")) is None:
        near = other.namespace == policy["metadata"]["namespace"]
    else:
        near = matches(namespaces, other.namespace_labels)
    return near and matches(peer.get("podSelector") or {}, other.labels)
