"""Many uploads at once: all are analysed, and how many a second."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from typing import Final

import httpx

from infra.cluster_test import owner as accounts
from infra.cluster_test.owner import Owner, now, owner
from infra.cluster_test.report import Row, proof
from infra.cluster_test.target import Target

PART: Final = "burst"
SIZES: Final = (50, 250)
ATTEMPTS: Final = 60
LONGEST_PAUSE_SEC: Final = 10.0


def run(target: Target) -> Iterator[Row]:
    """Upload 50 and 250 logs at once, each size with an account of its own."""
    for size in SIZES:
        logs = accounts.logs(size)
        with owner(target) as one:
            began = now()
            ids, refused = asyncio.run(_all_at_once(one, logs))
            accepted = now() - began
            accounts.settle(one)
            took = now() - began
            found = Counter(accounts.outcomes(one, ids).values())
            accounts.averaged(one, size)
            averaged = now() - began
            kb = sum(len(content) for _, content in logs) / len(logs) / 1000
            yield proof(
                PART,
                f"{size} uploads at once ({kb:.0f} kB each)",
                f"{outcomes_in_words(found)}; {size / took:.1f} logs/s; accepted after {accepted:.1f} s, "
                f"analysed after {took:.1f} s, averages after {averaged:.1f} s; {refused} told to wait",
                holds=found == Counter({"Success": size}),
            )


def outcomes_in_words(found: Counter[str]) -> str:
    """Return numbers by status as a text."""
    return ", ".join(f"{number} {status}" for status, number in sorted(found.items()))


async def _all_at_once(one: Owner, logs: list[tuple[str, bytes]]) -> tuple[list[str], int]:
    """Upload each log until it is accepted, as the pages do. Return the ids, and how often a client had to wait."""
    limits = httpx.Limits(max_connections=len(logs))
    headers = dict(one.http.headers)
    async with httpx.AsyncClient(
        base_url=one.http.base_url, headers=headers, timeout=300, limits=limits, trust_env=False
    ) as http:
        answers = await asyncio.gather(*(_one_of_many(http, one.car, *log) for log in logs))
    return [log_id for log_id, _ in answers], sum(refused for _, refused in answers)


async def _one_of_many(http: httpx.AsyncClient, car: str, name: str, content: bytes) -> tuple[str, int]:
    for attempt in range(ATTEMPTS):
        answer = await http.post("analyses", data={"car": car}, files={"file": (name, content, "text/csv")})
        if answer.status_code not in (httpx.codes.SERVICE_UNAVAILABLE, httpx.codes.TOO_MANY_REQUESTS):
            return str(answer.raise_for_status().json()["ids"][0]), attempt
        await asyncio.sleep(min(float(answer.headers.get("Retry-After", 1)), LONGEST_PAUSE_SEC))
    raise httpx.HTTPError(f"an upload was not accepted in {ATTEMPTS} attempts")
