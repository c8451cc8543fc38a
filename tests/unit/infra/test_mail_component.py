"""Outgoing mail in the cluster is a component: without it nothing is allowed, with it exactly what mail needs."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from functions.api.settings import mail_address
from infra import ENVIRONMENTS, check, policy
from tests.conftest import ROOT
from tests.unit.infra.test_agreement import used

SMTP_PORTS = {25, 465, 587}
COMPONENTS = {"prod": "../../../mail", "openfaas": "../../../openfaas/mail"}


@pytest.fixture(params=COMPONENTS)
def with_mail(request: pytest.FixtureRequest, tmp_path: Path) -> list[dict[str, Any]]:
    """Return the functions of an environment with the component."""
    shutil.copytree(ROOT / "infra", tmp_path / "infra", ignore=shutil.ignore_patterns("schemas", "__pycache__"))
    folder = tmp_path / "infra/environments" / request.param / "functions"
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text("utf-8"))
    kustomization.setdefault("components", []).append(COMPONENTS[request.param])
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(kustomization), "utf-8")
    return check.build(folder)


def ports(things: list[dict[str, Any]]) -> set[int]:
    """Return every port that a policy lets pods reach outside of the cluster."""
    return {
        port["port"]
        for thing in things
        if thing["kind"] == "NetworkPolicy"
        for rule in thing["spec"].get("egress", [])
        if any("ipBlock" in to for to in rule.get("to", []))
        for port in rule["ports"]
    }


def test_with_the_component_the_api_alone_reaches_mail_servers(with_mail: list[dict[str, Any]]) -> None:
    assert ports(with_mail) == {465, 587}
    [mail] = [thing for thing in with_mail if thing["metadata"]["name"] == "mail"]
    assert mail["spec"]["podSelector"]["matchLabels"] in ({"faplog.dev/function": "api"}, {"faas_function": "api"})
    [rule] = mail["spec"]["egress"]
    assert {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"} <= set(
        rule["to"][0]["ipBlock"]["except"]
    )


def test_the_objects_are_valid_and_keep_the_rules(with_mail: list[dict[str, Any]]) -> None:
    assert not [problem for thing in with_mail for problem in (*check.invalid(thing), *policy.broken(thing))]


def test_the_api_alone_gets_the_secret_and_the_sender(with_mail: list[dict[str, Any]]) -> None:
    text = yaml.safe_dump(with_mail, width=10_000)
    [sender] = set(re.findall(r"faplog <[^>]+>", text))
    mail_address(sender)
    services = {thing["metadata"]["name"]: thing for thing in with_mail if thing["apiVersion"].startswith("serving.")}
    if services:
        assert {name for name, thing in services.items() if "faplog-smtp-url" in set(used(thing))} == {"api"}
        environment = services["api"]["spec"]["template"]["spec"]["containers"][0]["env"]
        assert {"FAPLOG_MAIL_FROM", "FAPLOG_PUBLIC_URL"} <= {variable["name"] for variable in environment}
    else:
        [line] = [line for line in text.split("faas-cli ") if "faplog-smtp-url" in line and "deploy" in line]
        assert "--filter api " in line


def test_without_the_component_nothing_reaches_a_mail_server() -> None:
    for environment in check.environments():
        for folder in check.applied(environment).values():
            if folder not in check.INSTALLS:
                assert not ports(check.build(folder)) & SMTP_PORTS


@pytest.mark.parametrize("environment", ["prod", "openfaas"])
def test_the_address_of_the_pages_is_the_host_of_the_edge(environment: str) -> None:
    [host] = re.findall(
        r"dnsNames: \[(\S+)\]", (ROOT / "infra/environments" / environment / "edge/host.yaml").read_text("utf-8")
    )
    functions = yaml.safe_dump(check.build(ROOT / "infra/environments" / environment / "functions"), width=10_000)
    assert set(re.findall(r"https://[a-z.]+\b", functions)) == {f"https://{host}"}


@pytest.mark.parametrize("environment", ["local", "prod", "openfaas"])
def test_a_cluster_wants_invites(environment: str) -> None:
    folder = check.applied(ENVIRONMENTS / environment)["functions"]
    built = yaml.safe_dump(check.build(folder))
    assert re.search(r"FAPLOG_REGISTRATION\s+value: invite|FAPLOG_REGISTRATION: \$\{REGISTRATION:-invite\}", built)
