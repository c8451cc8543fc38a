"""How often the API asks PostgreSQL for one log: most of what a log costs the API and the database is round trips."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg
import pytest

from tests.integration.delivery import Rig, success, uploaded
from tests.integration.people import Person

UPLOAD: Final = 12
"""The session: begin, look up, commit. The row: begin, look for it, lock and check the quota, insert, commit. After the
object is stored: begin, queue, commit."""
RESULT: Final = 11
"""Begin, find and lock the owner, store; earlier versions (two); its place among the cars (three), its car; are
averages due? While another log is on its way they are not: commit."""


@contextmanager
def round_trips(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """Count what is sent to PostgreSQL, one by one, while the block runs."""
    sent: Counter[str] = Counter()

    def counting(name: str, original: Any) -> Any:
        def call(self: Any, *args: Any, **kwargs: Any) -> Any:
            sent[name] += 1
            return original(self, *args, **kwargs)

        return call

    with monkeypatch.context() as patch:
        for owner, name in ((psycopg.Cursor, "execute"), (psycopg.Connection, "commit")):
            patch.setattr(owner, name, counting(name, getattr(owner, name)))
        yield sent


def test_a_log_takes_no_more_round_trips_than_it_needs(
    system: Rig, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    system.analysed(success(uploaded(person)))  # it makes the first car
    uploaded(person)  # it stays on its way, so that no average is due
    with round_trips(monkeypatch) as upload:
        analysis_id = uploaded(person)
    with round_trips(monkeypatch) as result:
        system.analysed(success(analysis_id))
    assert (upload.total(), result.total()) == (UPLOAD, RESULT)
