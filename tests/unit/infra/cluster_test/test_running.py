"""A run: what is missing is said and nothing changed; a failed proof is exit code 1; a broken part is a row."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from infra.cluster_test import __main__ as program
from infra.cluster_test import guide, kube, preflight, waiting
from infra.cluster_test import owner as accounts_of_test
from infra.cluster_test.kube import KubeError
from infra.cluster_test.report import Row, proof
from infra.cluster_test.target import Target
from infra.cluster_test.waiting import TooLate
from tests.unit.infra import cluster_stub

TRAEFIK = {"status": {"loadBalancer": {"ingress": [{"ip": "10.0.0.7"}]}}}
THERE: dict[str, Any] = {
    "version": cluster_stub.CLUSTER["version"]
    | {
        "clientVersion": {"major": "1", "minor": "34", "gitVersion": "v1.34.5"},
        "serverVersion": {"major": "1", "minor": "34", "gitVersion": "v1.34.2"},
    },
    "get -n kube-system service/traefik": TRAEFIK,
    "get nodes": {
        "items": [
            {
                "status": {
                    "allocatable": {"cpu": "4", "memory": "7900Mi"},
                    "capacity": {"cpu": "4", "memory": "8000Mi"},
                    "nodeInfo": {
                        "architecture": "amd64",
                        "osImage": "Linux",
                        "kernelVersion": "6.1",
                        "containerRuntimeVersion": "containerd://2",
                    },
                }
            }
        ]
    },
}


def ready(kind: str) -> dict[str, Any]:
    conditions = [{"type": "Ready", "status": "True"}]
    return {"kind": kind, "spec": {"replicas": 1}, "status": {"readyReplicas": 1, "conditions": conditions}}


for thing in ("deployment/connector", "deployment/ui", "statefulset/postgres", "statefulset/minio"):
    THERE[f"get -n faplog {thing}"] = ready("Deployment")
for thing in ("api", "analyse"):
    THERE[f"get -n faplog services.serving.knative.dev/{thing}"] = ready("Service")


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a cluster with everything of ours, and no account."""
    monkeypatch.setenv("PATH", cluster_stub.write(tmp_path, **THERE)["PATH"])
    return tmp_path


def with_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **answers: Any) -> None:
    monkeypatch.setenv("PATH", cluster_stub.write(tmp_path, **(THERE | answers))["PATH"])


def changes(folder: Path) -> list[str]:
    """Commands that change something."""
    verbs = {"apply", "delete", "patch", "create", "scale", "rollout", "exec", "upgrade", "label"}
    return [line for line in cluster_stub.told(folder) if verbs & set(line.split())]


def replace_parts(monkeypatch: pytest.MonkeyPatch, **parts: Any) -> None:
    for name, run in parts.items():
        monkeypatch.setitem(program.PARTS, name, run)


def good(target: Target) -> Iterator[Row]:
    yield proof("flow", "a proof", target.address, holds=True)


def bad(target: Target) -> Iterator[Row]:
    yield proof("cold", "a proof", "nothing", holds=False)


def broken(target: Target) -> Iterator[Row]:
    yield proof("burst", "before", "one", holds=True)
    raise KubeError("connection refused")


LACKS: dict[str, tuple[list[str], dict[str, Any], str]] = {
    "no cluster": ([], {"version": "connection refused"}, "Missing: no cluster answers kubectl: connection refused."),
    "old": (
        [],
        {"version": {"clientVersion": {"major": "1", "minor": "34"}, "serverVersion": {"major": "1", "minor": "30"}}},
        "the cluster is version 1.30: 1.34 or newer is needed",
    ),
    "no storage class": ([], {"get storageclasses": {"items": []}}, "no storage class of rancher.io/local-path"),
    "another ingress": ([], {"get crd ingressroutes.traefik.io": ""}, "Traefik is not its ingress"),
    "not installed": (
        [],
        {"get -n faplog deployment/ui": ""},
        "it is not installed or half installed (no Deployment ui). Name the part `install`, too.",
    ),
    "not ready": (
        [],
        {"get -n faplog statefulset/postgres": {"kind": "StatefulSet", "spec": {"replicas": 1}, "status": {}}},
        "half installed (StatefulSet postgres is not ready)",
    ),
    "0.1.0": (
        [],
        {
            "get pods -n faplog": {
                "items": [
                    {
                        "metadata": {"labels": {"faplog.dev/role": "ui"}},
                        "spec": {"containers": [{"image": "ghcr.io/faplog/ui:0.1.0"}]},
                    }
                ]
            }
        },
        "on this cluster runs faplog 0.1.0. Upgrade it first",
    ),
    "no address": ([], {"get -n kube-system service/traefik": ""}, "Say ADDRESS=http://…"),
    "OpenFaaS": (
        ["--environment", "openfaas"],
        {"get -n openfaas-fn deployment/analyse": {"kind": "Deployment", "status": {}, "spec": {}}},
        "half installed (no Deployment api, Deployment analyse is not ready, no Deployment average)",
    ),
}


@pytest.mark.parametrize("case", LACKS)
def test_what_is_missing_is_said_and_nothing_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    arguments, answers, sentence = LACKS[case]
    with_answers(tmp_path, monkeypatch, **answers)
    replace_parts(monkeypatch, flow=good)
    assert program.main(["--parts", "flow", *arguments]) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert said.endswith("Nothing was changed.\n")
    assert changes(tmp_path) == []


@pytest.mark.parametrize("part", [*program.PARTS])
def test_where_argo_cd_applies_git_only_what_installs_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], part: str
) -> None:
    owned = {"get applications.argoproj.io -n argocd faplog": {"metadata": {"name": "faplog"}}}
    with_answers(tmp_path, monkeypatch, **owned)
    monkeypatch.setattr("infra.cluster_test.parts.pages.executable", lambda: "chromium")
    replace_parts(monkeypatch, **{part: good})
    installs = part in ("install", "rotate", "backup")
    assert program.main(["--parts", part]) == (2 if installs else 0)
    refusal = f"applies this cluster from git (faplog): change git instead. Leave these parts out: {part}.\n"
    assert capsys.readouterr().err.endswith(f"{refusal}Nothing was changed.\n") is installs


def test_without_kubectl_it_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PATH", "")
    assert program.main(["--parts", "flow"]) == 2
    assert "The program kubectl is not installed." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("accounts", "said"), [(0, ""), (3, "3"), (TooLate("not within 60 s"), "an unknown number (not within 60 s)")]
)
def test_a_system_in_use_is_not_interrupted(
    cluster: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    accounts: int | TooLate,
    said: str,
) -> None:
    def count(_: str) -> int:
        if isinstance(accounts, TooLate):
            raise accounts
        return accounts

    monkeypatch.setattr(kube, "get", answer_with_namespace(kube.get))
    monkeypatch.setattr(accounts_of_test, "accounts", count)
    replace_parts(monkeypatch, kill=good)
    assert program.main(["--parts", "kill"]) == (2 if said else 0)
    if said:
        assert f"this one has {said}, and kill would interrupt or replace it" in capsys.readouterr().err
        assert program.main(["--parts", "kill", "--disposable"]) == 0


def test_an_api_that_sleeps_is_woken_to_count_accounts(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def get(url: str, **_: object) -> None:
        asked.append(url)
        raise httpx.ConnectError("a new pod's first connections")

    def execute(_: object, container: str, *command: str) -> "subprocess.CompletedProcess[str]":
        assert (container, command[-1]) == ("function", "list-users")
        return subprocess.CompletedProcess(command, 0, "id\n2 accounts\n", "")

    containers = [{"name": "queue-proxy"}, {"name": "function"}]
    monkeypatch.setattr(
        accounts_of_test, "ready_api", lambda: {"spec": {"containers": containers}} if len(asked) > 1 else None
    )
    monkeypatch.setattr(httpx, "get", get)
    monkeypatch.setattr(kube, "execute", execute)
    assert accounts_of_test.accounts("http://edge") == 2
    assert asked == ["http://edge/api/v1/health/liveness"] * 2


def answer_with_namespace(get: Any) -> Any:
    return lambda *what: {"kind": "Namespace"} if what == ("namespace", "faplog") else get(*what)


def test_a_run_without_failures(
    cluster: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    replace_parts(monkeypatch, flow=good)
    table, data = tmp_path / "table.md", tmp_path / "table.json"
    assert program.main(["--parts", "flow", "--markdown", str(table), "--json", str(data)]) == 0
    said = capsys.readouterr()
    assert "http://10.0.0.7" in said.out
    assert "Kubernetes v1.34.2" in said.out
    assert "| flow | a proof | http://10.0.0.7 | pass |" in table.read_text("utf-8")
    assert '"verdict": "pass"' in data.read_text("utf-8")


def test_an_edge_with_a_certificate_is_asked_by_its_name(
    cluster: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By its address it would redirect, and its certificate would not fit."""
    replace_parts(monkeypatch, flow=good)
    assert program.main(["--parts", "flow", "--environment", "prod"]) == 0
    assert "https://faplog.example" in capsys.readouterr().out


def test_a_failed_proof_is_exit_code_one_and_the_next_part_runs(
    cluster: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    replace_parts(monkeypatch, flow=good, cold=bad, burst=broken)
    assert program.main(["--parts", "burst,flow,cold", "--address", "http://edge/"]) == 1
    said = capsys.readouterr()
    assert "KubeError: connection refused" in said.out
    assert "2 of 4 rows failed." in said.out
    assert "http://edge" in said.out
    assert said.out.index("flow") < said.out.index("cold") < said.out.index("burst")


def test_an_unknown_part_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        program.main(["--parts", "flow,fly"])
    assert ended.value.code == 2
    assert "there is no part fly" in capsys.readouterr().err


def test_what_a_part_changes_is_named_before(
    cluster: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    replace_parts(monkeypatch, kill=good)
    assert program.main(["--parts", "kill"]) == 0
    assert "kill kills each pod of ours" in capsys.readouterr().err
    assert program.CHANGES.keys() == preflight.DISTURBING | {"install"}


def test_the_guides_commands_are_there_and_are_shell(tmp_path: Path) -> None:
    assert guide.block("infra/install.sh local").strip() == "infra/install.sh local"
    for words in (guide.RESTART_OURS, *guide.RESTART_FUNCTIONS.values()):
        assert "rollout" in guide.block(words)
    with pytest.raises(LookupError, match="one is expected"):
        guide.block("kubectl")


@pytest.mark.parametrize(
    ("environment", "functions", "last"),
    [
        (
            "local",
            "-n faplog delete pod -l faplog.dev/function=api",
            "-n faplog rollout status deployment -l faplog.dev",
        ),
        ("openfaas", "-n openfaas-fn rollout restart deployment/api", "-n openfaas-fn rollout status deployment/api"),
    ],
)
def test_the_guides_commands_run_as_they_stand(cluster: Path, environment: str, functions: str, last: str) -> None:
    guide.restart_ours(environment)
    told = cluster_stub.told(cluster)
    assert "kubectl -n faplog rollout restart deployment/connector" in told
    assert any(line.startswith(f"kubectl {functions}") for line in told)
    assert told[-1].startswith(f"kubectl {last}")


def test_a_command_that_fails_says_why() -> None:
    with pytest.raises(guide.CommandFailed, match="exit code 3: it broke"):
        guide.type_in("echo it broke >&2; exit 3")


def test_waiting_ends_with_what_did_not_come() -> None:
    answers = iter(["", "", "there"])
    assert waiting.until(lambda: next(answers), 60, "it", every=0) == "there"
    with pytest.raises(waiting.TooLate, match="not within 0 s: it"):
        waiting.until(lambda: None, 0, "it", every=0)
