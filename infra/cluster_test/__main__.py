"""`python -m infra.cluster_test`: prove on a real cluster what the documents promise, and print one table.

Exit codes: 0 everything is as promised; 1 a proof failed; 2 there is no cluster, or something is missing on it, and
nothing was changed.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import aiohttp
import httpx

from infra import ENVIRONMENTS, NAMESPACE, install
from infra.cluster_test import preflight, report
from infra.cluster_test.guide import CommandFailed
from infra.cluster_test.kube import KubeError, kubectl
from infra.cluster_test.parts import (
    admission,
    backup,
    burst,
    cold,
    flow,
    kill,
    network,
    pages,
    pods,
    resources,
    roll,
    rotate,
)
from infra.cluster_test.parts import install as installing
from infra.cluster_test.report import Report, Row
from infra.cluster_test.target import STRANGER, Target
from infra.cluster_test.versions import versions
from infra.cluster_test.waiting import TooLate

PARTS: Final[dict[str, Callable[[Target], Iterator[Row]]]] = {
    "install": installing.run,
    "admission": admission.run,
    "pods": pods.run,
    "network": network.run,
    "flow": flow.run,
    "pages": pages.run,
    "cold": cold.run,
    "burst": burst.run,
    "roll": roll.run,
    "kill": kill.run,
    "rotate": rotate.run,
    "backup": backup.run,
    "resources": resources.run,
}
"""Every part in the order in which they run."""

CHANGES: Final = {
    "install": "installs the environment twice",
    "roll": "restarts our parts",
    "kill": "kills each pod of ours, Traefik, and Kourier and the activator or OpenFaaS' gateway",
    "rotate": "makes new secrets",
    "backup": f"deletes the namespace {NAMESPACE} and restores it",
}
"""What a part changes besides its own account and the namespace of the test."""

EXPECTED_ERRORS: Final = (
    *(KubeError, CommandFailed, TooLate, install.InstallError, LookupError),
    *(httpx.HTTPError, aiohttp.ClientError),
)
"""What may go wrong in a part; it fails with the message, and the next part runs."""


def main(arguments: list[str] | None = None) -> int:
    """Run the parts. Return 1 if a proof fails, and 2 if something is missing; then nothing was changed."""
    given = _parser().parse_args(arguments)
    try:
        lacks = preflight.lacks(given.environment, given.parts, given.address, disposable=given.disposable)
        where = given.address or (None if lacks else preflight.address(given.environment))
        if not lacks and not where:
            lacks = ["an address of the edge: Traefik's Service has none. Say ADDRESS=http://…"]
    except FileNotFoundError as error:
        return _stop(f"The program {error.filename} is not installed.")
    except EXPECTED_ERRORS as error:
        return _stop(f"The cluster does not answer as it should: {error}.")
    if lacks or not where:
        return _stop("\n".join(f"Missing: {line}." for line in lacks))
    target = Target(given.environment, where.rstrip("/"), given.runs)
    _announce(target, given.parts)
    rows = list(_run_parts(target, given.parts))
    found = Report(datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"), target.environment, versions(), rows)
    for path, form in ((given.markdown, report.as_markdown), (given.json, report.as_json)):
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(form(found), "utf-8")
    print(report.as_text(found))
    return 1 if found.failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m infra.cluster_test", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = sorted(path.parent.name for path in ENVIRONMENTS.glob("*/kustomization.yaml"))
    parser.add_argument("--environment", choices=names, default="local", help="what is tested (default: %(default)s)")
    parser.add_argument(
        "--address", help="where the edge answers (default: the host of its certificate, else Traefik's address)"
    )
    parser.add_argument(
        "--parts", type=_names, default=list(PARTS), help=f"the parts to run, with commas: {', '.join(PARTS)}"
    )
    parser.add_argument("--runs", type=int, default=3, help="how often a cold start is measured (default: %(default)s)")
    parser.add_argument(
        "--disposable", action="store_true", help="the accounts that the system has may be interrupted and deleted"
    )
    parser.add_argument("--json", type=Path, help="write the table to this file as JSON, too")
    parser.add_argument("--markdown", type=Path, help="write the table to this file as Markdown, too")
    return parser


def _names(text: str) -> list[str]:
    """Return the named parts in the order in which they run."""
    wanted = [name.strip() for name in text.split(",") if name.strip()]
    if unknown := [name for name in wanted if name not in PARTS]:
        raise argparse.ArgumentTypeError(f"there is no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    return [name for name in PARTS if name in wanted]


def _stop(sentence: str) -> int:
    print(f"{sentence}\nNothing was changed.", file=sys.stderr)
    return 2


def _announce(target: Target, parts: list[str]) -> None:
    context = kubectl("config", "current-context").strip()
    print(f"Testing {target.environment} at {target.address}, context {context}: {', '.join(parts)}.", file=sys.stderr)
    changes = [f"{name} {CHANGES[name]}" for name in parts if name in CHANGES]
    print(
        "; ".join([f"It makes accounts and the namespace {STRANGER} and removes them", *changes]) + ".",
        file=sys.stderr,
        flush=True,
    )


def _run_parts(target: Target, parts: list[str]) -> Iterator[Row]:
    """Run the parts and yield their rows; each is printed as soon as it is there."""
    for name in parts:
        for row in _guarded(target, name):
            print(report.line(row.cells()), file=sys.stderr, flush=True)
            yield row


def _guarded(target: Target, name: str) -> Iterator[Row]:
    """Run one part. An error ends it with a row that fails."""
    try:
        yield from PARTS[name](target)
    except EXPECTED_ERRORS as error:
        yield report.proof(name, "ended early", f"{type(error).__name__}: {error}", holds=False)


if __name__ == "__main__":
    sys.exit(main())
