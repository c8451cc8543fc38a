"""What a link shows of a car: where it stands and what was done to it, without words that its owner wrote and ids."""

from datetime import date
from typing import Any, Final, Literal
from uuid import UUID

import orjson
from pydantic import Field

from faplog.contracts.average import Average
from faplog.contracts.messages import AverageStatus
from faplog.contracts.notes import Kind

from ..cars import garage, notes
from ..db import Conn
from ..web.outputs import Output, Timestamp, timestamp

_ID_OF_A_LOG: Final = "analysisId"
_CAR: Final = "SELECT FROM car WHERE user_id = %s AND id = %s AND deleted_at IS NULL"
_AVERAGE: Final = """
    SELECT status, average::text AS average FROM fap_average
    WHERE user_id = %s AND car_id = %s AND type = 'OVERALL'
"""


class SharedNote(Output):
    """A maintenance note or a reminder, without its text."""

    kind: Kind
    on_date: date | None
    km: int | None = Field(description="By the filter's counter (`FAP life`).")
    done: bool = Field(description="False for a reminder.")
    due: bool = Field(description="A reminder whose date or kilometres have been reached.")


class SharedCar(Output):
    """A car as shown by its link, without its name and anything that identifies the owner, the files or single logs."""

    kind: Literal["car"] = "car"
    expires_at: Timestamp = Field(description="The link works until this time.")
    profile: str | None = Field(description="The ECU profile.")
    last_log: Timestamp | None = Field(description="The date of its last log.")
    life_km: float | None = Field(description="The newest reading of the filter's counter, `FAP life`.")
    status: AverageStatus | None = Field(description="Of the average; null while no log has been analysed.")
    average: Average | None = Field(description="The average over all logs. Its `analysisId`s are null.")
    notes: list[SharedNote] = Field(description="The newest date first, those without a date at the end.")


def read(connection: Conn, user_id: UUID, car_id: UUID) -> dict[str, Any] | None:
    """Return the fields of `SharedCar` but `expiresAt` as JSON values, or None if the user has no such car."""
    if connection.execute(_CAR, [user_id, car_id]).fetchone() is None:
        return None
    car = garage.get_car(connection, user_id, car_id)
    row = connection.execute(_AVERAGE, [user_id, car_id]).fetchone()
    average = orjson.loads(row["average"]) if row and row["average"] else None
    return {
        "kind": "car",
        "profile": car["profile"],
        "lastLog": timestamp(car["last_log"]) if car["last_log"] else None,
        "lifeKm": car["life_km"],
        "status": row["status"] if row else None,
        "average": without_ids(average),
        "notes": [
            SharedNote.model_validate(note).model_dump(mode="json", by_alias=True)
            for note in notes.list_notes(connection, user_id, car_id)
        ],
    }


def without_ids(value: Any) -> Any:
    """Return a JSON value in which each `analysisId` is null, at any depth."""
    if isinstance(value, dict):
        return {name: None if name == _ID_OF_A_LOG else without_ids(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [without_ids(inner) for inner in value]
    return value
