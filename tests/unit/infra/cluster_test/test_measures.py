"""The pure middle of the parts: cold starts, resources, trials of the network, hashes of tables, versions, victims."""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest

from infra import ROOT, install
from infra.cluster_test import guide, kube, preflight, versions
from infra.cluster_test.parts import admission, backup, cold, kill, network, pages, resources
from infra.cluster_test.parts import install as installing

SAMPLES = Path(__file__).parent / "samples"


def sample(name: str) -> Any:
    return json.loads((SAMPLES / f"{name}.json").read_text("utf-8"))


EVENTS = [(moment, event) for moment, event in sample("watch")]


def test_a_cold_start_in_its_parts() -> None:
    start = cold.first_start(EVENTS, "analyse", 100.0)
    assert astuple(start) == pytest.approx((0.15, 0.2, 0.7, 1.6))


def test_only_the_first_pod_of_the_function_counts() -> None:
    assert cold.first_start(EVENTS, "average", 100.0).created == pytest.approx(0.9)
    assert cold.first_start(EVENTS, "api", 100.0) == cold.Start()


def test_a_step_that_was_not_seen_is_no_zero() -> None:
    start = cold.first_start(EVENTS[:1], "analyse", 100.0)
    assert start.ready is None
    assert cold.in_words(start) == "pod 0.15, scheduled –, container –, ready –"


def test_use_is_joined_with_requests_and_limits() -> None:
    found = resources.uses(sample("summary"), sample("pods")["items"])
    function, queue, envoy = found
    assert function.container == "function"
    assert [function.cores, function.bytes, function.own] == pytest.approx([0.0021, 104_857_600, 88_000_000])
    assert list(function.requests) == pytest.approx([0.05, 128 * 2**20])
    assert function.words() == "2 m of 50 m / 1000 m; 105 MB (88 without cache) of 134 / 403 MB"
    assert queue.container == "queue-proxy"
    assert list(envoy.limits) == [0, 0]
    assert resources.total([function, queue]) == (
        "3 m in use, 60 m requested; 125 MB (104 without cache) in use, 168 MB requested (2 containers)"
    )


def test_a_container_without_a_pod_does_not_count() -> None:
    assert resources.uses(sample("summary"), []) == []


def trial(*, expected: bool, happened: bool) -> network.Trial:
    return network.Trial("api", "postgres", 5432, expected, happened)


def test_the_matrix_names_what_is_not_as_the_policies_say() -> None:
    fine = [trial(expected=True, happened=True), trial(expected=False, happened=False)]
    assert network.misfits(fine) == []
    assert network.in_words(fine) == "2 tried, 1 open (postgres:5432), 1 closed"
    wrong = trial(expected=False, happened=True)
    assert network.misfits([*fine, wrong]) == [wrong]
    assert network.in_words([wrong]).endswith("WRONG: postgres:5432 is open")
    closed = trial(expected=True, happened=False)
    assert network.in_words([closed]).endswith("WRONG: postgres:5432 is closed")


@pytest.mark.parametrize(
    "text", ['{"10.0.0.1:80": true, "10.0.0.1:81": false}\n', "10.0.0.1:80 open\n10.0.0.1:81 closed\n"]
)
def test_what_a_trial_printed(text: str) -> None:
    assert network.parsed(text) == {"10.0.0.1:80": True, "10.0.0.1:81": False}


def test_a_trial_that_could_not_run_says_nothing() -> None:
    assert network.parsed("sh: nc: not found\n") == {}


def test_pods_are_named_by_what_they_do() -> None:
    pod = sample("pod-api")
    assert network.name_of(pod) == "api"
    assert network.name_of(network.stranger("faplog", "x")) == "a pod without labels in faplog"
    assert network.name_of(network.stranger("elsewhere", "x")) == "a stranger in elsewhere"
    assert network.one_of_each([pod, pod]) == [pod]
    end = network.end_of(pod, {"faplog": {"a": "b"}})
    assert (end.ip, end.namespace_labels, end.port_names["queue-port"]) == ("10.42.0.7", {"a": "b"}, 8012)


TABLES = "fap_analysis 12 aa\nbrake 3 bb\nusers 1 cc\n"


def test_tables_are_compared_by_rows_and_hash() -> None:
    before = backup.parsed_hashes(TABLES)
    assert before == {"fap_analysis": (12, "aa"), "users": (1, "cc")}
    assert backup.differing(before, before) == []
    after = {"fap_analysis": (11, "dd"), "new": (1, "ee"), "users": (1, "ff")}
    assert backup.differing(before, after) == ["fap_analysis (12 → 11 rows)", "new (0 → 1 rows)", "users (1 → 1 rows)"]


@pytest.mark.parametrize(
    ("text", "line"), [("a\n b \n\n", "b"), ("[pod/x/backup] done\n", "done"), ("", "nothing said")]
)
def test_the_last_line_says_something(text: str, line: str) -> None:
    assert backup.last_line(text) == line


def pod(name: str, namespace: str = "faplog", owner: str = "ReplicaSet", **labels: str) -> dict[str, Any]:
    named = {key.replace("__", "/").replace("_", "-"): value for key, value in labels.items()}
    reference = [{"kind": owner, "name": "x"}]
    return {
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": f"uid-{name}",
            "labels": {key.replace("faplog-dev", "faplog.dev"): value for key, value in named.items()},
            "ownerReferences": reference,
        },
        "spec": {"containers": []},
    }


def labelled(name: str, key: str, value: str, **further: Any) -> dict[str, Any]:
    made = pod(name, **further)
    made["metadata"]["labels"] = {key: value}
    return made


def test_each_workload_is_killed_once_ours_first_and_no_job() -> None:
    pods = [
        labelled("gateway", "app", "3scale-kourier-gateway", namespace="kourier-system"),
        labelled("ui-1", "faplog.dev/role", "ui"),
        labelled("ui-2", "faplog.dev/role", "ui"),
        labelled("api-1", "faplog.dev/function", "api"),
        labelled("migrate-1", "faplog.dev/role", "migrate", owner="Job"),
        labelled("activator-1", "app", "activator", namespace="knative-serving"),
    ]
    platform = {"kourier-system": "app=3scale-kourier-gateway", "knative-serving": "app=activator"}
    assert kill.victims(pods, platform) == [
        ("api", "faplog", "faplog.dev/function=api"),
        ("ui", "faplog", "faplog.dev/role=ui"),
        ("3scale-kourier-gateway", "kourier-system", "app=3scale-kourier-gateway"),
        ("activator", "knative-serving", "app=activator"),
    ]


def test_functions_and_jobs_may_be_replaced_by_an_installation() -> None:
    pods = [
        labelled("ui-1", "faplog.dev/role", "ui"),
        labelled("api-1", "faplog.dev/function", "api"),
        labelled("migrate-1", "faplog.dev/role", "migrate", owner="Job"),
    ]
    assert installing.identities(pods) == {"uid-ui-1": "ui-1"}


def test_refused_pods_are_named_once() -> None:
    def event(name: str, namespace: str, reason: str, message: str) -> dict[str, Any]:
        return {
            "involvedObject": {"name": name},
            "metadata": {"namespace": namespace},
            "reason": reason,
            "message": message,
        }

    forbidden = 'pods "ui-1" is forbidden: violates PodSecurity "restricted:latest"'
    events = [
        event("ui", "faplog", "FailedCreate", forbidden),
        event("ui", "faplog", "FailedCreate", forbidden),
        event("other", "elsewhere", "FailedCreate", forbidden),
        event("ui", "faplog", "Pulled", "Container image already present"),
        event("ui", "faplog", "FailedCreate", "timeout"),
    ]
    assert admission.refusals(events, ("faplog", "telemetry")) == [f"ui: {forbidden}"]


def test_a_chart_that_argo_cd_applied_is_rendered_as_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no release to helm."""
    [part] = [part for part in install.parts(ROOT / "infra/environments/prod") if part.name == "cert-manager"]
    asked: list[list[str]] = []

    def run(command: Sequence[str], given: str | None = None) -> "subprocess.CompletedProcess[str]":
        asked.append([*command])
        return subprocess.CompletedProcess(command, 0, "kind: Service\nmetadata: {name: x}\n---\n", "")

    monkeypatch.setattr(install, "run", run)
    monkeypatch.setattr(install, "applied_from_git", lambda: ["Argo CD applies this cluster"])
    monkeypatch.setattr(kube, "version", lambda: {"serverVersion": {"gitVersion": "v1.34.2"}})
    assert admission.of_chart(part) == [{"kind": "Service", "metadata": {"name": "x", "namespace": part.namespace}}]
    install.install_chart(part)
    rendered, installed = asked
    assert rendered[:2] == ["helm", "template"]
    assert rendered[-3:] == ["--kube-version", "v1.34.2", "--no-hooks"]
    assert set(rendered[2:-3]) <= set(installed)


def test_a_chart_that_helm_does_not_know_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    [part] = [part for part in install.parts(ROOT / "infra/environments/prod") if part.name == "cert-manager"]

    def run(command: Sequence[str], given: str | None = None) -> "subprocess.CompletedProcess[str]":
        return subprocess.CompletedProcess(command, int(command[0] == "helm"), "", "Error: release: not found")

    monkeypatch.setattr(install, "run", run)
    with pytest.raises(install.InstallError, match="release: not found"):
        admission.of_chart(part)


def test_a_job_that_exists_is_no_obstacle() -> None:
    job = {"kind": "Job", "metadata": {"name": "migrate", "namespace": "faplog"}}
    assert admission.as_new(job)["metadata"]["name"] == "migrate-cluster-test"
    other = {"kind": "Deployment", "metadata": {"name": "ui"}}
    assert admission.as_new(other) is other


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("http://10.0.0.1/login", []),
        ("data:image/png;base64,x", []),
        ("blob:http://10.0.0.1/x", []),
        ("https://cdn.example.org/x.js", ["asked cdn.example.org"]),
    ],
)
def test_a_request_to_another_host_is_named(url: str, found: list[str]) -> None:
    assert pages.foreign(url, "http://10.0.0.1") == found


def test_the_console_may_say_nothing_bad() -> None:
    assert pages.complaint("error", "no") == ["console: no"]
    assert pages.complaint("log", "yes") == []
    ignored = "The Cross-Origin-Opener-Policy header has been ignored, because the URL's origin was untrustworthy. It"
    assert pages.complaint("error", ignored) == []
    assert pages.complaint("error", "Failed to load resource: net::ERR_NETWORK_CHANGED") == []


def test_versions_come_from_tags() -> None:
    images = [
        "docker.io/library/postgres:18.6-bookworm",
        "docker.io/pgsty/silo:RELEASE.2026-09-16T00-00-00Z",
        "docker.io/library/nats:2.15.0-alpine@sha256:00",
        "gcr.io/knative-releases/x@sha256:00",
        "ghcr.io/faplog/api:0.1.1",
        "docker.io/rancher/mirrored-library-traefik:local",
    ]
    assert versions.of_images(images) == {
        "PostgreSQL": "18.6-bookworm",
        "object store (silo)": "RELEASE.2026-09-16T00-00-00Z",
        "NATS": "2.15.0-alpine",
    }


def test_nodes_of_a_kind_are_counted() -> None:
    node = sample("node")
    assert versions.nodes([node, node]) == (
        "2 × 2 cores, 7.8 GiB, amd64, Debian GNU/Linux 12 (bookworm), 6.1.0, containerd://1.6.20"
    )


def test_another_release_is_seen_by_its_images() -> None:
    pods = [sample("pod-api"), labelled("ui-1", "faplog.dev/role", "ui"), labelled("pg", "faplog.dev/role", "postgres")]
    pods[1]["spec"]["containers"] = [{"image": "ghcr.io/faplog/ui:0.1.0"}]
    pods[2]["spec"]["containers"] = [{"image": "docker.io/library/postgres:18.6"}]
    assert preflight.other_releases(pods, "0.2.0") == ["faplog 0.1.0"]
    assert preflight.other_releases(pods, "0.1.0") == []


def test_what_serves_is_ready() -> None:
    assert preflight.is_serving({"kind": "Deployment", "spec": {"replicas": 2}, "status": {"readyReplicas": 2}})
    assert not preflight.is_serving({"kind": "StatefulSet", "spec": {"replicas": 1}, "status": {}})
    conditions = [{"type": "Ready", "status": "False"}]
    assert not preflight.is_serving({"kind": "Service", "status": {"conditions": conditions}})


def test_a_pod_that_is_called_ready_after_the_verdict_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def event(function: str, *, ready: bool) -> dict[str, Any]:
        status = {"conditions": [{"type": "Ready", "status": "True"}]} if ready else {}
        labels = {"faplog.dev/function": function}
        return {"object": {"kind": "Pod", "metadata": {"uid": function, "labels": labels}, "status": status}}

    watch = kube.Watch([(1.0, event("analyse", ready=True)), (1.5, event("average", ready=False))])
    looks = iter([(7.0, event("average", ready=True))])
    monkeypatch.setattr("infra.cluster_test.waiting.time.sleep", lambda _: watch.events.append(next(looks)))
    cold.await_ready(watch, ("analyse", "average"), 0.0)
    assert cold.first_start(watch.events, "average", 0.0).ready == 7.0


def test_a_pod_that_never_gets_ready_is_waited_for_in_vain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cold, "READY_SEC", -1.0)
    cold.await_ready(kube.Watch(), cold.FUNCTIONS, 0.0)


@pytest.mark.parametrize(("kept", "verdict"), [("first", "pass"), ("second", "FAIL")])
def test_a_rotation_of_the_backup_keeps_the_password_of_the_backups(
    monkeypatch: pytest.MonkeyPatch, kept: str, verdict: str
) -> None:
    done: list[Any] = []
    monkeypatch.setattr(guide, "type_in", lambda commands, **variables: done.append((commands, variables)))
    monkeypatch.setattr(backup, "at_target", lambda *what: done.append(what))

    def job(cronjob: str, _: str) -> str:
        done.append(cronjob)
        return "no errors were found"

    monkeypatch.setattr(backup, "job", job)
    monkeypatch.setattr(backup, "restic_password", lambda: kept)
    variables = {"AWS_ACCESS_KEY_ID": "new", "RESTIC_PASSWORD": "first"}
    row = backup.rotated("local", variables, away="old")
    assert row.verdict == verdict
    (commands, given), removed, cronjob = done
    assert "--rotate backup" in commands
    assert given == {"AWS_ACCESS_KEY_ID": "new"}
    assert removed[-1] == "old"
    assert cronjob == "backup"
