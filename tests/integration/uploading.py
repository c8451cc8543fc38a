"""Logs of people, uploaded through the API; what `analyse` would answer is written down directly."""

from io import BytesIO
from uuid import UUID

from functions.api.db import Database
from tests.integration.people import Person

HEADER = "Date;Time;SootLoad"


def log(text: str = "1") -> bytes:
    """Return a log that intake takes; the text makes it one of its kind."""
    return f"{HEADER}\n01/02/2025;10:00:00.000;{text}\n".encode()


def upload(person: Person, content: bytes, name: str = "DCM62v2_20250201.csv") -> UUID:
    """Return the id of an uploaded log."""
    response = person.call("POST", "/api/v1/analyses", data={"file": (BytesIO(content), name)})
    assert response.status_code == 202, response.text
    return UUID(response.get_json()["ids"][0])


def succeed(database: Database, analysis_id: UUID) -> None:
    """Let an analysis have succeeded."""
    with database.worker() as connection:
        connection.execute(
            """
            UPDATE fap_analysis SET status = 'Success', analysis = '{"version": 1}', digest = sha256('x'),
                verdict = 'good', log_date = '2025-02-01T10:00:00Z', log_year = 2025, log_month = 2, distance = 12.5
            WHERE id = %s
            """,
            [analysis_id],
        )
