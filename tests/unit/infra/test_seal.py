"""Secrets: random, whole, sealed as they go by, and never in clear anywhere but in the pipe."""

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from functions.api.signing_keys import SigningKeys
from infra import ENVIRONMENTS, check, seal

KUBESEAL = """#!/bin/sh
cat > "$0.stdin"
echo "$@" > "$0.arguments"
echo "---"
echo "sealed: true"
"""
OPERATOR = {
    "RESTIC_REPOSITORY": "s3:https://s3.example.org/faplog",
    "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "operators-secret",
    "GRAFANA_OTLP_ENDPOINT": "https://otlp.example.org/otlp",
    "GRAFANA_INSTANCE": "123456",
    "GRAFANA_TOKEN": "glc_operators_token",
    "FAPLOG_SMTP_URL": "smtps://faplog:operators-mail-password@mail.example.org",
}


def environments(folder: Path) -> Path:
    """Return a copy of the environments, to seal into."""
    return Path(shutil.copytree(ENVIRONMENTS, folder / "environments"))


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replace kubeseal by a hash and the cluster by none; return the list of the values in clear."""
    values: list[str] = []

    def hashed(manifest: dict[str, Any], _: Path | None) -> str:
        values.extend(manifest["stringData"].values())
        data = {key: hashlib.sha512(value.encode()).hexdigest() for key, value in manifest["stringData"].items()}
        made = {"apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret", "metadata": manifest["metadata"]}
        return yaml.safe_dump(made | {"spec": {"encryptedData": data, "template": {"type": manifest["type"]}}})

    monkeypatch.setattr(seal, "seal", hashed)
    monkeypatch.setattr(seal, "present_in_cluster", lambda *_: None)
    monkeypatch.setattr(seal, "ENVIRONMENTS", environments(tmp_path))
    for name in OPERATOR:
        monkeypatch.delenv(name, raising=False)
    return values


def test_everything_is_sealed_and_nothing_shown(
    tmp_path: Path, given: list[str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name, value in OPERATOR.items():
        monkeypatch.setenv(name, value)
    assert seal.main(["--environment", "openfaas"]) == 0
    folder = tmp_path / "environments/openfaas/secrets"
    said = "".join(capfd.readouterr())
    written = "".join(path.read_text("utf-8") for path in folder.iterdir())
    values = set(given)
    assert len(values) > 15
    for value in values - {f"faplog-{role}" for role in seal.S3_ROLES} - {"admin"}:
        assert value not in said
        assert value not in written
    built = check.build(folder)
    assert {thing["kind"] for thing in built} == {"SealedSecret"}
    assert [problem for thing in built for problem in check.invalid(thing)] == []
    assert len(built) == sum(len(list(yaml.safe_load_all((folder / f"{g}.yaml").read_text()))) for g in seal.GROUPS)


def namespaces(folder: Path) -> set[str]:
    return {thing["metadata"]["namespace"] for thing in check.build(folder)}


@pytest.mark.parametrize("environment", ["prod", "openfaas"])
def test_secrets_go_only_where_there_is_a_namespace(
    tmp_path: Path, given: list[str], monkeypatch: pytest.MonkeyPatch, environment: str
) -> None:
    for name, value in OPERATOR.items():
        monkeypatch.setenv(name, value)
    made = check.build(check.applied(ENVIRONMENTS / environment)["namespaces"])
    assert seal.main(["--environment", environment]) == 0
    assert namespaces(tmp_path / "environments" / environment / "secrets") == {
        thing["metadata"]["name"] for thing in made if thing["kind"] == "Namespace"
    }


def test_the_secrets_of_openfaas_belong_to_an_environment_that_has_it(
    tmp_path: Path, given: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert seal.main(["--rotate", "openfaas"]) == 1
    assert capfd.readouterr().err == "openfaas: the functions of prod do not run on OpenFaaS\n"
    assert seal.main(["--environment", "openfaas", "--rotate", "tokens"]) == 0
    sealed = yaml.safe_load_all((tmp_path / "environments/openfaas/secrets/tokens.yaml").read_text("utf-8"))
    assert {thing["metadata"]["namespace"] for thing in sealed} == {"faplog", "openfaas-fn"}


def test_an_environment_that_does_not_exist_is_named(given: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert seal.main(["--environment", "pord"]) == 1
    assert "There is no environment pord" in capfd.readouterr().err


RUNNING = {
    ("postgres-superuser", "postgres-superuser"): "set-once-by-initdb",
    ("minio-root", "user"): "root-present",
    ("minio-root", "password"): "read-at-the-start-of-the-store",
    ("backup-target", "RESTIC_PASSWORD"): "of-the-old-snapshots",
}


def test_a_rotation_keeps_what_a_running_server_would_not_take_over(
    given: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in OPERATOR.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(seal, "present_in_cluster", lambda name, key: RUNNING.get((name, key)))
    groups = ["database", "store", "backup"]
    assert seal.main([word for group in groups for word in ("--rotate", group)]) == 0
    first = set(given)
    given.clear()
    assert seal.main([word for group in groups for word in ("--rotate", group)]) == 0
    constant = {f"faplog-{role}" for role in seal.S3_ROLES} | set(OPERATOR.values())
    assert first & set(given) - constant == set(RUNNING.values())


def test_two_access_keys_take_turns_so_that_running_programs_go_on() -> None:
    """The set-up job adds the new key and leaves the other one, which programs have until they are restarted."""

    def names(running: dict[str, str]) -> list[str]:
        made = seal.store(lambda name, _: running.get(name))
        return [value for secret in made if "access-key" in secret.name for value in secret.values.values()]

    first = names({})
    assert first == [f"faplog-{role}" for role in seal.S3_ROLES]
    second = names(dict(zip((f"faplog-{role}-s3-access-key" for role in seal.S3_ROLES), first, strict=True)))
    assert set(first).isdisjoint(second)
    assert names(dict(zip((f"faplog-{role}-s3-access-key" for role in seal.S3_ROLES), second, strict=True))) == first


CLUSTER_AWAY = """#!/bin/sh
echo "Unable to connect to the server" >&2
exit 1
"""


@pytest.mark.parametrize("group", ["database", "store", "tokens", "backup"])
def test_without_the_cluster_a_rotation_changes_nothing(
    given: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    group: str,
) -> None:
    """The value to keep is not known then."""
    for name, value in OPERATOR.items():
        monkeypatch.setenv(name, value)
    assert seal.main([]) == 0
    monkeypatch.undo()
    for name, value in OPERATOR.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(seal, "ENVIRONMENTS", tmp_path / "environments")
    file = tmp_path / "environments" / f"prod/secrets/{group}.yaml"
    before = file.read_text("utf-8")
    (tmp_path / "kubectl").write_text(CLUSTER_AWAY, "utf-8")
    (tmp_path / "kubectl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert seal.main(["--rotate", group]) == 1
    assert "the cluster does not answer" in capfd.readouterr().err
    assert file.read_text("utf-8") == before


def test_what_the_operator_did_not_say_is_named_and_left_out(
    tmp_path: Path, given: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert seal.main([]) == 0
    errors = capfd.readouterr().err
    assert (
        "backup: skipped, set RESTIC_REPOSITORY, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY in the environment" in errors
    )
    assert "grafana: skipped, set GRAFANA_OTLP_ENDPOINT" in errors
    assert not (tmp_path / "environments/prod/secrets/backup.yaml").exists()


def test_what_is_sealed_stays_until_it_is_rotated(tmp_path: Path, given: list[str]) -> None:
    assert seal.main([]) == 0
    folder = tmp_path / "environments/prod/secrets"
    before = {path.name: path.read_text("utf-8") for path in folder.iterdir()}
    assert seal.main([]) == 0
    assert {path.name: path.read_text("utf-8") for path in folder.iterdir()} == before
    assert seal.main(["--rotate", "broker"]) == 0
    after = {path.name: path.read_text("utf-8") for path in folder.iterdir()}
    assert {name for name in after if after[name] != before[name]} == {"broker.yaml"}


def test_rotating_what_the_operator_did_not_say_fails(given: list[str]) -> None:
    assert seal.main(["--rotate", "grafana"]) == 1


def test_kubeseal_gets_the_secret_by_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "kubeseal"
    program.write_text(KUBESEAL, "utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(seal, "ENVIRONMENTS", environments(tmp_path))
    assert seal.main(["--environment", "openfaas", "--rotate", "openfaas", "--certificate", "cluster.pem"]) == 0
    secret = json.loads((tmp_path / "kubeseal.stdin").read_text("utf-8"))
    assert (secret["kind"], secret["metadata"]) == ("Secret", {"name": "basic-auth", "namespace": "openfaas"})
    assert secret["stringData"]["basic-auth-password"] not in (tmp_path / "kubeseal.arguments").read_text("utf-8")
    assert "--cert cluster.pem" in (tmp_path / "kubeseal.arguments").read_text("utf-8")
    assert (tmp_path / "environments/openfaas/secrets/openfaas.yaml").read_text("utf-8") == "sealed: true\n"


def test_without_kubeseal_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(seal, "ENVIRONMENTS", environments(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert seal.main([]) == 1
    assert capfd.readouterr().err == "database: the program kubeseal is not installed.\n"


def test_a_url_and_the_server_have_the_same_password() -> None:
    users, *urls = seal.broker(lambda *_: None)
    for secret, role in zip(urls, ("api", "connector"), strict=True):
        assert secret.values[secret.name] == f"nats://{role}:{users.values[role]}@nats.faplog.svc:4222"


def test_passwords_begin_with_a_letter_and_need_no_escape() -> None:
    for _ in range(200):
        made = seal.password()
        assert made[0].isalpha()
        assert made.isalnum()
        assert len(made) == 40


def test_a_rotated_key_signs_and_the_old_one_still_verifies() -> None:
    first = seal.signing_keys()
    second = seal.signing_keys(first)
    third = seal.signing_keys(second)
    keys = [SigningKeys.parse(text) for text in (first, second, third)]
    assert len({one.active for one in keys}) == 3
    assert set(keys[1].keys) == {keys[0].active, keys[1].active}
    assert set(keys[2].keys) == {keys[1].active, keys[2].active}
    assert keys[1].keys[keys[0].active] == keys[0].keys[keys[0].active]


CLUSTER = """#!/bin/sh
# A cluster that has the secrets in the file `there`, and takes down what is applied.
case "$*" in
*"get secret"*)
    [ -e "$0.there" ] || { echo "the server is away" >&2; exit 1; }
    if grep -qx "$2/$5" "$0.there"; then echo "secret/$5"; fi ;;
*apply*) cat >> "$0.applied" ;;
esac
"""


def cluster_with(folder: Path, monkeypatch: pytest.MonkeyPatch, there: list[str] | None) -> Path:
    """Put a kubectl in PATH whose cluster has these secrets, or does not answer; return the file of what it takes."""
    kubectl = folder / "kubectl"
    kubectl.write_text(CLUSTER, "utf-8")
    kubectl.chmod(0o755)
    if there is not None:
        (folder / "kubectl.there").write_text("\n".join(there) + "\n", "utf-8")
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder / "kubectl.applied"


@pytest.mark.usefixtures("given")
def test_a_group_is_applied_once_and_one_that_is_not_whole_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    applied = cluster_with(tmp_path, monkeypatch, ["faplog/faplog-connector-secret"])
    others = [word for group in seal.GROUPS if group != "connector" for word in ("--without", group)]
    assert seal.main(["--environment", "openfaas", "--apply", *others]) == 0
    said = capfd.readouterr()
    assert "connector: already there" in said.out
    assert "connector: but not " in said.err
    assert "--environment openfaas --rotate connector --apply" in said.err
    assert "openfaas-fn/faplog-connector-secret" in said.err
    assert not applied.exists()


@pytest.mark.usefixtures("given")
def test_a_group_is_made_anew_when_the_namespace_of_the_servers_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The collector's namespace still has its copy of the monitor's password."""
    applied = cluster_with(tmp_path, monkeypatch, ["telemetry/faplog-monitor-database", "openfaas-fn/faplog-api-nats"])
    assert seal.main(["--environment", "openfaas", "--apply"]) == 0
    assert "already there" not in capfd.readouterr().out
    taken = {
        (one["metadata"]["namespace"], one["metadata"]["name"])
        for line in applied.read_text("utf-8").replace("}{", "}\n{").splitlines()
        for one in json.loads(line)["items"]
    }
    assert {
        ("faplog", "postgres-superuser"),
        ("telemetry", "faplog-monitor-database"),
        ("faplog", "nats-users"),
    } <= taken


@pytest.mark.usefixtures("given")
def test_secrets_of_a_cluster_that_does_not_answer_are_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    applied = cluster_with(tmp_path, monkeypatch, None)
    assert seal.main(["--apply"]) == 1
    assert "the server is away" in capfd.readouterr().err
    assert not applied.exists()
    (tmp_path / "kubectl.there").write_text("", "utf-8")
    assert seal.main(["--apply"]) == 0
    assert "postgres-superuser" in applied.read_text("utf-8")
