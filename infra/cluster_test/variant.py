"""What runs the functions: Knative or OpenFaaS, where their pods are, and what stands between a caller and them."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from faplog import stack
from infra import ENVIRONMENTS, FUNCTION, NAMESPACE, ROOT, seal
from infra.cluster_test import kube

FUNCTIONS: Final = tuple(stack.read(ROOT / "stack.yml", {}))
"""Every function, also those that are guests in the pods of another."""

PROXY: Final = "queue-proxy"
"""Knative's container beside a function."""


@dataclass(frozen=True, slots=True)
class Variant:
    """What runs the functions.

    Args:
        title: Its name.
        functions: The namespace of the functions' pods.
        platform: Selector and ports of the pods between a caller and a function, by namespace.
        ports: Those on which a pod of a function listens.
        with_pods: The functions that have pods of their own; the others are guests of one of them.
        to_zero: Whether functions without requests have no pod.
        known: How what its pods lack begins, as docs/operations.md says; nothing else may be wrong with them.
    """

    title: str
    functions: str
    platform: Mapping[str, tuple[str, tuple[int, ...]]]
    ports: tuple[int, ...]
    with_pods: tuple[str, ...]
    to_zero: bool = False
    known: tuple[str, ...] = ()

    @property
    def writes_pods(self) -> bool:
        """Whether it writes the functions' pods itself, and no manifest of ours does."""
        return self.functions != NAMESPACE

    @property
    def sleeping(self) -> tuple[str, ...]:
        """The functions that go to zero."""
        return self.with_pods if self.to_zero else ()

    @property
    def namespaces(self) -> tuple[str, ...]:
        """The namespaces of our pods."""
        return tuple(dict.fromkeys((NAMESPACE, self.functions)))

    def pods(self) -> list[kube.Object]:
        """Return our pods that are not being deleted."""
        return [pod for namespace in self.namespaces for pod in kube.pods(namespace)]


KNATIVE: Final = Variant(
    title="Knative",
    functions=NAMESPACE,
    platform=MappingProxyType(
        {
            "kourier-system": ("app=3scale-kourier-gateway", (8080, 8081)),
            "knative-serving": ("app=activator", (8012,)),
        }
    ),
    ports=(8012, 8022, 8080),
    with_pods=tuple(function.name for function in FUNCTIONS if not function.guest_of),
    to_zero=True,
)

OPENFAAS: Final = Variant(
    title="OpenFaaS",
    functions=seal.FUNCTIONS,
    platform=MappingProxyType({seal.OPENFAAS: ("app=gateway", (8080, 8081))}),
    ports=(8080, 8081),
    with_pods=tuple(function.name for function in FUNCTIONS),
    known=("runs in root's group", "has capabilities (CapBnd", "may gain privileges", "has no seccomp filter"),
)


def of(environment: str) -> Variant:
    """Return the variant of an environment."""
    return OPENFAAS if seal.on_openfaas(ENVIRONMENTS / environment) else KNATIVE


def ready_api() -> kube.Object | None:
    """Return a pod of the function api that is ready, whatever runs it."""
    found = (pod for variant in (KNATIVE, OPENFAAS) for pod in kube.pods(variant.functions, f"{FUNCTION}=api"))
    return next((pod for pod in found if kube.is_ready(pod)), None)


def own_container(pod: kube.Object) -> str:
    """Return the name of the container of a pod that is ours."""
    return next(str(one["name"]) for one in pod["spec"]["containers"] if one["name"] != PROXY)
