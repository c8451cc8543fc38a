"""Webhooks leave the cluster only where an environment asks for it, and never to its own networks."""

import shutil
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml

from functions.api.notifications.addresses import is_public
from infra import check, policy
from tests.conftest import ROOT

COMPONENTS = {"prod": "../../../webhooks", "openfaas": "../../../openfaas/webhooks"}
HTTP_PORTS = {80, 443}
JOB = ("Job", "openfaas-deploy")


@pytest.fixture(params=COMPONENTS)
def with_webhooks(request: pytest.FixtureRequest, tmp_path: Path) -> list[dict[str, Any]]:
    """Return the objects of the functions of an environment that has the component."""
    shutil.copytree(ROOT / "infra", tmp_path / "infra", ignore=shutil.ignore_patterns("__pycache__"))
    folder = tmp_path / "infra/environments" / request.param / "functions"
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text("utf-8"))
    kustomization.setdefault("components", []).append(COMPONENTS[request.param])
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(kustomization), "utf-8")
    return check.build(folder)


def rules(things: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return every rule by which functions may leave the cluster."""
    return [
        rule
        for thing in things
        if thing["kind"] == "NetworkPolicy"
        for rule in thing["spec"].get("egress", [])
        if any("ipBlock" in to for to in rule.get("to", []))
    ]


def test_with_the_component_the_api_alone_reaches_public_receivers(with_webhooks: list[dict[str, Any]]) -> None:
    [found] = [thing for thing in with_webhooks if thing["metadata"]["name"] == "webhooks"]
    assert found["spec"]["podSelector"]["matchLabels"] in ({"faplog.dev/function": "api"}, {"faas_function": "api"})
    [rule] = found["spec"]["egress"]
    assert {port["port"] for port in rule["ports"]} == HTTP_PORTS
    excepted = [ip_network(one) for one in rule["to"][0]["ipBlock"]["except"]]
    for address in ("10.43.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "127.0.0.1", "100.64.0.1", "0.0.0.0"):  # noqa: S104
        assert any(ip_address(address) in network for network in excepted)
        assert not is_public(ip_address(address))


def test_with_the_component_the_setting_is_public(with_webhooks: list[dict[str, Any]]) -> None:
    services = {
        thing["metadata"]["name"]: thing for thing in with_webhooks if thing["apiVersion"].startswith("serving.")
    }
    if services:
        found = {
            name: [variable["value"] for variable in variables if variable["name"] == "FAPLOG_WEBHOOKS"]
            for name, thing in services.items()
            for variables in [thing["spec"]["template"]["spec"]["containers"][0]["env"]]
        }
        assert found.pop("api") == ["public"]
        assert not any(found.values())
    else:
        [job] = [thing for thing in with_webhooks if (thing["kind"], thing["metadata"]["name"]) == JOB]
        environment = job["spec"]["template"]["spec"]["containers"][0]["env"]
        assert {"name": "FEATURE_FLAGS", "value": "--env FAPLOG_WEBHOOKS=public"} in environment
        assert len({variable["name"] for variable in environment}) == len(environment)
        values = {variable["name"]: variable.get("value", "") for variable in environment}
        assert "FAPLOG_COOKIE_SECURE=true" in values["DEPLOY_FLAGS"], "what the environment sets stays"
        assert values["ANALYSE_URL"].endswith("/function/analyse")
        assert values["AVERAGE_URL"].endswith("/function/average")


def test_the_objects_are_valid_and_keep_the_rules(with_webhooks: list[dict[str, Any]]) -> None:
    assert not [problem for thing in with_webhooks for problem in (*check.invalid(thing), *policy.broken(thing))]


def test_without_the_component_functions_do_not_leave_the_cluster() -> None:
    for environment in check.environments():
        folder = check.applied(environment)["functions"]
        built = check.build(folder)
        assert not [rule for rule in rules(built) if {port["port"] for port in rule["ports"]} & HTTP_PORTS]
        assert "FAPLOG_WEBHOOKS" not in yaml.safe_dump(built)
