"""The offline checks find what they are there to find; that nothing is wrong now, `make check` says too."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infra import check, policy

Object = dict[str, Any]


@pytest.mark.parametrize("overlay", check.overlays(), ids=lambda path: str(path.relative_to(check.INFRA)))
def test_an_overlay_builds_validates_and_keeps_the_rules(overlay: Path) -> None:
    assert check.build(overlay)
    assert check.check_overlay(overlay) == []


def test_every_component_has_both_overlays() -> None:
    components = {path.parents[2].name for path in check.INFRA.glob("*/overlays/*/kustomization.yaml")}
    for component in components - {"sealed-secrets"}:
        assert (check.INFRA / component / "overlays/local").is_dir(), component
        assert (check.INFRA / component / "overlays/prod").is_dir(), component


def deployment() -> Object:
    """The pages' Deployment, which keeps every rule."""
    found = next(thing for thing in check.build(check.INFRA / "ui/overlays/local") if thing["kind"] == "Deployment")
    return copy.deepcopy(found)


def container(thing: Object) -> Object:
    first: Object = thing["spec"]["template"]["spec"]["containers"][0]
    return first


BREAKS: dict[str, Callable[[Object], Any]] = {
    "limits": lambda thing: container(thing)["resources"].pop("limits"),
    "requests": lambda thing: container(thing)["resources"]["requests"].pop("memory"),
    "probe": lambda thing: container(thing).pop("livenessProbe"),
    "numeric user": lambda thing: thing["spec"]["template"]["spec"]["securityContext"].update(runAsUser=0),
    "root file system": lambda thing: container(thing)["securityContext"].pop("readOnlyRootFilesystem"),
    "capabilities": lambda thing: container(thing)["securityContext"].update(capabilities={"drop": ["NET_RAW"]}),
    "gain privileges": lambda thing: container(thing)["securityContext"].pop("allowPrivilegeEscalation"),
    "seccomp": lambda thing: thing["spec"]["template"]["spec"]["securityContext"].pop("seccompProfile"),
    "tag of a version": lambda thing: container(thing).update(image="ghcr.io/faplog/ui:latest"),
    "named in full": lambda thing: container(thing).update(image="nginx:1.29"),
    "automountServiceAccountToken": lambda thing: thing["spec"]["template"]["spec"].pop("automountServiceAccountToken"),
    "account of its own": lambda thing: thing["spec"]["template"]["spec"].pop("serviceAccountName"),
    "kind that Pod Security refuses": lambda thing: thing["spec"]["template"]["spec"]["volumes"].append(
        {"name": "host", "hostPath": {"path": "/"}}
    ),
    "fill the node's disk": lambda thing: thing["spec"]["template"]["spec"]["volumes"][0].update(emptyDir={}),
    "value in clear": lambda thing: container(thing)["env"].append({"name": "DB_PASSWORD", "value": "hunter2"}),
    "may gain privileges": lambda thing: container(thing)["securityContext"].update(privileged=True),
    "a port of the node": lambda thing: container(thing)["ports"][0].update(hostPort=8000),
    "selector does not match": lambda thing: thing["spec"]["template"]["metadata"]["labels"].pop("faplog.dev/role"),
    "what is no volume: tmp": lambda thing: thing["spec"]["template"]["spec"].pop("volumes"),
    "at most 15": lambda thing: container(thing)["ports"][0].update(name="http-for-the-pages"),
    "a port it does not name: http": lambda thing: container(thing).pop("ports"),
    "hostNetwork": lambda thing: thing["spec"]["template"]["spec"].update(hostNetwork=True),
}


@pytest.mark.parametrize("word", BREAKS)
def test_a_rule_that_is_broken_is_named(word: str) -> None:
    thing = deployment()
    assert not list(policy.broken(thing))
    BREAKS[word](thing)
    assert any(word in problem for problem in policy.broken(thing)), list(policy.broken(thing))


def test_a_secret_in_clear_and_a_service_with_a_port_outside_are_named() -> None:
    assert list(policy.broken({"kind": "Secret", "metadata": {"name": "x"}, "data": {}}))
    outside = {"kind": "Service", "metadata": {"name": "x"}, "spec": {"type": "NodePort"}}
    assert list(policy.broken(outside))


def test_a_misspelt_field_is_found_in_a_resource_of_kubernetes() -> None:
    thing = deployment()
    container(thing)["livenessprobe"] = {}
    assert list(check.invalid(thing))


def test_a_misspelt_field_is_found_in_a_resource_of_our_own_schemas() -> None:
    for overlay in ("knative", "traefik", "argocd"):
        for thing in check.build(check.INFRA / overlay / "overlays/prod"):
            if check.schema(thing["apiVersion"], thing["kind"]):
                wrong = copy.deepcopy(thing)
                wrong["spec"]["misspelt"] = True
                assert list(check.invalid(wrong)), thing["kind"]


def test_autoscaling_belongs_to_the_revision() -> None:
    service = next(t for t in check.build(check.INFRA / "knative/overlays/local") if "knative" in t["apiVersion"])
    wrong = copy.deepcopy(service)
    wrong["spec"]["template"]["metadata"]["annotations"] = {}
    assert list(check.invalid(wrong))


def test_a_kind_nobody_wrote_a_schema_for_is_found() -> None:
    thing = {"apiVersion": "example.org/v1", "kind": "Thing", "metadata": {"name": "x"}}
    assert list(check.invalid(thing)) == ["there is no schema for this kind: write one in infra/schemas"]


def test_what_kubeseal_writes_is_valid_and_a_value_in_clear_is_not() -> None:
    metadata = {"name": "faplog-api-nats", "namespace": "faplog", "creationTimestamp": None}
    sealed = {
        "apiVersion": "bitnami.com/v1alpha1",
        "kind": "SealedSecret",
        "metadata": metadata,
        "spec": {
            "encryptedData": {"faplog-api-nats": "AgB" + "x" * 700},
            "template": {"metadata": metadata, "type": "Opaque"},
        },
    }
    assert list(check.invalid(sealed)) == []
    sealed["spec"] = {"encryptedData": {"faplog-api-nats": "nats://api:secret@nats"}}
    assert list(check.invalid(sealed))
