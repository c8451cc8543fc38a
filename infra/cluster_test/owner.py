"""An account of the test: made by an invite as an operator makes one, used through the edge alone, and deleted."""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any, Final

import httpx

from faplog import synthetic
from infra.cluster_test import kube
from infra.cluster_test.target import Target
from infra.cluster_test.variant import own_container, ready_api
from infra.cluster_test.waiting import until

TIMEOUT_SEC: Final = 60.0
SETTLED_SEC: Final = 600.0
LOG_MINUTES: Final = 12.0
FIRST_DAY: Final = date(2024, 1, 1)
DONE: Final = ("Success", "Failed")


@dataclass(frozen=True, slots=True)
class Owner:
    """An account with an API token, and the car that all its logs are of."""

    email: str
    password: str
    car: str
    http: httpx.Client


def logs(number: int, first: int = 0) -> list[tuple[str, bytes]]:
    """Return that many synthetic logs of about 190 kB, each of a day of its own; `first` is the first one's number."""
    made = []
    for seed in range(first, first + number):
        day = FIRST_DAY + timedelta(days=seed)
        content, truth = synthetic.day(seed=seed, minutes=LOG_MINUTES, on=day)
        made.append((truth["file"], content))
    return made


def admin(address: str, *arguments: str, environment: tuple[str, ...] = ()) -> str:
    """Run the operator's command for accounts in a pod of the function api, and return what it printed.

    Args:
        address: That of the edge: a request wakes the function where it sleeps.
        arguments: Those of the command.
        environment: Variables for it, as NAME=value.

    Raises:
        KubeError: It failed.
        TooLate: No pod of the function is ready.
    """
    pod = until(partial(_awake_api, address), TIMEOUT_SEC, "a pod of the function api that is ready")
    done = kube.execute(pod, own_container(pod), "env", *environment, "python", "-m", "function.admin", *arguments)
    if done.returncode:
        raise kube.KubeError(f"function.admin {arguments[0]}: {done.stderr.strip()}")
    return done.stdout


def _awake_api(address: str) -> kube.Object | None:
    if found := ready_api():
        return found
    with suppress(httpx.HTTPError):  # whether it is awake is seen by its pod
        httpx.get(f"{address}/api/v1/health/liveness", timeout=TIMEOUT_SEC, trust_env=False)
    return ready_api()


def accounts(address: str) -> int:
    """Return how many accounts the system behind this edge has. Raises as `admin` does."""
    return int(admin(address, "list-users").strip().splitlines()[-1].split()[0])


def invite(target: Target) -> str:
    """Return the link of a new invite."""
    said = admin(target.address, "invite", "--days", "1", environment=(f"FAPLOG_PUBLIC_URL={target.address}",))
    return said.splitlines()[0]


def some_email() -> str:
    """Return an address that no account has."""
    return f"cluster-test-{secrets.token_hex(6)}@example.org"


def forget(target: Target, email: str) -> None:
    """Delete an account with all its logs."""
    until(partial(_deleted, target.address, email), TIMEOUT_SEC, "the deletion of the test's account", every=2)


def _deleted(address: str, email: str) -> bool:
    try:
        admin(address, "delete-user", email, "--yes")
    except kube.KubeError as error:
        return "no such account" in str(error).lower()
    return True


@contextmanager
def owner(target: Target) -> Iterator[Owner]:
    """Make an account, and delete it after the block.

    Raises:
        httpx.HTTPError: The edge does not answer as it should.
    """
    email, password = some_email(), secrets.token_urlsafe(24)
    with httpx.Client(base_url=f"{target.address}/api/v1", timeout=TIMEOUT_SEC, trust_env=False) as http:
        token = invite(target).partition("#")[2]
        body = {"email": email, "password": password}
        try:
            http.post("/auth/register", json=body | {"invite": token}).raise_for_status()
            session = http.post("/auth/login", json=body).raise_for_status().json()
            http.cookies.clear()
            http.headers["Authorization"] = f"Bearer {session['access_token']}"
            car = http.post("/cars", json={"name": "Cluster test"}).raise_for_status().json()["id"]
            wanted = {"name": "cluster test", "scopes": ["read", "upload"], "days": 1}
            made = http.post("/account/tokens", json=wanted).raise_for_status().json()
            http.headers["Authorization"] = f"Bearer {made['token']}"
            yield Owner(email, password, car, http)
        finally:
            forget(target, email)


def send(one: Owner, name: str, content: bytes) -> httpx.Response:
    """Upload a log, whatever the answer."""
    return one.http.post("/analyses", data={"car": one.car}, files={"file": (name, content, "text/csv")})


def upload(one: Owner, name: str, content: bytes) -> str:
    """Upload a log and return its id.

    Raises:
        httpx.HTTPStatusError: It was refused.
    """
    [log_id] = send(one, name, content).raise_for_status().json()["ids"]
    return str(log_id)


def analysis(one: Owner, log_id: str) -> dict[str, Any]:
    """Return the analysis of a log as it is now."""
    found: dict[str, Any] = one.http.get(f"/analyses/{log_id}").raise_for_status().json()
    return found


def analysed(one: Owner, log_id: str, seconds: float = SETTLED_SEC, *, every: float = 0.05) -> dict[str, Any]:
    """Wait until a log is analysed and return its analysis.

    Raises:
        TooLate: It was not.
    """

    def done() -> dict[str, Any] | None:
        found = analysis(one, log_id)
        return found if found["status"] in DONE else None

    return until(done, seconds, "the analysis of a log", every=every)


def averaged(one: Owner, number: int, seconds: float = SETTLED_SEC) -> dict[str, Any]:
    """Wait until the average is over that many logs, and return it.

    Raises:
        TooLate: It is not.
    """

    def done() -> dict[str, Any] | None:
        answer = one.http.get("/average", params={"type": "OVERALL", "car": one.car})
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        found: dict[str, Any] = answer.raise_for_status().json()
        if found["status"] != "SUCCESS":
            return None
        average: dict[str, Any] = found["average"]
        return average if average["overall"]["logs"] == number else None

    return until(done, seconds, f"the average over {number} logs", every=0.1)


def count(one: Owner, **query: str) -> int:
    """Return how many logs the account has."""
    answer = one.http.get("/analyses", params={"limit": "1"} | query).raise_for_status()
    return int(answer.json()["pagination"]["totalItems"])


def settle(one: Owner, seconds: float = SETTLED_SEC) -> None:
    """Wait until no log of the account waits any more. An edge that does not answer for a moment is asked again.

    Raises:
        TooLate: One still waits.
    """

    def settled() -> bool:
        try:
            return count(one, status="Processing") == 0
        except httpx.HTTPError:
            return False

    until(settled, seconds, "an account without waiting logs", every=0.1)


def outcomes(one: Owner, ids: list[str]) -> dict[str, str]:
    """Return the status of each of these logs; "missing" if there is no such log."""
    found: dict[str, str] = {}
    page = 1
    while True:
        answer = one.http.get("/analyses", params={"limit": "100", "page": str(page)}).raise_for_status().json()
        found |= {row["id"]: row["status"] for row in answer["data"]}
        if page >= answer["pagination"]["totalPages"]:
            return {log_id: found.get(log_id, "missing") for log_id in ids}
        page += 1


def wake(target: Target) -> None:
    """Let every function run: with an analysis and an average of a new account."""
    with owner(target) as one:
        analysed(one, upload(one, *logs(1)[0]))
        averaged(one, 1)


def now() -> float:
    """Return monotonic seconds."""
    return time.monotonic()
