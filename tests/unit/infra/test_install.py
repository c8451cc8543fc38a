"""The install script: it asks before it changes, goes in order, waits, and can be run again."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from infra import check, install
from infra.cluster_test.target import manifests
from tests.unit.infra import cluster_stub


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "PAUSE_SEC", 0)


@pytest.fixture(autouse=True)
def built_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep builds between tests, and let Knative be two objects."""
    knative = check.INFRA / "knative/install"
    monkeypatch.setattr(
        install, "built", lambda folder: cluster_stub.KNATIVE if folder == knative else check.build(folder)
    )


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a cluster that has what is needed."""
    monkeypatch.setenv("PATH", cluster_stub.write(tmp_path)["PATH"])
    return tmp_path


def changes(folder: Path) -> list[str]:
    """Return the commands that change something."""
    return [line for line in cluster_stub.told(folder) if line.split()[1] in ("apply", "upgrade") or " delete " in line]


def test_parts_are_installed_in_the_order_of_the_waves(cluster: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert install.main(["local"]) == 0
    said = capfd.readouterr().out
    order = [
        "traefik-settings:",
        "namespaces:",
        "secrets:",
        "knative:",
        "postgres:",
        "functions:",
        "connector: infra/",
        "edge:",
    ]
    places = [said.index(f"\n{name}" if name != order[0] else name) for name in order]
    assert places == sorted(places)
    assert "backup: left out, there is no secret backup-target" in said
    assert "telemetry: left out, there is no secret grafana-cloud" in said
    told = cluster_stub.told(cluster)
    assert not [line for line in told if "Application/" in line or "SealedSecret" in line]
    for line in told:
        if line.startswith("kubectl apply") and "Secret/" not in line:
            assert line.startswith("kubectl apply --server-side --force-conflicts -f -")


def place(told: list[str], words: str) -> int:
    return next(number for number, line in enumerate(told) if words in line)


def test_it_waits_for_what_the_next_step_needs(cluster: Path) -> None:
    assert install.main(["local"]) == 0
    told = cluster_stub.told(cluster)
    assert place(told, "wait --for=condition=Established") < place(told, "Deployment/webhook")
    assert place(told, "rollout status deployment/webhook") < place(told, "Service/api")
    assert place(told, "rollout status statefulset/postgres") < place(told, "delete job/postgres-roles")
    assert place(told, "Complete job/postgres-roles") < place(told, "Job/migrate")
    assert place(told, "delete job/migrate") < place(told, "Job/migrate") < place(told, "Complete job/migrate")
    assert place(told, "Complete job/migrate") < place(told, "Service/api")
    assert place(told, "Ready services.serving.knative.dev/api") < place(told, "Deployment/connector")
    assert place(told, "helm upgrade --install nats") < place(told, "Service/api")


def test_a_webhook_that_does_not_answer_yet_is_asked_again(cluster: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (cluster / "refuse").touch()
    assert install.main(["local"]) == 0
    assert "again, when the webhooks answer" in capfd.readouterr().out


def test_it_can_be_run_again(cluster: Path) -> None:
    assert install.main(["local"]) == 0
    first = changes(cluster)
    (cluster / "log").unlink()
    assert install.main(["local"]) == 0
    assert changes(cluster) == first


@pytest.mark.parametrize("environment", [path.name for path in check.environments()])
def test_every_environment_can_be_installed(cluster: Path, environment: str) -> None:
    assert install.main([environment]) == 0
    charts = [line for line in cluster_stub.told(cluster) if line.startswith("helm upgrade")]
    assert any("cert-manager" in line for line in charts) is (environment != "local")
    assert any("/faas-netes/" in line for line in charts) is (environment == "openfaas")


SMALL = {"status": {"allocatable": {"cpu": "930m", "memory": "1900000Ki"}}}
LACKS: dict[str, tuple[dict[str, Any], str]] = {
    "old": (
        {"version": {"clientVersion": {"major": "1", "minor": "34"}, "serverVersion": {"major": "1", "minor": "31"}}},
        "Missing: the cluster is version 1.31: 1.34 or newer is needed.",
    ),
    "old kubectl": (
        {"version": {"clientVersion": {"major": "1", "minor": "30"}, "serverVersion": {"major": "1", "minor": "34"}}},
        "Missing: kubectl is version 1.30: 1.34 or newer is needed.",
    ),
    "few cores": ({"get nodes": {"items": [SMALL]}}, "Missing: its nodes offer 0.93 cores: 2 or more are needed."),
    "little memory": (
        {"get nodes": {"items": [SMALL]}},
        "Missing: its nodes offer 1.8 GiB of memory: 4 GiB or more are needed.",
    ),
    "no storage class": ({"get storageclasses": {"items": []}}, "no storage class of rancher.io/local-path"),
    "another ingress": ({"get crd ingressroutes.traefik.io": ""}, "Traefik is not its ingress"),
    "not K3s": ({"get crd helmchartconfigs.helm.cattle.io": ""}, "it has no HelmChartConfig"),
    "no cluster": ({"version": "connection refused"}, "Missing: no cluster answers kubectl: connection refused."),
    "Argo CD": (
        {"get applications.argoproj.io -n argocd faplog": {"metadata": {"name": "faplog"}}},
        "Missing: Argo CD applies this cluster from git (faplog): change git instead.",
    ),
}


@pytest.mark.parametrize("case", LACKS)
def test_what_is_missing_is_said_and_nothing_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], case: str
) -> None:
    answers, sentence = LACKS[case]
    monkeypatch.setenv("PATH", cluster_stub.write(tmp_path, **answers)["PATH"])
    assert install.main(["local"]) == 2
    said = capfd.readouterr().err
    assert sentence in said
    assert said.endswith("Nothing was changed.\n")
    assert changes(tmp_path) == []


def test_without_helm_it_says_so(cluster: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (cluster / "helm").write_text("#!/bin/sh\nexit 127\n", "utf-8")
    assert install.main(["local"]) == 2
    assert "Missing: helm is not installed." in capfd.readouterr().err


def test_a_part_that_fails_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    answers = {"-n faplog rollout status statefulset/postgres": "error: timed out waiting for the condition"}
    monkeypatch.setenv("PATH", cluster_stub.write(tmp_path, **answers)["PATH"])
    assert install.main(["local"]) == 1
    said = capfd.readouterr()
    assert "rollout status statefulset/postgres" in said.err
    assert "timed out" in said.err
    assert "functions:" not in said.out


@pytest.mark.parametrize(
    ("text", "number"), [("4", 4), ("1930m", 1.93), ("3999Ki", 3999 * 1024), ("8Gi", 2**33), ("1.5G", 1.5e9)]
)
def test_a_quantity_is_a_number(text: str, number: float) -> None:
    assert install.quantity(text) == pytest.approx(number)


def test_the_script_takes_one_environment(tmp_path: Path) -> None:
    command = ["bash", str(check.INFRA / "install.sh")]
    environment = cluster_stub.write(tmp_path)
    assert subprocess.run([*command, "--check", "local"], env=environment, check=False).returncode == 0
    wrong = subprocess.run([*command, "pord"], env=environment, capture_output=True, text=True, check=False)
    assert wrong.returncode == 2
    assert "'local'" in wrong.stderr


LEFT = {f"get -n faplog {kind}/{name}": {"kind": kind} for kind, name in install.FORMER}


def test_what_an_earlier_release_left_is_named_and_removed_when_nothing_calls_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", cluster_stub.write(tmp_path, **LEFT)["PATH"])
    assert install.main(["local"]) == 0
    told = cluster_stub.told(tmp_path)
    removed = place(told, "delete services.serving.knative.dev/average")
    assert removed > place(told, "rollout status deployment/connector")
    assert place(told, "delete networkpolicies.networking.k8s.io/function-average") > removed
    assert "average: removed, no part of this release has it" in capfd.readouterr().out


def test_what_is_removed_is_in_no_environment(cluster: Path) -> None:
    applied = {thing["metadata"]["name"] for environment in ("local", "prod") for thing in manifests(environment)}
    assert not applied & {name for _, name in install.FORMER}
    assert install.main(["local"]) == 0
    assert not [line for line in cluster_stub.told(cluster) if "average" in line and " delete " in line]
