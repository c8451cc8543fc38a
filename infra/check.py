"""`python -m infra.check`: what can be checked about the cluster without one; offline, a part of `make check`.

Every overlay builds; every object is valid, ours and Kubernetes' strictly; every container keeps the house rules; no
secret is in clear; what is rendered is fresh; YAML and Dockerfiles are tidy.
"""

import json
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, Final

import jsonschema
import kubernetes_validate
import yaml

from infra import policy, render
from infra.release import DOCKERFILES

ROOT: Final = Path(__file__).resolve().parents[1]
INFRA: Final = ROOT / "infra"
SCHEMAS: Final = INFRA / "schemas"
KUBERNETES: Final = "1.34"
"""The oldest version whose schemas the manifests must satisfy."""

Object = dict[str, Any]


def program(name: str) -> str:
    """The path of a program that came with a wheel."""
    return str(Path(sysconfig.get_path("scripts")) / name)


def overlays() -> list[Path]:
    """Every folder that somebody applies and that needs no network to build."""
    return [*sorted(path.parent for path in INFRA.glob("*/overlays/*/kustomization.yaml")), INFRA / "traefik/install"]


@cache
def build(overlay: Path) -> list[Object]:
    """The objects of an overlay.

    Raises:
        subprocess.CalledProcessError: it does not build.
    """
    done = subprocess.run([program("kubectl"), "kustomize", str(overlay)], capture_output=True, text=True, check=True)
    return [document for document in yaml.safe_load_all(done.stdout) if document]


@cache
def schema(api_version: str, kind: str) -> Object | None:
    """Our schema of a custom resource, if we wrote one."""
    path = SCHEMAS / f"{api_version.split('/')[0]}-{kind.lower()}.json"
    if not path.exists():
        return None
    loaded: Object = json.loads(path.read_text("utf-8"))
    return loaded


def invalid(thing: Object) -> Iterator[str]:
    """What is wrong with an object: against our schema for its kind, else against Kubernetes' own, strictly."""
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


def check_overlay(overlay: Path) -> list[str]:
    """Everything wrong with one overlay."""
    name = overlay.relative_to(ROOT)
    try:
        things = build(overlay)
    except subprocess.CalledProcessError as error:
        return [f"{name} does not build: {error.stderr.strip()}"]
    wrong = []
    for thing in things:
        where = f"{name}: {thing['kind']} {thing['metadata']['name']}"
        wrong += [f"{where}: {problem}" for problem in (*invalid(thing), *policy.broken(thing))]
    return wrong


def tidy() -> list[str]:
    """What yamllint and hadolint have to say."""
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


def problems() -> list[str]:
    """Everything wrong, each as one line that says where."""
    with ThreadPoolExecutor(2) as pool:
        found = [line for lines in pool.map(check_overlay, overlays()) for line in lines]
    found += [f"{path} is out of date: run `make render`" for path in render.stale()]
    return found + tidy()


def main() -> int:
    """Print what is wrong; 1 if anything is."""
    for problem in (found := problems()):
        print(problem, file=sys.stderr)
    if not found:
        print(f"infra: {len(overlays())} overlays build, validate and keep the rules")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
