"""Each fault that a real cluster showed is found again without one."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from faplog import stack
from infra import ENVIRONMENTS, ROOT, check, gitops
from infra.dockerfiles import DOCKERFILES

Object = dict[str, Any]
PROD = ENVIRONMENTS / "prod"


def parts() -> dict[str, list[Object]]:
    return {name: check.build(folder) for name, folder in check.applied(PROD).items()}


@pytest.mark.parametrize("environment", check.environments(), ids=lambda path: path.name)
def test_our_environments_keep_the_rules(environment: Any) -> None:
    built = {name: check.build(folder) for name, folder in check.applied(environment).items()}
    assert list(gitops.broken(check.build(environment), built)) == []


def named(things: list[Object], name: str) -> Object:
    return next(thing for thing in things if thing["kind"] == "Application" and thing["metadata"]["name"] == name)


def in_wave(thing: Object, number: str) -> None:
    thing["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"] = number


FAULTS: dict[str, tuple[Callable[[list[Object]], Any], str]] = {
    "the root in the first wave": (
        lambda things: named(things, "faplog")["metadata"].pop("annotations"),
        "the last wave is edge, telemetry: it must be edge, faplog, telemetry",
    ),
    "the edge before the collector": (
        lambda things: in_wave(named(things, "edge"), "7"),
        "the last wave is faplog, telemetry",
    ),
    "a wave after the last": (lambda things: in_wave(named(things, "ui"), "9"), "the last wave is ui"),
    "everything applied by hand": (
        lambda things: named(things, "nats")["metadata"].update(labels={gitops.BOOTSTRAP: "yes"}),
        "belongs to the project and the root",
    ),
    "a root that is not applied": (
        lambda things: named(things, "faplog")["metadata"].pop("labels"),
        "belongs to the project and the root",
    ),
    "retries of the old commit": (
        lambda things: named(things, "functions")["spec"]["syncPolicy"]["retry"].pop("refresh"),
        "Application functions: without retry.refresh",
    ),
    "applied by the client": (
        lambda things: named(things, "ui")["spec"]["syncPolicy"]["syncOptions"].remove("ServerSideApply=true"),
        "Application ui: it must apply with ServerSideApply=true",
    ),
    "drift of a StatefulSet": (
        lambda things: named(things, "postgres")["spec"].pop("ignoreDifferences"),
        "Application postgres: out of sync for ever: the API server fills in .spec.volumeClaimTemplates",
    ),
    "drift of a chart": (
        lambda things: named(things, "nats")["spec"].pop("ignoreDifferences"),
        "Application nats: out of sync for ever",
    ),
    "drift of a function": (
        lambda things: named(things, "functions")["spec"]["ignoreDifferences"][0]["jqPathExpressions"].pop(0),
        "Knative's webhook fills in .spec.template.spec.containers[]?.ports[]?.protocol",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_an_application_is_found(fault: str) -> None:
    change, sentence = FAULTS[fault]
    things = copy.deepcopy(check.build(PROD))
    change(things)
    [problem] = gitops.broken(things, parts())
    assert sentence in problem


def test_a_deployment_that_is_scaled_by_hand_says_no_replicas() -> None:
    built = copy.deepcopy(parts())
    [connector] = [thing for thing in built["connector"] if thing["kind"] == "Deployment"]
    connector["spec"]["replicas"] = 1
    [problem] = gitops.broken(check.build(PROD), built)
    assert "Deployment connector says `replicas`" in problem


@pytest.mark.parametrize("condition", gitops.NOT_HEALTHY)
def test_a_health_check_that_lets_an_unfinished_application_pass_is_found(condition: str) -> None:
    settings = yaml.safe_load((check.INFRA / "argocd/install/settings.yaml").read_text("utf-8"))
    assert list(gitops.health_misses(settings)) == []
    settings["data"][gitops.HEALTH] = settings["data"][gitops.HEALTH].replace(condition, "false")
    assert list(gitops.health_misses(settings)) == [f"an Application counts as healthy although {condition}"]


@pytest.mark.parametrize(
    ("check_of", "sentence"),
    [
        (gitops.HEALTH_OF_SECRETS, "its new values are not unsealed yet"),
        (gitops.HEALTH_OF_DEFINITIONS, "Knative is not healthy for minutes"),
    ],
)
def test_a_health_check_that_argo_cd_has_otherwise_may_not_go(check_of: str, sentence: str) -> None:
    settings = yaml.safe_load((check.INFRA / "argocd/install/settings.yaml").read_text("utf-8"))
    del settings["data"][check_of]
    [problem] = gitops.health_misses(settings)
    assert sentence in problem


def test_a_root_that_is_applied_before_git_can_be_read_is_found() -> None:
    guide = (ROOT / "docs/operations.md").read_text("utf-8").replace("rollout status deployment/argocd-repo", "wait")
    assert list(gitops.guide_misses(guide)) == [
        "the root is applied before Argo CD can read git: it is compared again only minutes later"
    ]


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("kubectl apply --server-side -k infra/environments/prod", "applies all Applications"),
        ("kubectl apply --server-side -f sealing-keys.yaml", "fails on a new cluster"),
        ("""kubectl -n argocd patch application minio -p '{"operation": {"sync": {}}}'""", "applies by the client"),
        ("kubectl -n faplog rollout restart deployment", "restarts what is not ours"),
        ("kubectl -n openfaas-fn rollout restart deployment && date", "restarts what is not ours"),
    ],
)
def test_a_command_that_goes_wrong_is_found_in_the_guide(command: str, sentence: str) -> None:
    guide = (ROOT / "docs/operations.md").read_text("utf-8")
    assert list(gitops.guide_misses(guide)) == []
    [problem] = gitops.guide_misses(f"{guide}\nRun `{command}`.\n")
    assert sentence in problem


@pytest.mark.parametrize("exec_timeout", ["120s", "118s"])
def test_a_function_that_outlives_its_proxy_is_found(exec_timeout: str) -> None:
    gateway = {"upstreamTimeout": "123s", "readTimeout": "126s"}
    functions = stack.read(ROOT / "stack.yml", {})
    assert list(check.timeouts(functions, gateway)) == []
    functions[0].environment["exec_timeout"] = exec_timeout
    assert list(check.timeouts(functions, gateway)) == ["stack.yml: api: exec_timeout must be 3 s below write_timeout"]


def test_a_gateway_that_gives_up_before_the_function_is_found() -> None:
    functions = stack.read(ROOT / "stack.yml", {})
    assert len(list(check.timeouts(functions, {"upstreamTimeout": "60s", "readTimeout": "126s"}))) == 3


def test_contexts_and_labels_of_images_are_checked(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    assert check.check_images() == []
    for path in DOCKERFILES:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("FROM scratch\n", "utf-8")
    monkeypatch.setattr(check, "ROOT", tmp_path)
    assert len(check.check_images()) == 4 + 2


def test_an_autoscaler_without_a_target_is_found() -> None:
    service = copy.deepcopy(next(t for t in check.build(check.INFRA / "knative/base") if "knative" in t["apiVersion"]))
    assert list(check.invalid(service)) == []
    del service["spec"]["template"]["metadata"]["annotations"]["autoscaling.knative.dev/target-utilization-percentage"]
    assert any("target-utilization-percentage" in problem for problem in check.invalid(service))
