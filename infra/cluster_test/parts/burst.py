"""Many uploads at once: all are analysed, and how many a second."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from http import HTTPStatus
from typing import Final

import aiohttp

from infra.cluster_test import owner as accounts
from infra.cluster_test.owner import Owner, now, owner
from infra.cluster_test.report import Row, proof
from infra.cluster_test.target import Target

PART: Final = "burst"
SIZES: Final = (50, 250)
ATTEMPTS: Final = 60
LONGEST_PAUSE_SEC: Final = 10.0
TIMEOUT_SEC: Final = 300.0
BUSY: Final = (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS)


def run(target: Target) -> Iterator[Row]:
    """Upload 50 and 250 logs at once, each size with an account of its own."""
    for size in SIZES:
        logs = accounts.logs(size)
        with owner(target) as one:
            began, own = now(), time.process_time()
            ids, refused = asyncio.run(_all_at_once(one, logs))
            accepted = now() - began
            accounts.settle(one)
            took, own = now() - began, time.process_time() - own
            found = Counter(accounts.outcomes(one, ids).values())
            accounts.averaged(one, size)
            averaged = now() - began
            kb = sum(len(content) for _, content in logs) / len(logs) / 1000
            yield proof(
                PART,
                f"{size} uploads at once ({kb:.0f} kB each)",
                f"{outcomes_in_words(found)}; {size / took:.1f} logs/s; accepted after {accepted:.1f} s, "
                f"analysed after {took:.1f} s, averages after {averaged:.1f} s; {refused} told to wait; "
                f"the test itself took {own / size * 1000:.1f} ms of CPU a log",
                holds=found == Counter({"Success": size}),
            )


def outcomes_in_words(found: Counter[str]) -> str:
    """Return numbers by status as a text."""
    return ", ".join(f"{number} {status}" for status, number in sorted(found.items()))


async def _all_at_once(one: Owner, logs: list[tuple[str, bytes]]) -> tuple[list[str], int]:
    """Upload each log until it is accepted, as the pages do. Return the ids, and how often a client had to wait.

    The test shares the node with what it measures: aiohttp takes a fraction of the CPU that httpx takes for an upload.
    """
    async with aiohttp.ClientSession(
        base_url=str(one.http.base_url),  # httpx ends it with a slash
        headers=dict(one.http.headers),
        timeout=aiohttp.ClientTimeout(total=TIMEOUT_SEC),
        connector=aiohttp.TCPConnector(limit=len(logs)),
    ) as http:
        answers = await asyncio.gather(*(_one_of_many(http, one.car, *log) for log in logs))
    return [log_id for log_id, _ in answers], sum(refused for _, refused in answers)


async def _one_of_many(http: aiohttp.ClientSession, car: str, name: str, content: bytes) -> tuple[str, int]:
    for attempt in range(ATTEMPTS):
        form = aiohttp.FormData({"car": car})
        form.add_field("file", content, filename=name, content_type="text/csv")
        async with http.post("analyses", data=form) as answer:
            if answer.status not in BUSY:
                answer.raise_for_status()
                return str((await answer.json())["ids"][0]), attempt
            pause = float(answer.headers.get("Retry-After", "1"))
        await asyncio.sleep(min(pause, LONGEST_PAUSE_SEC))
    raise aiohttp.ClientError(f"an upload was not accepted in {ATTEMPTS} attempts")
