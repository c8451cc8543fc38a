"""`python -m standalone.demo`: upload a month of synthetic drives to a demo account of the running system."""

import argparse
import io
import json
import sys
import time
import zipfile
from pathlib import Path
from typing import Final

import httpx
from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from faplog.reachable import bypass_proxy
from faplog.synthetic import month
from standalone.credentials import password
from standalone.state import Problem, State

EMAIL: Final = "demo@example.com"
DAYS: Final = 30
PATIENCE_SEC: Final = 300.0
POLL_SEC: Final = 0.5


def main() -> int:
    """Fill the demo account; return 1 with a sentence if no system runs or it does not finish."""
    parser = argparse.ArgumentParser(prog="python -m standalone.demo", description=__doc__)
    parser.add_argument(
        "--state", type=Path, default=Path(".state"), help="state folder of the running system (default: %(default)s)"
    )
    parser.add_argument("--days", type=int, default=DAYS, help="number of days, one log each (default: %(default)s)")
    arguments = parser.parse_args()
    state = State(arguments.state.expanduser().absolute())
    bypass_proxy()
    try:
        edge = address(state)
        with httpx.Client(base_url=f"{edge}/api/v1", timeout=60) as client:
            sign_in(client, password(state, "demo-password"))
            ids = upload(client, arguments.days)
            show_progress(client, ids)
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    except httpx.HTTPError as error:
        print(f"The system at {edge} does not answer as it should: {error}", file=sys.stderr)
        return 1
    print(f"{edge} shows {len(ids)} drives: log in as {EMAIL} with the password {password(state, 'demo-password')}")
    return 0


def address(state: State) -> str:
    """Return the address of the system with this state.

    Raises:
        Problem: No system is running.
    """
    if not state.runtime.exists():
        raise Problem(
            f"No faplog is running with the state {state.root}; start it with `make run` or `faplog run` first."
        )
    return str(json.loads(state.runtime.read_text("utf-8"))["edge"])


def sign_in(client: httpx.Client, secret: str) -> None:
    """Register the demo account or log in to it. After that the client sends its token."""
    account = {"email": EMAIL, "password": secret}
    answer = client.post("/auth/register", json=account)
    if answer.status_code != httpx.codes.CONFLICT:
        answer.raise_for_status()
    answer = client.post("/auth/login", json=account).raise_for_status()
    # With the cookies of the answer the API would demand a CSRF token; with the header alone it does not.
    client.cookies.clear()
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"


def upload(client: httpx.Client, days: int) -> list[str]:
    """Upload that many days of driving as one zip, and return the ids of the analyses."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as entries:
        for content, truth in month(days):
            entries.writestr(truth["file"], content)
    answer = client.post("/analyses", files={"file": ("demo.zip", archive.getvalue(), "application/zip")})
    ids: list[str] = answer.raise_for_status().json()["ids"]
    return ids


def show_progress(client: httpx.Client, ids: list[str]) -> None:
    """Show a progress bar until every log is analysed and the average over all exists.

    Raises:
        Problem: It took too long.
    """
    deadline = time.monotonic() + PATIENCE_SEC
    columns = (
        *Progress.get_default_columns()[:2],
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[now]}"),
    )
    with Progress(*columns) as progress:
        task = progress.add_task("Analysing", total=len(ids), now="")
        while pending := waiting(client):
            progress.update(task, completed=max(0, len(ids) - pending))
            _pause(deadline)
        progress.update(task, completed=len(ids), now="averaging")
        while averaging(client):
            _pause(deadline)
        progress.update(task, now="done")


def waiting(client: httpx.Client) -> int:
    """Return how many logs of the account are still to be analysed."""
    answer = client.get("/analyses", params={"status": "Processing", "limit": 1}).raise_for_status()
    return int(answer.json()["pagination"]["totalItems"])


def averaging(client: httpx.Client) -> bool:
    """Return whether the average over all drives is still being calculated."""
    answer = client.get("/average", params={"type": "OVERALL"})
    return answer.status_code == httpx.codes.NOT_FOUND or answer.raise_for_status().json()["status"] == "CALCULATING"


def _pause(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise Problem(f"The demo was not done within {PATIENCE_SEC:.0f} s; the logs in the state folder say why.")
    time.sleep(POLL_SEC)


if __name__ == "__main__":
    sys.exit(main())
