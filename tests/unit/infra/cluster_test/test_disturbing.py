"""A disturbance under load: its row, a step that fails, and what a roll waits for."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from infra.cluster_test import disturbing, guide, kube, load
from infra.cluster_test import owner as accounts
from infra.cluster_test.disturbing import Step, Window, row_of, under_load
from infra.cluster_test.kube import KubeError
from infra.cluster_test.load import Load, Sample
from infra.cluster_test.owner import now
from infra.cluster_test.parts import rotate
from infra.cluster_test.parts.roll import serves_newest
from infra.cluster_test.target import Target

TARGET = Target("local", "http://edge")


def loaded(*samples: Sample) -> Load:
    return Load(samples=list(samples))


ACCEPTED = Sample("upload", 1, 1.2, 202, log_id="a")
REFUSED = Sample("upload", 2, 2.1, 503)
PAGE = Sample("page", 1, 1.1, 200)


def test_a_window_says_what_users_met() -> None:
    row = row_of("kill", Window("api", "back after 2 s", 0, 3), loaded(ACCEPTED, REFUSED, PAGE), clean=False)
    assert row.verdict == "pass"
    assert row.measured.startswith(
        "back after 2 s; uploads: 2 requests, 1 failed (1× 503), longest gap 1.8 s; pages: 1"
    )


def test_where_nothing_may_fail_one_failure_is_too_many() -> None:
    window = Window("ui", "", 0, 3)
    assert row_of("roll", window, loaded(ACCEPTED, REFUSED), clean=True).verdict == "FAIL"
    assert row_of("roll", window, loaded(ACCEPTED, PAGE), clean=True).verdict == "pass"


def test_a_step_that_failed_is_a_row_that_fails() -> None:
    row = row_of("kill", Window("api", "", 0, 3, "no such pod"), loaded(ACCEPTED), clean=False)
    assert (row.verdict, row.measured.split(";")[0]) == ("FAIL", "no such pod")


@pytest.fixture
def outcomes(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Return a system that accepts every upload; what becomes of the logs is the test's to say."""
    found: dict[str, str] = {}

    @contextmanager
    def owner(_: Target) -> Iterator[Any]:
        yield SimpleNamespace()

    class Accepting(Load):
        def answered_since(self, moment: float) -> bool:
            log_id = str(len(self.samples))
            self.samples.append(Sample("upload", now(), now(), 202, log_id=log_id))
            found.setdefault(log_id, "Success")
            return True

    @contextmanager
    def running(_: Any) -> Iterator[Load]:
        yield Accepting()

    monkeypatch.setattr(disturbing, "owner", owner)
    monkeypatch.setattr(load, "running", running)
    monkeypatch.setattr(accounts, "settle", lambda _: None)
    monkeypatch.setattr(accounts, "outcomes", lambda _, ids: {one: found[one] for one in ids})
    return found


def test_the_next_step_follows_one_that_failed(outcomes: dict[str, str]) -> None:
    def fails() -> str:
        raise KubeError("forbidden")

    rows = list(under_load("kill", TARGET, [Step("a", fails), Step("b", lambda: "fine")]))
    assert [(row.what, row.verdict) for row in rows] == [
        ("a", "FAIL"),
        ("b", "pass"),
        ("accepted logs that were lost", "pass"),
    ]


@pytest.mark.parametrize("status", ["Failed", "Processing", "missing"])
def test_a_log_that_was_accepted_and_is_no_success_is_lost(outcomes: dict[str, str], status: str) -> None:
    outcomes["0"] = status
    lost = list(under_load("kill", TARGET, [Step("a", lambda: "")]))[-1]
    assert (lost.verdict, lost.measured) == ("FAIL", "1 of 2")


def service(generation: int = 2, observed: int = 2, created: str = "api-2", ready: str = "api-2") -> dict[str, Any]:
    return {
        "metadata": {"generation": generation},
        "status": {
            "observedGeneration": observed,
            "latestCreatedRevisionName": created,
            "latestReadyRevisionName": ready,
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    }


def test_a_function_has_rolled_when_its_newest_revision_serves() -> None:
    assert serves_newest(service())
    assert not serves_newest(service(observed=1))
    assert not serves_newest(service(ready="api-1"))
    assert not serves_newest({"metadata": {"generation": 1}})


OPERATORS = {
    "mail": {"FAPLOG_SMTP_URL": "smtp://mail.example.org"},
    "grafana": {
        "GRAFANA_OTLP_ENDPOINT": "https://otlp.example.org/otlp",
        "GRAFANA_INSTANCE": "1",
        "GRAFANA_TOKEN": "new",
    },
}


@pytest.mark.parametrize("group", OPERATORS)
def test_an_account_of_the_operator_is_rotated_where_it_is_given(monkeypatch: pytest.MonkeyPatch, group: str) -> None:
    for variable in {name for variables in OPERATORS.values() for name in variables}:
        monkeypatch.delenv(variable, raising=False)
    before = [step.name for step in rotate.steps("local")]
    for variable, value in OPERATORS[group].items():
        monkeypatch.setenv(variable, value)
    assert [step.name for step in rotate.steps("local")] == [*before, group]


def test_a_new_token_of_the_collector_restarts_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    typed: list[str] = []
    waited: list[str] = []
    monkeypatch.setattr(guide, "type_in", typed.append)
    monkeypatch.setattr(kube, "kubectl", lambda *words: waited.append(" ".join(words)))
    rotate.rotate("local", "grafana")
    assert typed == [
        ".venv/bin/python -m infra.seal --environment local --rotate grafana --apply",
        "kubectl -n telemetry rollout restart deployment/alloy",
    ]
    assert waited == ["-n telemetry rollout status deployment/alloy --timeout=300s"]


def test_the_password_of_openfaas_restarts_its_gateway_and_deploys_again(monkeypatch: pytest.MonkeyPatch) -> None:
    typed: list[str] = []
    monkeypatch.setattr(guide, "type_in", typed.append)
    monkeypatch.setattr(kube, "kubectl", lambda *_: None)
    assert [step.name for step in rotate.steps("openfaas")] == [*(s.name for s in rotate.steps("local")), "openfaas"]
    rotate.rotate("openfaas", "openfaas")
    assert typed == [
        ".venv/bin/python -m infra.seal --environment openfaas --rotate openfaas --apply",
        "kubectl -n openfaas rollout restart deployment/gateway",
        "infra/install.sh openfaas",
    ]


def test_the_store_is_rotated_there_and_back() -> None:
    names = [step.name for step in rotate.steps("local")]
    assert names.index("store, again") == names.index("store") + 1
    assert len(set(names)) == len(names)


def test_a_rotation_of_the_store_says_which_key_is_in_force(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = iter(["faplog-api-2", "faplog-api"])

    def secret(*what: str) -> dict[str, Any]:
        assert what[-1] == "secret/faplog-api-s3-access-key"
        return {"data": {"faplog-api-s3-access-key": base64.b64encode(next(keys).encode()).decode()}}

    monkeypatch.setattr(guide, "type_in", lambda _: "")
    monkeypatch.setattr(guide, "install_again", lambda _: "")
    monkeypatch.setattr(guide, "restart_ours", lambda _: None)
    monkeypatch.setattr(kube, "get", secret)
    assert rotate.rotate("local", "store").endswith("with the key faplog-api-2")
    assert rotate.rotate("local", "store").endswith("with the key faplog-api")
    assert rotate.rotate("local", "tokens").endswith(" s")
