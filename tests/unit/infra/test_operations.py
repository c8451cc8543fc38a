"""The operations guide: what it tells an operator to type names what is there, and is taken as it is written."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from infra import ROOT, check, seal
from tests.unit.infra import cluster_stub

GUIDE = (ROOT / "docs/operations.md").read_text("utf-8")


def blocks() -> list[str]:
    """Return the guide's shell blocks."""
    return re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)


def expanded(word: str) -> list[str]:
    """Return a word as bash expands its braces."""
    done = subprocess.run(["bash", "-c", f"printf '%s\\n' {word}"], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_every_file_of_infra_it_names_is_there() -> None:
    words = set(re.findall(r"(?<![\w/])infra/[\w{},./*-]*[\w}]", GUIDE))
    assert len(words) > 10
    for word in sorted(words):
        for path in expanded(word):
            assert list(ROOT.glob(path)), path


def test_it_opens_every_file_with_settings() -> None:
    editor = next(line for block in blocks() for line in block.splitlines() if line.startswith("$EDITOR"))
    opened = {ROOT / file for word in editor.split()[1:] for file in expanded(word)}
    files = [path for path in (ROOT / "infra/environments/prod").rglob("*") if path.is_file()]
    assert opened == {path for path in files if "Yours to change" in path.read_text("utf-8")}


@pytest.mark.parametrize("block", blocks(), ids=lambda block: block.splitlines()[0][:30])
def test_what_it_says_to_type_is_shell(block: str) -> None:
    done = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def block(words: str) -> str:
    """Return the only shell block with these words."""
    [found] = [text for text in blocks() if words in text]
    return found


def test_the_steps_without_argo_cd_are_taken_as_written(tmp_path: Path) -> None:
    done = subprocess.run(
        ["bash", "-e", "-c", block("infra/install.sh")],
        cwd=ROOT,
        env=cluster_stub.write(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("The environment local is installed.\n")
    assert any("Service/analyse" in line for line in cluster_stub.told(tmp_path))


def commands(text: str) -> list[list[str]]:
    """Return the kubectl commands of a shell block, as words."""
    joined = text.replace("\\\n", " ")
    return [shlex.split(line, comments=True) for line in joined.splitlines() if line.strip().startswith("kubectl ")]


def test_argo_cd_is_given_folders_that_build() -> None:
    given = [words[words.index("-k") + 1] for words in commands(block("infra/argocd/install")) if "-k" in words]
    assert given == ["infra/argocd/install", "infra/environments/prod"]
    for folder in given:
        assert check.build(ROOT / folder)


@pytest.mark.parametrize("environment", check.environments(), ids=lambda path: path.name)
def test_by_hand_only_the_project_and_the_root_are_applied(environment: Path) -> None:
    """All Applications at once would sync at once: the waves order only what the root creates."""
    [applied] = [words for words in commands(block("infra/argocd/install")) if "infra/environments/prod" in words]
    key, _, value = applied[applied.index("--selector") + 1].partition("=")
    chosen = {
        (thing["kind"], thing["metadata"]["name"])
        for thing in check.build(environment)
        if thing["metadata"].get("labels", {}).get(key) == value
    }
    assert chosen == {("AppProject", "faplog"), ("Application", "faplog")}


def test_the_groups_of_secrets_are_those_of_the_program() -> None:
    sentence = re.search(r"Groups are (.*?)\. Nothing", GUIDE, re.DOTALL)
    assert sentence
    assert set(re.findall(r"`(\w+)`", sentence[1])) == set(seal.GROUPS)
