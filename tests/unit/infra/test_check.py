"""The offline checks find what they are there to find; that nothing is wrong now, `make check` says too."""

import copy
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra import check, policy, upstream

Object = dict[str, Any]


FOLDERS = [*check.folders(), *check.INSTALLS]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: str(path.relative_to(check.INFRA)))
def test_a_folder_builds_validates_and_keeps_the_rules(folder: Path) -> None:
    assert check.build(folder)
    assert check.check_folder(folder) == []


@pytest.mark.parametrize("environment", check.environments(), ids=lambda path: path.name)
def test_an_environment_fits_its_folders_and_charts(environment: Path) -> None:
    assert check.check_environment(environment) == []


def test_every_kustomization_is_used() -> None:
    """By an environment, or by a kustomization that one uses."""
    waiting = [*FOLDERS]
    used = {check.INFRA / "openfaas/standard"}  # added by hand, with a licence
    by_hand = ("webhooks", "mail")  # components, where wanted
    used |= {check.INFRA / folder / name for folder in (".", "openfaas") for name in by_hand}
    while waiting:
        folder = waiting.pop().resolve()
        used.add(folder)
        kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text("utf-8"))
        named = [*kustomization.get("resources", []), *kustomization.get("components", [])]
        waiting += [folder / name for name in named if (folder / name).is_dir()]
    assert {path.parent for path in check.INFRA.rglob("kustomization.yaml")} == used


def deployment() -> Object:
    """Return the pages' Deployment, which keeps every rule."""
    found = next(thing for thing in check.build(check.INFRA / "ui/base") if thing["kind"] == "Deployment")
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
    "keeps 1000m as 1": lambda thing: container(thing)["resources"]["limits"].update(cpu="1000m"),
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
    for folder in ("environments/prod/functions", "environments/prod/edge", "environments/prod"):
        for thing in check.build(check.INFRA / folder):
            if check.schema(thing["apiVersion"], thing["kind"]):
                wrong = copy.deepcopy(thing)
                wrong["spec"]["misspelt"] = True
                assert list(check.invalid(wrong)), thing["kind"]


def test_autoscaling_belongs_to_the_revision() -> None:
    service = next(t for t in check.build(check.INFRA / "knative/base") if "knative" in t["apiVersion"])
    wrong = copy.deepcopy(service)
    wrong["spec"]["template"]["metadata"]["annotations"] = {}
    assert list(check.invalid(wrong))


def test_a_kind_without_a_schema_is_found() -> None:
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


# ---- releases and charts of others


def install(tmp_path: Path, name: str) -> Path:
    """Return a copy of one of the kustomizations of released manifests, to be changed."""
    return Path(shutil.copytree(check.INFRA / name / "install", tmp_path / name))


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")


def test_a_release_that_brings_an_object_twice_does_not_build(tmp_path: Path) -> None:
    folder = install(tmp_path, "knative")
    core = "https://github.com/knative/serving/releases/download/knative-v1.22.0/serving-core.yaml"
    change(folder / "kustomization.yaml", f"  - {core}\n", f"  - {core}\n  - {core.replace('core', 'crds')}\n")
    [problem] = check.check_folder(folder)
    assert "serving-crds.yaml" in problem


def test_a_patch_that_names_a_namespace_which_the_release_does_not_is_found(tmp_path: Path) -> None:
    folder = install(tmp_path, "argocd")
    change(folder / "settings.yaml", "  name: argocd-cm\n", "  name: argocd-cm\n  namespace: argocd\n")
    [problem] = check.check_folder(folder)
    assert "argocd-cm.argocd" in problem


def test_a_release_without_a_shape_of_its_series_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert check.check_releases() == []
    folder = install(tmp_path, "knative")
    change(folder / "kustomization.yaml", "knative-v1.22.0/serving-core", "knative-v1.23.0/serving-core")
    monkeypatch.setattr(check, "INSTALLS", (folder,))
    monkeypatch.setattr(check, "ROOT", tmp_path)
    [problem] = check.check_releases()
    assert "knative-v1.23.0/serving-core.yaml" in problem


@pytest.mark.parametrize("where", ["select", "reject"])
def test_a_pattern_in_a_replacement_is_found(where: str) -> None:
    selector = {"kind": "Application", "name": "nats|openfaas"}
    target = {"select": selector} if where == "select" else {"select": {"kind": "Application"}, "reject": [selector]}
    [problem] = check.replacement_patterns({"replacements": [{"targets": [target]}]})
    assert "nats|openfaas" in problem
    assert check.check_replacements() == []


def test_a_hashed_name_where_nothing_is_pruned_is_found() -> None:
    hashed = {"kind": "ConfigMap", "metadata": {"name": "postgres-roles-7m2f9k5h8t"}}
    [problem] = check.left_behind([hashed, {"kind": "ConfigMap", "metadata": {"name": "postgres-roles"}}])
    assert "postgres-roles-7m2f9k5h8t" in problem


SHAPE: Object = {
    "gateway": {"replicas": "number", "image": "string", "resources": "map"},
    "securityContext": "map",
    "functions": {"httpProbe": "boolean"},
    "tag": "any",
}


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"securityContext": True}, "securityContext is a map in the chart, here it is a boolean"),
        ({"gateway": {"httpProbe": True}}, "gateway.httpProbe is not read by the chart"),
        ({"logs": {"access": {"enabled": False}}}, "logs is not read by the chart"),
        ({"gateway": {"replicas": "2"}}, "gateway.replicas is a number in the chart, here it is a string"),
        ({"functions": "off"}, "functions is a map in the chart"),
    ],
)
def test_a_value_that_a_chart_does_not_read_is_found(values: Object, problem: str) -> None:
    assert list(upstream.misfits(values, SHAPE)) == [problem]


def test_values_that_a_chart_reads_are_fine() -> None:
    values = {"gateway": {"replicas": 2, "resources": {"limits": {"cpu": 1}}}, "securityContext": {"a": 1}, "tag": 3}
    assert list(upstream.misfits(values, SHAPE)) == []
    assert check.check_values_of_traefik() == []


def test_a_chart_of_another_series_needs_a_new_shape() -> None:
    source = {"chart": "openfaas", "targetRevision": "15.0.6", "helm": {"valueFiles": []}}
    [problem] = check.chart_misfits(source)
    assert "openfaas" in problem


def test_a_shape_has_the_names_and_types_of_values_and_of_a_schema() -> None:
    values = {"replicas": 1, "image": {"tag": None, "pull": []}, "resources": {"requests": {"cpu": 1}}, "labels": {}}
    shape = {"replicas": "number", "image": {"tag": "any", "pull": "list"}, "resources": "map", "labels": "map"}
    assert upstream.values_shape(values) == shape
    schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {"replicas": {"type": "integer"}, "image": {"$ref": "#/$defs/image"}, "open": {"type": "object"}},
        "$defs": {"image": {"type": ["string", "null"]}},
    }
    assert upstream.schema_shape(schema, schema) == {"replicas": "number", "image": "any", "open": "map"}


def test_the_shape_of_a_release_keeps_identities_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upstream, "RELEASES", tmp_path / "releases")
    (tmp_path / "kourier.yaml").write_text(
        "apiVersion: v1\nkind: Service\nmetadata: {name: kourier, namespace: kourier-system, labels: {a: b}}\n"
        "spec: {type: LoadBalancer, ports: []}\n---\n",
        "utf-8",
    )
    assert upstream.main(["release", "kourier", "1.22.1", str(tmp_path / "kourier.yaml")]) == 0
    text = (tmp_path / "releases/kourier.yaml").read_text("utf-8")
    assert text.startswith("# Shape of kourier 1.22.1")
    assert yaml.safe_load(text) == {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "kourier", "namespace": "kourier-system"},
        "spec": {"type": "LoadBalancer"},
    }
