"""The commands of docs/operations.md, exactly as they stand there."""

import os
import re
import subprocess
from typing import Final

from infra import FUNCTION, NAMESPACE, ROOT
from infra.cluster_test import variant
from infra.cluster_test.variant import KNATIVE, OPENFAAS

GUIDE: Final = ROOT / "docs/operations.md"


class CommandFailed(Exception):
    """Commands of the guide failed; the message is what they said last."""


def block(words: str) -> str:
    """Return the only shell block of the guide that contains these words.

    Raises:
        LookupError: There is none, or more than one.
    """
    found = [text for text in re.findall(r"```sh\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL) if words in text]
    if len(found) != 1:
        raise LookupError(f"docs/operations.md has {len(found)} shell blocks with {words!r}: one is expected")
    return str(found[0])


def type_in(commands: str, **variables: str) -> str:
    """Run commands in bash, from the checkout's root, until one fails. Return what they printed.

    Raises:
        CommandFailed: One failed.
    """
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", commands],
        cwd=ROOT,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise CommandFailed(f"exit code {done.returncode}: {' '.join(said[-3:])}")
    return done.stdout


def install_again(environment: str, **variables: str) -> str:
    """Run the install script of the guide.

    Raises:
        CommandFailed: It failed.
    """
    return type_in(f"infra/install.sh {environment}", **variables)


RESTART_OURS: Final = "for part in connector ui"
RESTART_FUNCTIONS: Final = {
    KNATIVE.title: f"kubectl -n {NAMESPACE} delete pod -l {FUNCTION}=api",
    OPENFAAS.title: "for function in",
}
"""Words of the blocks that restart our parts one after the other, and the functions by what runs them."""


def restart_ours(environment: str) -> None:
    """Restart our parts with the guide's commands.

    Raises:
        CommandFailed: One failed.
    """
    type_in(block(RESTART_OURS))
    type_in(block(RESTART_FUNCTIONS[variant.of(environment).title]))
