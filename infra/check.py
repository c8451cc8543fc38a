"""`python -m infra.check`: check the cluster's files without a cluster and without a network; a part of `make check`.

Every folder that an environment applies builds; every object is valid, strictly; every container keeps the rules of
`infra.policy`; no secret is in clear; charts get only values that they read; rendered files are fresh; YAML,
Dockerfiles and workflows are tidy. `--kubectl PATH` builds with another kubectl as well, such as the oldest that a
cluster brings.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, Final

import jsonschema
import kubernetes_validate
import yaml

from faplog import routes, stack
from infra import ENVIRONMENTS, ROOT, dockerfiles, gitops, policy, render, upstream, workflows
from infra.dockerfiles import DOCKERFILES

INFRA: Final = ROOT / "infra"
SCHEMAS: Final = INFRA / "schemas"
INSTALLS: Final = (INFRA / "argocd/install", INFRA / "knative/install")
"""Kustomizations of released manifests. They need the network; here they build with shapes of the releases."""

KUBERNETES: Final = "1.34"
"""The oldest version whose schemas the manifests must satisfy."""

OWN_ANSWER_SEC: Final = 3
"""of-watchdog needs this long to answer 504 itself before its connection is closed."""

_NAME: Final = re.compile(r"[A-Za-z0-9.-]*")
_HASHED: Final = re.compile(r".+-[a-z0-9]{10}")
_SERIES: Final = re.compile(r"v?(\d+\.\d+)\.\d+")

Object = dict[str, Any]


def program(name: str) -> str:
    """Return the path of a program that a Python package installed."""
    return str(Path(sysconfig.get_path("scripts")) / name)


def environments() -> list[Path]:
    """Return the folder of each environment."""
    return sorted(path.parent for path in ENVIRONMENTS.glob("*/kustomization.yaml"))


def applications(environment: Path) -> dict[str, Object]:
    """Return the Argo CD Applications of an environment by name."""
    return {thing["metadata"]["name"]: thing for thing in build(environment) if thing["kind"] == "Application"}


def applied(environment: Path) -> dict[str, Path]:
    """Return the folder of this checkout that each Application of an environment applies; charts have none.

    The sealed secrets are left out while none are sealed.
    """
    folders = {}
    for name, application in applications(environment).items():
        if source := application["spec"].get("source"):
            folder = ROOT / source["path"]
            if name != "secrets" or folder.is_dir():
                folders[name] = folder
    return folders


def folders() -> list[Path]:
    """Return every folder that is applied and builds without a network."""
    found = {folder for environment in environments() for folder in applied(environment).values()}
    return sorted(found - set(INSTALLS))


@cache
def build(folder: Path, kubectl: str | None = None) -> list[Object]:
    """Build a kustomization, with shapes of the releases in place of what it would download.

    Raises:
        subprocess.CalledProcessError: It does not build.
    """
    with tempfile.TemporaryDirectory() as scratch:
        if _downloads(folder):
            folder = _with_shapes(folder, Path(scratch) / "offline")
        command = [kubectl or program("kubectl"), "kustomize", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def _downloads(folder: Path) -> list[str]:
    kustomization = folder / "kustomization.yaml"
    resources = yaml.safe_load(kustomization.read_text("utf-8")).get("resources", []) if kustomization.exists() else []
    return [resource for resource in resources if resource.startswith("https://")]


def _with_shapes(folder: Path, copy: Path) -> Path:
    shutil.copytree(folder, copy)
    text = (copy / "kustomization.yaml").read_text("utf-8")
    for url in _downloads(folder):
        name = url.rpartition("/")[2]
        text = text.replace(url, name)
        if (shape := upstream.RELEASES / name).exists():
            shutil.copy(shape, copy / name)
    (copy / "kustomization.yaml").write_text(text, "utf-8")
    return copy


@cache
def schema(api_version: str, kind: str) -> Object | None:
    """Return our schema of a custom resource, or None if we have none."""
    path = SCHEMAS / f"{api_version.split('/')[0]}-{kind.lower()}.json"
    if not path.exists():
        return None
    loaded: Object = json.loads(path.read_text("utf-8"))
    return loaded


def invalid(thing: Object) -> Iterator[str]:
    """Yield what is wrong with an object by our schema for its kind, otherwise by Kubernetes' own, strictly."""
    if ours := schema(thing["apiVersion"], thing["kind"]):
        for error in jsonschema.Draft202012Validator(ours).iter_errors(thing):
            yield f"{error.json_path}: {error.message}"
        return
    try:
        kubernetes_validate.validate(thing, KUBERNETES, strict=True)
    except kubernetes_validate.ValidationError as error:
        yield f"{'.'.join(str(part) for part in error.path)}: {error.message}"
    except kubernetes_validate.SchemaNotFoundError:
        yield "there is no schema for this kind: write one in infra/schemas"


def check_folder(folder: Path, kubectl: str | None = None) -> list[str]:
    """Return everything wrong with one applied folder; of released objects only whether our changes fit them."""
    name = folder.relative_to(ROOT) if folder.is_relative_to(ROOT) else folder
    try:
        things = build(folder, kubectl)
    except subprocess.CalledProcessError as error:
        return [f"{name} does not build: {error.stderr.strip()}"]
    if kubectl:
        return []
    released = {identity(thing) for url in _downloads(folder) for thing in _shapes(url)}
    wrong = []
    for thing in things:
        if identity(thing) in released:
            continue
        where = f"{name}: {thing['kind']} {thing['metadata']['name']}"
        wrong += [f"{where}: {problem}" for problem in (*invalid(thing), *policy.broken(thing))]
    return wrong


def identity(thing: Object) -> tuple[str, str]:
    """Return kind and name of an object; the namespace of a released one may be set by our kustomization."""
    return thing["kind"], thing["metadata"]["name"]


def _shapes(url: str) -> list[Object]:
    """Return the kept shape of a release."""
    return list(yaml.safe_load_all((upstream.RELEASES / url.rpartition("/")[2]).read_text("utf-8")))


def check_environment(environment: Path) -> list[str]:
    """Return what is wrong between an environment's Applications and the folders and charts that they apply."""
    parts = {name: build(folder) for name, folder in applied(environment).items()}
    wrong = [f"{environment.relative_to(ROOT)}: {problem}" for problem in gitops.broken(build(environment), parts)]
    for name, application in applications(environment).items():
        spec = application["spec"]
        where = f"{environment.relative_to(ROOT)}: Application {name}"
        if "source" in spec:
            folder = ROOT / spec["source"]["path"]
            if not (folder / "kustomization.yaml").exists():
                if name != "secrets":
                    wrong.append(f"{where}: there is no {spec['source']['path']}")
                continue
            if spec["syncPolicy"]["automated"]["prune"] is False:
                wrong += [f"{where}: {problem}" for problem in left_behind(build(folder))]
        else:
            wrong += [f"{where}: {problem}" for problem in chart_misfits(spec["sources"][0])]
    return wrong


def left_behind(things: list[Object]) -> Iterator[str]:
    """Yield generated ConfigMaps with a hash in their name: where nothing is pruned, each change leaves one behind."""
    for thing in things:
        if thing["kind"] == "ConfigMap" and _HASHED.fullmatch(thing["metadata"]["name"]):
            yield f"ConfigMap {thing['metadata']['name']} has a hash in its name, and the Application prunes nothing"


def chart_misfits(source: Object) -> Iterator[str]:
    """Compare the values that an Application gives to a chart with the kept shape of that chart."""
    version, shape = upstream.chart_shape(source["chart"])
    if not same_series(version, source["targetRevision"]):
        yield f"the kept shape of {source['chart']} is of {version}: run `python -m infra.upstream` for the new version"
    for file in source["helm"]["valueFiles"]:
        path = file.removeprefix("$values/")
        yield from (f"{path}: {problem}" for problem in values_misfits(ROOT / path, shape))


def values_misfits(path: Path, shape: Any) -> Iterator[str]:
    """Compare a file of values with the shape of a chart."""
    for document in yaml.safe_load_all(path.read_text("utf-8")):
        yield from upstream.misfits(document, shape)


def check_releases() -> list[str]:
    """Return the releases that we name in another series (major and minor version) than the shape that we keep."""
    wrong = []
    for folder in INSTALLS:
        for url in _downloads(folder):
            shape = upstream.RELEASES / url.rpartition("/")[2]
            header = shape.read_text("utf-8").partition("\n")[0] if shape.exists() else ""
            if not same_series(header, url):
                wrong.append(f"{folder.relative_to(ROOT)}: no shape of {url}: run `python -m infra.upstream`")
    return wrong


def same_series(one: str, other: str) -> bool:
    """Tell whether two texts name a version with the same major and minor number."""
    series = [_SERIES.search(text) for text in (one, other)]
    return None not in series and len({match[1] for match in series if match}) == 1


def check_values_of_traefik() -> list[str]:
    """Return the values for K3s' Traefik that its chart does not read."""
    path = INFRA / "traefik/install/helmchartconfig.yaml"
    values = yaml.safe_load(yaml.safe_load(path.read_text("utf-8"))["spec"]["valuesContent"])
    return [
        f"{path.relative_to(ROOT)}: {problem}"
        for problem in upstream.misfits(values, upstream.chart_shape("traefik")[1])
    ]


def replacement_patterns(kustomization: Object) -> Iterator[str]:
    """Yield names in the selectors of replacements that are patterns: kustomize reads those only since 5.8."""
    for replacement in kustomization.get("replacements", []):
        for target in replacement.get("targets", []):
            for selector in (target.get("select", {}), *target.get("reject", [])):
                for value in selector.values():
                    if not _NAME.fullmatch(value):
                        yield f"a replacement selects by the pattern {value}, kubectl {KUBERNETES} takes names only"


def check_replacements() -> list[str]:
    """Return the patterns in replacements of all kustomizations."""
    return [
        f"{path.relative_to(ROOT)}: {problem}"
        for path in sorted(INFRA.rglob("kustomization.yaml"))
        for problem in replacement_patterns(yaml.safe_load(path.read_text("utf-8")))
    ]


def check_argo_cd() -> list[str]:
    """Return what is wrong with the settings of Argo CD and with the operator's commands."""
    settings = INFRA / "argocd/install/settings.yaml"
    guide = ROOT / "docs/operations.md"
    wrong = [
        f"{settings.relative_to(ROOT)}: {problem}"
        for problem in gitops.health_misses(yaml.safe_load(settings.read_text("utf-8")))
    ]
    return wrong + [
        f"{guide.relative_to(ROOT)}: {problem}" for problem in gitops.guide_misses(guide.read_text("utf-8"))
    ]


def timeouts(functions: list[stack.Function], gateway: Object) -> Iterator[str]:
    """Yield time-outs in the wrong order: a function, its proxy, the gateway and the connector each wait longer.

    Args:
        functions: The functions of stack.yml.
        gateway: The values of OpenFaaS' gateway.
    """
    upstream_sec, read_sec = (routes.seconds(gateway[key]) for key in ("upstreamTimeout", "readTimeout"))
    connector = {route.function: route.timeout_sec for route in routes.from_stack(functions, render.GATEWAY)}
    for function in functions:
        exec_sec, write_sec = (routes.seconds(function.environment[key]) for key in ("exec_timeout", "write_timeout"))
        if exec_sec + OWN_ANSWER_SEC > write_sec:
            yield f"stack.yml: {function.name}: exec_timeout must be {OWN_ANSWER_SEC} s below write_timeout"
        knative_sec = exec_sec + render.REVISION_MARGIN_SEC
        if not exec_sec < upstream_sec < read_sec < connector[function.name] > knative_sec:
            yield f"stack.yml: {function.name}: gateway and connector must wait longer than the function"


def check_images() -> list[str]:
    """Return Dockerfiles without the shared labels, and what the contexts of functions let through."""
    wrong = [
        f"{path}: it has no block `labels`, which says where an image comes from"
        for path in DOCKERFILES
        if "labels" not in dockerfiles.blocks_of((ROOT / path).read_text("utf-8"))
    ]
    file = ROOT / "template/faplog-python/.dockerignore"
    ignored = file.read_text("utf-8").splitlines() if file.exists() else []
    return wrong + [
        f"{file.relative_to(ROOT)}: {pattern} must not go into an image"
        for pattern in ("**/__pycache__", "function/faplog/synthetic")
        if pattern not in ignored
    ]


def tidy() -> list[str]:
    """Return the complaints of yamllint and hadolint."""
    commands = (
        [program("yamllint"), "--strict", "-c", str(INFRA / "yamllint.yaml"), str(INFRA), "stack.yml", "template"],
        [program("hadolint"), *DOCKERFILES],
    )
    said = []
    for command in commands:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            said.append((done.stdout + done.stderr).strip())
    return said


def problems(kubectls: tuple[str, ...] = ()) -> list[str]:
    """Return everything wrong, each as one line that says where."""
    checked = [*folders(), *INSTALLS]
    with ThreadPoolExecutor(2) as pool:
        found = [line for lines in pool.map(check_folder, checked) for line in lines]
        for kubectl in kubectls:
            lists = pool.map(lambda folder, kubectl=kubectl: check_folder(folder, kubectl), checked)
            found += [f"with {kubectl}: {line}" for lines in lists for line in lines]
    found += [line for environment in environments() for line in check_environment(environment)]
    found += check_releases() + check_replacements() + check_values_of_traefik() + check_argo_cd() + check_images()
    gateway = yaml.safe_load((INFRA / "openfaas/values.yaml").read_text("utf-8"))["gateway"]
    found += timeouts(stack.read(ROOT / "stack.yml", {}), gateway)
    found += [f"{path} is out of date: run `make render`" for path in render.stale()]
    return found + workflows.problems() + tidy()


def main(arguments: list[str] | None = None) -> int:
    """Print what is wrong; return 1 if anything is."""
    parser = argparse.ArgumentParser(prog="python -m infra.check", description=__doc__)
    parser.add_argument("--kubectl", action="append", default=[], help="build with this kubectl as well")
    options = parser.parse_args(arguments)
    for problem in (found := problems(tuple(options.kubectl))):
        print(problem, file=sys.stderr)
    if not found:
        print(
            f"infra: {len(folders())} folders of {len(environments())} environments build, validate and keep the rules"
        )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
