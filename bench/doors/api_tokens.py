"""The cost of a check of an API token, beside that of a session: the same small request with either, in turns."""

import statistics
from typing import Final

import httpx

from bench.report import Reference, Row, row
from bench.running import format_by_role, spent
from bench.timing import wall_sec
from tests.conftest import Stack
from tests.e2e.account import Account

ROUNDS: Final = 300
"""Fewer than a token may send at once."""

PATH: Final = "/api/v1/average/available"
MAX_RATIO: Final = 1.5


def measure(stack: Stack) -> list[Row]:
    """Measure the time of an answer by credential, then the CPU time of all processes."""
    account = Account(stack)
    access_token = account.access_token
    with httpx.Client(base_url=stack.url, timeout=60, trust_env=False) as client:

        def ask(token: str, expected: int = 200) -> None:
            answer = client.get(PATH, headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == expected, answer.text

        timed, counted = _new_token(account), _new_token(account)
        wrong = f"{timed[:-4]}{'x' * 4}"
        seconds: dict[str, list[float]] = {"session": [], "token": [], "wrong": []}
        for _ in range(ROUNDS):
            seconds["session"].append(wall_sec(ask, access_token))
            seconds["token"].append(wall_sec(ask, timed))
            seconds["wrong"].append(wall_sec(ask, wrong, 401))
        with spent(stack) as by_session:
            for _ in range(ROUNDS):
                ask(access_token)
        with spent(stack) as by_token:
            for _ in range(ROUNDS):
                ask(counted)
    session, token, refused = (statistics.median(taken) * 1000 for taken in seconds.values())
    return [
        row("API token: an answer, ms", token, detail=f"session {session:.1f} ms", reference=Reference.FLASK_REPLY),
        row("API token: an answer / with a session", token / session, MAX_RATIO),
        row("API token: a wrong one refused, ms", refused, reference=Reference.FLASK_REPLY),
        row(
            "API token: CPU a request, all processes, ms",
            by_token.total_ms / ROUNDS,
            detail=f"{format_by_role(by_token.cpu_ms, 1 / ROUNDS)}; session {by_session.total_ms / ROUNDS:.1f} ms",
            reference=Reference.READ_CSV,
        ),
    ]


def _new_token(account: Account) -> str:
    made = account.http.post("/account/tokens", json={"name": "bench", "scopes": ["read"]}).raise_for_status()
    return str(made.json()["token"])
