"""What several files say of the same thing, they say alike: stack.yml, template, renderer, laptop, cluster, secrets."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from connector.settings import ConnectorSettings
from faplog import bus, routes, stack
from faplog.metrics import METRICS
from faplog.version import VERSION
from functions.api.settings import OwnerSettings, Settings
from infra import ENVIRONMENTS, ROOT, check, dashboards, dockerfiles, install, policy, render, seal
from infra.gitops import wave
from standalone import edge, nats, postgres

FUNCTIONS = {function.name: function for function in stack.read(ROOT / "stack.yml", {})}
GUESTS = {name: function.guest_of for name, function in FUNCTIONS.items() if function.guest_of}
WITH_PODS = {function.name: function for function in render.with_guests(list(FUNCTIONS.values()))}
"""The functions as Knative has them."""
DOCUMENT: dict[str, Any] = yaml.safe_load((ROOT / "stack.yml").read_text("utf-8"))
OURS = "ghcr.io/faplog/"
NAMES = [path.name for path in check.environments()]


def read(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text("utf-8"))


def everything() -> Iterator[dict[str, Any]]:
    for folder in (*check.folders(), *check.environments()):
        yield from check.build(folder)


def of(environment: str, application: str) -> list[dict[str, Any]]:
    """Return what an Application of an environment applies."""
    return check.build(check.applied(ENVIRONMENTS / environment)[application])


def test_what_is_rendered_is_fresh() -> None:
    assert render.stale() == []


def test_a_stale_file_is_named_and_fails(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = render.rendered()
    monkeypatch.setattr(render, "ROOT", tmp_path)
    monkeypatch.setattr(render, "rendered", lambda: files)
    assert render.main([]) == 0
    assert render.main(["--check"]) == 0
    changed = tmp_path / "infra/knative/base/services.yaml"
    changed.write_text(changed.read_text("utf-8").replace("max-scale: '2'", "max-scale: '3'", 1), "utf-8")
    assert render.main(["--check"]) == 1
    assert capsys.readouterr().err.startswith("infra/knative/base/services.yaml is out of date: run `make render`")


def test_the_template_starts_what_the_image_starts() -> None:
    """faas-cli puts the template's fprocess over the image's."""
    dockerfile = (ROOT / "template/faplog-python/Dockerfile").read_text("utf-8")
    template = read("template/faplog-python/template.yml")
    assert f'fprocess="{template["fprocess"]}"' in dockerfile
    assert template["language"] == "faplog-python" == DOCUMENT["functions"]["api"]["lang"]


def test_of_watchdog_splits_the_command_at_spaces_only() -> None:
    template = read("template/faplog-python/template.yml")
    assert not set("\"'") & set(template["fprocess"])
    assert template["fprocess"].split(" ")[-1] == "function.handler:create_app()"


@pytest.mark.parametrize("path", dockerfiles.DOCKERFILES)
def test_an_image_says_its_version_and_runs_as_a_number(path: str) -> None:
    text = (ROOT / path).read_text("utf-8")
    assert f'org.opencontainers.image.version="{VERSION}"' in text
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", text, re.MULTILINE)
    for line in re.findall(r"^FROM (\S+)", text, re.MULTILINE):
        assert re.search(r":[\w.-]*\d+\.\d+[\w.-]*$", line), line
    assert "--require-hashes" in text
    assert "HEALTHCHECK" in text


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_built_with_its_own_packages(name: str) -> None:
    assert FUNCTIONS[name].build_args["FUNCTION"] == name
    assert (ROOT / f"requirements/{name}.txt").exists()
    assert "./requirements" in DOCUMENT["configuration"]["copy"]
    assert "./faplog" in DOCUMENT["configuration"]["copy"]
    assert not {path.name for path in (ROOT / FUNCTIONS[name].handler).iterdir()} & {"build", "template", "faplog"}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_image_holds_the_guests_of_its_function(name: str) -> None:
    guests = [guest for guest, host in GUESTS.items() if host == name]
    assert FUNCTIONS[name].build_args.get("GUESTS", "").split() == guests
    assert {f"./functions/{guest}" for guest in guests} <= set(DOCUMENT["configuration"]["copy"])


@pytest.mark.parametrize(("guest", "host"), GUESTS.items())
def test_a_host_has_what_its_guest_needs(guest: str, host: str) -> None:
    there = WITH_PODS[host]
    assert guest not in WITH_PODS
    assert guest in there.environment["FAPLOG_GUESTS"].split()
    assert {*FUNCTIONS[guest].secrets, *FUNCTIONS[host].secrets} == set(there.secrets)
    assert there.ours("threads") == 1, "or both at once need more memory"
    assert install.quantity(FUNCTIONS[guest].limits["memory"]) <= install.quantity(there.limits["memory"])
    packages = [
        set(re.findall(r"^[a-z0-9-]+(?===)", (ROOT / f"requirements/{name}.txt").read_text("utf-8"), re.MULTILINE))
        for name in (guest, host)
    ]
    assert packages[0] <= packages[1]
    values = {name: value for name, value in FUNCTIONS[guest].environment.items() if name not in render.OF_WATCHDOG}
    assert values.items() <= there.environment.items()


def test_a_request_for_a_guest_goes_to_its_host_which_nothing_wakes() -> None:
    """On Knative. Elsewhere it has a process of its own, which is woken while its host works."""
    functions = list(FUNCTIONS.values())
    knative = {route.function: route for route in routes.from_stack(functions, render.KNATIVE, guests=True)}
    openfaas = {route.function: route for route in routes.from_stack(functions, render.GATEWAY)}
    assert knative["average"].url == "http://analyse.faplog.svc.cluster.local/average/"
    assert knative["analyse"].wakes is None
    assert openfaas["average"].url == "http://gateway.openfaas.svc.cluster.local:8080/function/average/"
    assert openfaas["analyse"].wakes == "average"
    [api] = [function for function in functions if function.name == "api"]
    assert api.environment["FAPLOG_AVERAGE_URL"] + "/" == knative["average"].url


@pytest.mark.parametrize(("name", "unused"), [("average", {"numpy"}), ("analyse", set())])
def test_what_must_start_fast_carries_no_large_package(name: str, unused: set[str]) -> None:
    names = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / f"requirements/{name}.txt").read_text("utf-8"), re.MULTILINE))
    assert not names & ({"pandas", "boto3", "psycopg"} | unused)


def test_community_edition_deploys_the_stack_as_it_is() -> None:
    assert len(FUNCTIONS) <= 15
    for function in FUNCTIONS.values():
        assert function.ours("scale-max") <= 5
        assert "," not in function.topic
        scaling = {label: value for label, value in function.labels.items() if label.startswith("com.openfaas.scale")}
        assert set(scaling) <= {"com.openfaas.scale.min"}
        assert all(1 <= int(value) <= function.ours("scale-max") for value in scaling.values())
        assert function.labels["faplog.dev/function"] == function.name
        assert function.readonly_root_filesystem
        assert {"cpu", "memory"} == set(function.limits) == set(function.requests)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_threads_of_a_function_are_what_it_is_scaled_by(name: str) -> None:
    assert FUNCTIONS[name].environment["FAPLOG_THREADS"] == str(FUNCTIONS[name].ours("threads"))


@pytest.mark.parametrize("name", WITH_PODS)
def test_a_function_gets_the_secrets_of_the_stack_and_waits_for_no_volume_if_it_can(name: str) -> None:
    """A kubelet waits 0.3 s for any volume. Uploads need room for temporary files, so `api` has volumes."""
    function = WITH_PODS[name]
    spec = render.knative_service(function)["spec"]["template"]["spec"]
    [container] = spec["containers"]
    variables = {one["name"]: one for one in container["env"]}
    if function.ours("threads") > 1:
        mounted = [
            one["secret"]["name"]
            for volume in spec["volumes"]
            for one in volume.get("projected", {}).get("sources", [])
        ]
        assert mounted == function.secrets
        assert not variables.keys() & set(function.secrets)
        return
    assert "volumes" not in spec
    assert "volumeMounts" not in container
    for secret in function.secrets:
        assert variables[secret] == {"name": secret, "valueFrom": {"secretKeyRef": {"name": secret, "key": secret}}}
    assert {name for name, one in variables.items() if "valueFrom" in one} == set(function.secrets)
    assert variables["TMPDIR"]["value"] == "/dev/shm"


def test_each_part_waits_longer_than_the_one_behind_it() -> None:
    """Function, then of-watchdog, then Knative or gateway, then connector: the innermost answer comes first."""
    values = read("infra/openfaas/values.yaml")
    connector = {route.function: route for route in routes.from_stack(FUNCTIONS.values(), render.GATEWAY)}
    for name, function in FUNCTIONS.items():
        exec_timeout = routes.seconds(function.environment["exec_timeout"])
        assert exec_timeout + 3 <= routes.seconds(function.environment["write_timeout"])
        upstream, read_timeout = (routes.seconds(values["gateway"][key]) for key in ("upstreamTimeout", "readTimeout"))
        knative = render.knative_service(function)["spec"]["template"]["spec"]["timeoutSeconds"]
        assert exec_timeout < upstream < read_timeout < connector[name].timeout_sec
        assert exec_timeout < knative < connector[name].timeout_sec
    grace = next(policy.pod_spec(thing) for thing in of("prod", "connector") if thing["kind"] == "Deployment")
    assert grace
    arguments = grace["containers"][0]["args"]
    assert float(arguments[arguments.index("--grace") + 1]) < grace["terminationGracePeriodSeconds"]


def test_the_routes_are_those_the_connector_reads() -> None:
    for folder, host in (
        ("connector/base", ".faplog.svc.cluster.local/"),
        ("environments/openfaas/connector", "gateway.openfaas.svc"),
    ):
        for route in routes.read(check.INFRA / folder / "routes.json"):
            assert host in route.url
            assert route.topic == FUNCTIONS[route.function].topic


def test_our_images_have_our_version() -> None:
    used = set()
    for thing in everything():
        for container in (policy.pod_spec(thing) or {"containers": []})["containers"]:
            if container["image"].startswith(OURS):
                used.add(container["image"])
    assert used == {f"{OURS}{name}:{VERSION}" for name in (*WITH_PODS, "ui", "connector", "backup")}


def test_the_edge_has_the_laptops_rules() -> None:
    laptop = edge.rules("http://api", "http://ui")["http"]
    things = {thing["metadata"]["name"]: thing for thing in of("local", "edge")}
    cluster = things["faplog"]["spec"]["routes"]
    assert [(route["match"], route["priority"]) for route in cluster] == [
        (router["rule"], router["priority"]) for router in laptop["routers"].values()
    ]
    for name, middleware in laptop["middlewares"].items():
        if "errors" in middleware:  # the service has a name of its own in each
            assert things[name]["spec"]["errors"].pop("service")["name"] == "kourier-internal"
            assert middleware["errors"].pop("service") == "api"
        assert things[name]["spec"] == middleware
    for route, router in zip(cluster, laptop["routers"].values(), strict=True):
        named = [middleware["name"] for middleware in route["middlewares"]]
        assert [name for name in named if name != "to-api"] == router["middlewares"]


def test_only_the_pages_and_the_api_are_reached_from_outside() -> None:
    for environment in NAMES:
        for thing in of(environment, "edge"):
            if thing["kind"] == "IngressRoute":
                services = {service["name"] for route in thing["spec"]["routes"] for service in route["services"]}
                assert services <= {"ui", "kourier-internal", "gateway"}
    assert not [thing for thing in everything() if thing["kind"] == "Ingress"]


# ---- secrets


def made(monkeypatch: pytest.MonkeyPatch) -> set[tuple[str, str]]:
    """Namespace and name of every secret the seal script makes."""
    for name in ("RESTIC_REPOSITORY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    for name in ("GRAFANA_OTLP_ENDPOINT", "GRAFANA_INSTANCE", "GRAFANA_TOKEN", "FAPLOG_SMTP_URL"):
        monkeypatch.setenv(name, "x")
    return {
        (namespace, secret.name)
        for group in seal.GROUPS.values()
        for secret in group(lambda *_: None)
        for namespace in secret.namespaces
    }


def used(node: Any) -> Iterator[str]:
    """Yield the names of the secrets an object mounts or reads, but those it can do without."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "secret" and isinstance(value, dict):
                if not value.get("optional"):
                    yield value.get("secretName") or value["name"]
            elif key in ("secretKeyRef", "secretRef"):
                yield value["name"]
            else:
                yield from used(value)
    elif isinstance(node, list):
        for item in node:
            yield from used(item)


def test_every_secret_is_made_where_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    there = made(monkeypatch)
    for thing in everything():
        if thing["kind"] == "SealedSecret":
            continue
        for name in used(thing.get("spec", {})):
            assert (thing["metadata"]["namespace"], name) in there, f"{thing['kind']} {thing['metadata']['name']}"
    for function in FUNCTIONS.values():
        for name in function.secrets:
            assert {("faplog", name), ("openfaas-fn", name)} <= there
    for name in used(render.nats_values()):
        assert ("faplog", name) in there


def test_every_secret_that_is_made_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {name for thing in everything() for name in used(thing.get("spec", {}))}
    names |= {name for function in FUNCTIONS.values() for name in function.secrets} | set(used(render.nats_values()))
    names.add("faplog-smtp-url")  # of the component mail, which no environment has by default
    assert {name for _, name in made(monkeypatch)} <= names


def aliases(model: Any) -> set[str]:
    """Return the secrets without which a process does not start."""
    return {field.validation_alias for field in model.model_fields.values() if isinstance(field.validation_alias, str)}


def test_a_process_gets_the_secrets_its_settings_ask_for() -> None:
    assert aliases(Settings) == set(FUNCTIONS["api"].secrets)
    pods = {}
    for application in ("connector", "functions", "backup"):
        for thing in of("prod", application):
            if thing["kind"] in ("Deployment", "Job", "CronJob"):
                pods[thing["metadata"]["name"]] = set(used(policy.pod_spec(thing)))
    assert pods["connector"] == aliases(ConnectorSettings)
    assert pods["migrate"] == aliases(OwnerSettings)
    assert pods["reconcile"] == aliases(Settings)
    from infra.backup.target import BackupSettings, RestoreSettings

    assert pods["backup"] - {"backup-target"} == aliases(BackupSettings)
    assert pods["backup-restore"] - {"backup-target"} == aliases(RestoreSettings)


# ---- network


def test_a_policy_names_only_pods_that_exist() -> None:
    labels = {"faplog.dev/role": {"nats"}, "faplog.dev/function": set(FUNCTIONS)}
    for thing in everything():
        pod = thing.get("spec", {}).get("template") or thing.get("spec", {}).get("jobTemplate", {}).get("spec", {}).get(
            "template"
        )
        for key, value in ((pod or {}).get("metadata", {}).get("labels", {})).items():
            labels.setdefault(key, set()).add(value)
    values = read("infra/nats/values.yaml")
    assert values["podTemplate"]["merge"]["metadata"]["labels"]["faplog.dev/role"] == "nats"
    for selector in selectors(of("prod", "network")):
        for key, value in selector.items():
            if key.startswith("faplog.dev/"):
                assert value in labels[key], f"{key}={value}"


def selectors(node: Any) -> Iterator[dict[str, str]]:
    if isinstance(node, dict):
        if "matchLabels" in node:
            yield node["matchLabels"]
        for value in node.values():
            yield from selectors(value)
    elif isinstance(node, list):
        for item in node:
            yield from selectors(item)


@pytest.mark.parametrize("namespace", ["faplog", "telemetry", "openfaas", "openfaas-fn"])
def test_a_namespace_denies_by_default(namespace: str) -> None:
    denying = [
        thing
        for thing in everything()
        if thing["kind"] == "NetworkPolicy"
        and thing["metadata"]["namespace"] == namespace
        and thing["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    ]
    assert denying


# ---- charts and Argo CD


def test_the_charts_values_keep_the_rules_for_containers() -> None:
    values = read("infra/nats/values.yaml")
    for name in ("container", "reloader"):
        merged = values[name]["merge"]
        assert merged["securityContext"]["readOnlyRootFilesystem"] is True, name
        assert merged["securityContext"]["capabilities"] == {"drop": ["ALL"]}, name
        assert set(merged["resources"]["limits"]) == {"cpu", "memory"}, name
    assert values["config"]["jetstream"]["enabled"] is True
    assert values["podTemplate"]["merge"]["spec"]["automountServiceAccountToken"] is False


def test_the_streams_fit_into_what_the_server_may_store() -> None:
    """JetStream makes no stream that could grow beyond it."""

    def in_bytes(size: str) -> int:
        assert size.endswith("Gi")
        return int(size.removesuffix("Gi")) << 30

    streams = sum(config.max_bytes or 0 for config in bus.streams())
    store = read("infra/nats/values.yaml")["config"]["jetstream"]["fileStore"]
    assert 0 < streams <= in_bytes(store["maxSize"]) <= in_bytes(store["pvc"]["size"])
    assert streams <= nats.MAX_STORE_BYTES


@pytest.mark.parametrize("environment", NAMES)
def test_argo_cd_deploys_what_is_there_in_order(environment: str) -> None:
    applications = check.applications(ENVIRONMENTS / environment)
    for name, application in applications.items():
        if source := application["spec"].get("source"):
            folder = ROOT / source["path"]
            assert (folder / "kustomization.yaml").exists() or name == "secrets", source["path"]
        for file in application["spec"].get("sources", [{}])[0].get("helm", {}).get("valueFiles", []):
            assert (ROOT / file.removeprefix("$values/")).exists(), file
    first = ("sealed-secrets", "namespaces", "secrets", "postgres", "functions", "connector", "edge")
    waves = [wave(applications[name]) for name in first]
    assert waves == sorted(set(waves))
    for name in ("namespaces", "secrets", "postgres", "minio", "nats"):
        assert applications[name]["spec"]["syncPolicy"]["automated"]["prune"] is False, name
    if environment == "openfaas":
        for name in ("namespaces", "functions", "connector", "ui", "edge"):
            assert applications[name]["spec"]["source"]["path"] == f"infra/environments/openfaas/{name}"


@pytest.mark.parametrize("environment", NAMES)
def test_an_environment_has_a_folder_only_for_what_it_changes(environment: str) -> None:
    """Each folder is applied by the Application of its name, and builds something else than the base."""
    folder = ENVIRONMENTS / environment
    applied = check.applied(folder)
    assert applied["faplog"] == folder
    for path in (path.parent for path in folder.glob("*/kustomization.yaml")):
        assert applied[path.name] == path
        first, *others = read(f"{path.relative_to(ROOT)}/kustomization.yaml")["resources"]
        assert path.name == "secrets" or others or check.build(path) != check.build((path / first).resolve()), path


def test_an_application_reads_from_the_repository_of_the_settings(tmp_path: Path) -> None:
    """With the settings changed, each Application of ours names the new repository, revision and environment."""
    shutil.copytree(check.INFRA, tmp_path / "infra", ignore=shutil.ignore_patterns("__pycache__", "schemas"))
    environments = tmp_path / "infra/environments"
    (environments / "prod").rename(environments / "mine")
    for file in (environments / "mine/settings.yaml", environments / "mine/changes.yaml"):
        text = file.read_text("utf-8").replace("environments/prod/", "environments/mine/")
        text = text.replace("https://github.com/faplog/faplog.git", "https://git.example.org/us.git")
        file.write_text(
            text.replace("revision: main", "revision: stable").replace("environment: prod", "environment: mine"),
            "utf-8",
        )
    for thing in check.build(environments / "mine"):
        if thing["kind"] == "AppProject":
            assert "https://git.example.org/us.git" in thing["spec"]["sourceRepos"]
        else:
            *_, ours = thing["spec"].get("sources", [thing["spec"].get("source")])
            assert (ours["repoURL"], ours["targetRevision"]) == ("https://git.example.org/us.git", "stable")
            assert "prod" not in ours.get("path", "")


@pytest.mark.parametrize("environment", NAMES)
def test_a_namespace_is_there_before_what_goes_into_it(environment: str) -> None:
    applications = list(check.applications(ENVIRONMENTS / environment).values())
    there = {"argocd", "kube-system"}
    for application in sorted(applications, key=wave):
        spec = application["spec"]
        folder = ROOT / spec.get("source", {}).get("path", "")
        offline = folder in check.folders() and folder.parent != ENVIRONMENTS
        things = check.build(folder) if offline else []
        there |= {thing["metadata"]["name"] for thing in things if thing["kind"] == "Namespace"}
        if "CreateNamespace=true" in spec["syncPolicy"]["syncOptions"]:
            there.add(spec["destination"]["namespace"])
        wanted = {thing["metadata"].get("namespace") for thing in things} - {None}
        if "sources" in spec:
            wanted.add(spec["destination"]["namespace"])
        if application["metadata"]["name"] == "secrets":
            wanted |= {"faplog", "telemetry"} | ({"openfaas", "openfaas-fn"} if environment == "openfaas" else set())
        assert wanted <= there, application["metadata"]["name"]


def test_a_claim_that_waits_for_its_first_pod_holds_nothing_up() -> None:
    """A claim of ours is bound when a CronJob first runs; Argo CD by itself calls it unhealthy until then."""
    assert [thing for thing in everything() if thing["kind"] == "PersistentVolumeClaim"]
    health = read("infra/argocd/install/settings.yaml")["data"]
    assert '"Healthy"' in health["resource.customizations.health.PersistentVolumeClaim"]


def test_an_autoscaler_without_metrics_holds_nothing_up() -> None:
    """Argo CD by itself calls it degraded: Knative's are for a minute, and for good without a metrics server."""
    release = yaml.safe_load_all((check.INFRA / "schemas/releases/serving-core.yaml").read_text("utf-8"))
    assert [thing for thing in release if thing["kind"] == "HorizontalPodAutoscaler"]
    health = read("infra/argocd/install/settings.yaml")["data"]
    assert "ScalingActive" not in health["resource.customizations.health.autoscaling_HorizontalPodAutoscaler"]


def test_openfaas_standard_is_a_component_of_its_functions(tmp_path: Path) -> None:
    relative = os.path.relpath(check.INFRA, tmp_path)
    (tmp_path / "kustomization.yaml").write_text(
        f"resources: [{relative}/environments/openfaas/functions]\ncomponents: [{relative}/openfaas/standard]\n",
        "utf-8",
    )
    [job] = [
        thing for thing in check.build(tmp_path) if thing["metadata"]["name"] == "openfaas-deploy" and "spec" in thing
    ]
    assert "com.openfaas.scale.zero=true" in job["spec"]["template"]["spec"]["containers"][0]["args"][0]
    assert list(policy.broken(job)) == []


def test_migrations_are_not_in_the_application_they_would_wait_for() -> None:
    assert "migrate" not in {thing["metadata"]["name"] for thing in of("prod", "postgres")}
    migrate = next(thing for thing in of("prod", "functions") if thing["metadata"]["name"] == "migrate")
    assert migrate["metadata"]["annotations"]["argocd.argoproj.io/hook"] == "PreSync"


@pytest.mark.parametrize("path", ["infra/argocd/install", "infra/knative/install"])
def test_what_comes_from_the_network_is_of_a_named_version(path: str) -> None:
    remote = [url for url in read(f"{path}/kustomization.yaml")["resources"] if url.startswith("https://")]
    assert remote
    for url in remote:
        assert re.search(r"/(knative-)?v\d+\.\d+\.\d+/", url), url


# ---- telemetry


def prometheus_names() -> set[str]:
    """Our metrics as Grafana Cloud names them: dots become underscores, a unit and for counters `total` are added."""
    units = {"s": "_seconds", "By": "_bytes"}
    counters = {"faplog.logs.analysed", "faplog.uploads", "faplog.connector.deliveries"}
    names = set()
    for name, (unit, _) in METRICS.items():
        names.add(name.replace(".", "_") + units.get(unit, "") + ("_total" if name in counters else ""))
    return names


def allowed() -> set[str]:
    """Return what the collector lets through."""
    text = (ROOT / "infra/telemetry/base/config.alloy").read_text("utf-8")
    pattern = re.search(r'source_labels = \["__name__"\]\s+regex\s+= "([^"]+)"', text)
    assert pattern
    fetched = re.compile(pattern[1])
    candidates = set(re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", json.dumps(queries())))
    return {name for name in candidates if fetched.fullmatch(name)} | prometheus_names()


def queries() -> list[str]:
    rules = [rule["expr"] for group in read("infra/telemetry/alerts.yaml")["groups"] for rule in group["rules"]]
    return rules + [panel.query for panels in dashboards.DASHBOARDS.values() for panel in panels]


def test_dashboards_and_alerts_ask_only_for_what_is_let_through() -> None:
    words = {"histogram_quantile", "last_over_time", "absent_over_time"}
    for query in queries():
        bare = re.sub(r'"[^"]*"|\bby \([^)]*\)', "", query)
        for name in set(re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", bare)) - words:
            assert name.removesuffix("_bucket") in allowed(), f"{name} in {query}"


def test_the_collectors_login_is_written_so_that_alloy_starts() -> None:
    """With `client_auth` alone Alloy 1.19 ends: "no credential source provided"."""
    text = (ROOT / "infra/telemetry/base/config.alloy").read_text("utf-8")
    [login] = re.findall(r'^otelcol\.auth\.basic "cloud" \{\n(.*?)^\}', text, re.MULTILINE | re.DOTALL)
    assert "client_auth" not in login
    assert set(re.findall(r"^ +(\w+) += sys.env", login, re.MULTILINE)) == {"username", "password"}


def test_every_alert_has_its_row_in_the_failure_table() -> None:
    guide = (ROOT / "docs/operations.md").read_text("utf-8")
    for group in read("infra/telemetry/alerts.yaml")["groups"]:
        for rule in group["rules"]:
            anchor = rule["annotations"]["runbook"].partition("#")[2]
            assert f'id="{anchor}"' in guide, anchor


def test_telemetry_is_off_by_default_and_one_setting_in_prod() -> None:
    for environment in ("local", "prod"):
        for application in ("functions", "connector", "ui", "backup"):
            names = {
                variable["name"]
                for thing in of(environment, application)
                for container in (policy.pod_spec(thing) or {"containers": []})["containers"]
                for variable in container.get("env", [])
            }
            assert ("OTEL_EXPORTER_OTLP_ENDPOINT" in names) is (environment == "prod"), (environment, application)


def test_the_settings_of_knative_go_into_its_own_objects() -> None:
    """With the shapes of the released manifests in their place."""
    folder = check.INFRA / "knative/install"
    built = {(thing["kind"], thing["metadata"]["name"]): thing for thing in check.build(folder)}
    assert built["Service", "kourier"]["spec"]["type"] == "ClusterIP"
    for thing in yaml.safe_load_all((folder / "config.yaml").read_text("utf-8")):
        data = built["ConfigMap", thing["metadata"]["name"]]["data"]
        assert data == dict.fromkeys(data, "") | thing["data"]
        assert "_example" in data


def test_the_activator_asks_pods_only_and_takes_requests_when_it_reaches_them() -> None:
    """A Service that answers before a pod would be asked ever after, also while it leads to a pod that ends.

    That is read at the start only, so a change of it must start new pods. And without it a pod that Kubernetes calls
    ready is not asked at all, while network policies let a new activator through after a second or two.
    """
    built = {
        (thing["kind"], thing["metadata"]["name"]): thing for thing in check.build(check.INFRA / "knative/install")
    }
    setting = "mesh-compatibility-mode"
    wanted = built["ConfigMap", "config-network"]["data"][setting]
    assert wanted == "disabled"
    for name in ("activator", "autoscaler"):
        pod = built["Deployment", name]["spec"]["template"]
        assert pod["metadata"]["annotations"][f"faplog.dev/{setting}"] == wanted, name
    [activator] = built["Deployment", "activator"]["spec"]["template"]["spec"]["containers"]
    assert activator["readinessProbe"]["initialDelaySeconds"] >= 3


def test_only_our_callers_reach_functions_through_knative() -> None:
    policies = {
        thing["metadata"]["name"]: thing["spec"]
        for thing in check.build(check.INFRA / "knative/install")
        if thing["kind"] == "NetworkPolicy"
    }
    assert policies["faplog-gateway"]["podSelector"]["matchLabels"] == {"app": "3scale-kourier-gateway"}
    assert policies["faplog-activator"]["podSelector"]["matchLabels"] == {"app": "activator"}
    for spec in policies.values():
        for rule in spec["ingress"]:
            assert all("namespaceSelector" in peer for peer in rule["from"])


def test_a_broker_that_keeps_a_write_error_is_restarted() -> None:
    """The chart's own liveness probe, which has a parameter, is content with such a broker."""
    assert read("infra/nats/values.yaml")["container"]["merge"]["livenessProbe"]["httpGet"]["path"] == "/healthz"


def test_a_crashed_database_ends_to_be_started_anew() -> None:
    documents = yaml.safe_load_all((ROOT / "infra/postgres/base/statefulset.yaml").read_text("utf-8"))
    [server] = [document for document in documents if document["kind"] == "StatefulSet"]
    assert "restart_after_crash=off" in server["spec"]["template"]["spec"]["containers"][0]["args"]


def test_the_database_logs_as_little_in_the_cluster_as_on_the_laptop() -> None:
    arguments: list[str] = []
    for thing in of("prod", "postgres"):
        if thing["kind"] == "StatefulSet":
            arguments = thing["spec"]["template"]["spec"]["containers"][0]["args"]
    cluster = dict(argument.split("=", 1) for argument in arguments if argument != "-c")
    quiet = {key: value for key, value in postgres.LOG_SETTINGS.items() if key != "log_min_duration_statement"}
    assert {key: cluster.get(key) for key in quiet} == quiet
