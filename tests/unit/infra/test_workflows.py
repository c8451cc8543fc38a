"""The workflows of GitHub: valid, pinned, and every step can be run here; the scripts do what the steps expect."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from faplog.version import VERSION
from infra import ROOT, check, workflows

MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
PINNED = "actions/checkout@df4cb1c069e1874edd31b4311f1884172cec0e10 # v6.0.3"


def workflow(*steps: str) -> str:
    return "jobs:\n  one:\n    steps:\n" + "".join(f"      - {step}\n" for step in steps)


def test_nothing_is_wrong_with_them() -> None:
    assert workflows.problems() == []


@pytest.mark.parametrize(
    "action",
    ["actions/checkout@v6", "actions/checkout@df4cb1c # v6", PINNED.partition(" #")[0], "actions/checkout@main"],
)
def test_an_action_without_a_digest_or_a_version_is_named(action: str) -> None:
    assert list(workflows.misfits(workflow(f"uses: {PINNED}"), MAKEFILE)) == []
    [problem] = workflows.misfits(workflow(f"uses: {action}"), MAKEFILE)
    assert problem.startswith("not pinned")


@pytest.mark.parametrize(
    "step", ["make checks", "npm ci", "|\n          make check\n          make test", "infra/no.sh"]
)
def test_a_step_that_cannot_be_run_here_is_named(step: str) -> None:
    for fine in ("make check", "make cluster-test PARTS=flow", "infra/k3d.sh"):
        assert list(workflows.misfits(workflow(f"run: {fine}"), MAKEFILE)) == []
    [problem] = workflows.misfits(workflow(f"run: {step}"), MAKEFILE)
    assert problem.startswith("job one: a step must be one make target or script")


STUB = """#!/bin/sh
given=
case "$*" in *"--password-stdin"* | *"-f -"*) given=" <- $(cat)" ;; esac
echo "${0##*/} $*$given" >> "$NOTES"
case "$*" in "$FAILS"*) exit 1 ;; esac
"""


def scripted(tmp_path: Path, script: str, *, fails: str = "nothing", **variables: str) -> tuple[int, str, list[str]]:
    """Run a script with programs that note what they are told. Return its code, its complaint and the notes."""
    for name in ("docker", "go", "kubectl", "sudo", "qemu-aarch64-static"):
        (tmp_path / name).write_text(STUB, "utf-8")
        (tmp_path / name).chmod(0o755)
    notes = tmp_path / "notes"
    notes.touch()
    kept = {"PATH": f"{tmp_path}:/usr/bin:/bin", "NOTES": str(notes), "FAILS": fails, "BUILD": str(tmp_path / "build")}
    done = subprocess.run(
        ["bash", str(ROOT / script)],
        env={"HOME": os.environ.get("HOME", "/"), "PYTHON": str(tmp_path / "docker")} | kept | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr, notes.read_text("utf-8").splitlines()


RELEASE = {
    "PLATFORMS": "linux/amd64,linux/arm64",
    "PUSH": "yes",
    "RELEASE": f"v{VERSION}",
    "REGISTRY": "ghcr.io/someone",
    "REGISTRY_USER": "someone",
    "REGISTRY_PASSWORD": "not a real one",
}


def test_a_release_is_built_for_each_platform_with_sbom_and_provenance(tmp_path: Path) -> None:
    code, complaint, notes = scripted(tmp_path, "infra/images.sh", **RELEASE)
    assert code == 0, complaint
    assert "docker login --username someone --password-stdin ghcr.io <- not a real one" in notes
    builds = [note for note in notes if note.startswith("docker buildx build")]
    assert len(builds) == 6
    for build in builds:
        assert "--platform linux/amd64,linux/arm64 --sbom=true --provenance=mode=max --push" in build
        assert "org.opencontainers.image.source=https://" in build
        assert f":{VERSION} " in build
    assert not [note for note in notes if note.startswith(("docker build ", "docker push"))]


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [({"RELEASE": "v9.9.9"}, "The tag is v9.9.9, but faplog/version.py says"), ({"PUSH": "no"}, "say PUSH=yes")],
)
def test_a_wrong_release_builds_nothing(tmp_path: Path, changed: dict[str, str], complaint: str) -> None:
    code, said, notes = scripted(tmp_path, "infra/images.sh", **(RELEASE | changed))
    assert code == 1
    assert complaint in said
    assert notes == []


def test_k3d_gets_the_images_and_knative_asks_no_registry_for_them(tmp_path: Path) -> None:
    code, complaint, notes = scripted(tmp_path, "infra/k3d.sh")
    assert code == 0, complaint
    [created] = [note for note in notes if "cluster create" in note]
    assert "--port 8080:80@loadbalancer" in created
    [imported] = [note for note in notes if "image import" in note]
    assert all(f"ghcr.io/faplog/{name}:{VERSION}" in imported for name in ("api", "analyse", "average", "ui", "backup"))
    [config] = [number for number, note in enumerate(notes) if "--field-manager=k3d" in note]
    assert "registries-skipping-tag-resolving: ghcr.io," in "\n".join(notes)
    assert "wait --for=create crd/ingressroutes.traefik.io" in "\n".join(notes[config:])


def test_k3d_without_images_says_so(tmp_path: Path) -> None:
    code, complaint, notes = scripted(tmp_path, "infra/k3d.sh", fails="image inspect")
    assert code == 1
    assert "run `make images` first" in complaint
    assert [note for note in notes if "cluster create" in note] == []


def test_k3s_is_as_new_as_the_manifests_need() -> None:
    assert f"rancher/k3s:v{check.KUBERNETES}." in (check.INFRA / "k3d.sh").read_text("utf-8")


def planned(*arguments: str) -> str:
    """Return what `make` would run."""
    command = ["make", "--dry-run", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("target", re.findall(r"^([a-z0-9-]+):.*## ", MAKEFILE, re.MULTILINE))
def test_a_documented_target_is_a_command_also_where_a_folder_has_its_name(target: str) -> None:
    said = planned("--print-data-base", target)
    assert "is up to date" not in said
    [commands] = re.findall(r"^\.PHONY: (.+)$", said, re.MULTILINE)
    assert target in commands.split()


@pytest.mark.parametrize("target", ["run", "demo", "admin", "reset", "backup", "restore"])
def test_a_folder_may_have_a_blank_in_its_name(target: str) -> None:
    commands = planned(target, "STATE=/tmp/a b", "TO=/tmp/c d", "FROM=/tmp/e f")
    assert '--state "/tmp/a b"' in commands
    assert {"backup": '"/tmp/c d"', "restore": '"/tmp/e f"'}.get(target, "") in commands


def test_the_images_of_a_release_wait_for_the_checks() -> None:
    jobs = yaml.safe_load((workflows.WORKFLOWS / "images.yml").read_text("utf-8"))["jobs"]
    assert jobs["images"]["needs"] == "check"
    assert jobs["check"]["uses"].endswith("/.github/workflows/check.yml")
