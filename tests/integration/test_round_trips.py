"""How often the API asks PostgreSQL for one log: most of what a log costs the API and the database is round trips."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any, Final
from uuid import UUID

import psycopg
import pytest
from psycopg.pq import TransactionStatus

from tests.integration.delivery import API, Rig, some_log, success, uploaded, zipped
from tests.integration.people import Person

UPLOAD: Final = 9
"""The session: look up. The row: begin, lock and check the quota, insert, commit. After the object is stored: begin,
queue, commit."""
RESULT: Final = 10
"""Begin, find and lock the owner, store; earlier versions; its place among the cars (three), its car; are averages
due? While another log is on its way they are not: commit."""
UPLOAD_OF_CAR: Final = UPLOAD + 1
"""Is there such a car?"""
RESULT_OF_CAR: Final = RESULT - 3
"""Its car is known, and so are the profile of the car and that nothing was guessed."""
TOGETHER: Final = 5
"""Results of one user that come in one request: find the owner. Begin, lock him; are averages due? Commit."""
EACH_TOGETHER: Final = 3
"""Store; earlier versions; its car, which is known."""


@contextmanager
def round_trips(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """Count what is sent to PostgreSQL, one by one, while the block runs."""
    sent: Counter[str] = Counter()

    def counting(name: str, original: Any) -> Any:
        def call(self: Any, *args: Any, **kwargs: Any) -> Any:
            if name != "commit" or self.info.transaction_status != TransactionStatus.IDLE:  # else nothing is sent
                sent[name] += 1
            return original(self, *args, **kwargs)

        return call

    with monkeypatch.context() as patch:
        patch.setattr(psycopg.Cursor, "execute", counting("execute", psycopg.Cursor.execute))
        patch.setattr(psycopg.Connection, "commit", counting("commit", psycopg.Connection.commit))
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


def test_a_log_of_a_named_car_takes_fewer(system: Rig, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    car = person.call("POST", f"{API}/cars", json={"name": "Car"}).get_json()["id"]

    def upload_for_car() -> UUID:
        data = {"car": car, "file": (BytesIO(some_log()), "log.csv")}
        answer = person.call("POST", f"{API}/analyses", data=data)
        return UUID(answer.get_json()["ids"][0])

    upload_for_car()  # it stays on its way, so that no average is due
    with round_trips(monkeypatch) as upload:
        analysis_id = upload_for_car()
    with round_trips(monkeypatch) as result:
        system.analysed(success(analysis_id))
    assert (upload.total(), result.total()) == (UPLOAD_OF_CAR, RESULT_OF_CAR)


def test_results_that_come_together_take_fewer(system: Rig, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    car = person.call("POST", f"{API}/cars", json={"name": "Car"}).get_json()["id"]
    made = zipped({f"{number}.csv": some_log() for number in range(9)})
    answer = person.call("POST", f"{API}/analyses", data={"car": car, "file": (BytesIO(made), "logs.zip")})
    *ids, _ = answer.get_json()["ids"]  # the last one stays on its way, so that no average is due
    with round_trips(monkeypatch) as results:
        response = system.bring_together("analysis.result", *(success(UUID(analysis_id)) for analysis_id in ids))
    assert response.status_code == 200, response.text
    assert results.total() == TOGETHER + EACH_TOGETHER * len(ids)
