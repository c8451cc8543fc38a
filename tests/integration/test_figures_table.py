"""The table of all figures as CSV, against the real servers."""

import csv
from io import StringIO
from typing import Any

from functions.api.analyses import table
from tests.integration.delivery import API, Rig, failure, success, uploaded
from tests.integration.people import Person, arrive


def rows(person: Person, **query: Any) -> list[dict[str, str]]:
    """Return the rows of the table, by column."""
    response = person.call("GET", f"{API}/analyses.csv", query_string=query)
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"].startswith('attachment; filename="faplog-')
    return list(csv.DictReader(StringIO(response.get_data(as_text=True), newline="")))


ANALYSIS: dict[str, Any] = {
    "overall": {"distance_km": 10.5, "date": {"date": "2025-03-05", "start": "07:00:00", "end": "08:00:00"}},
    "fap": {"soot": {"start_gl": 4.5, "end_gl": 2.0, "diff_gl": -2.5}},
    "fuelConsumption": {"overall": {"total_l": None}, "bySpeedRange": {"5-15_l100km": 9.1, "_5-15_km": 1.2}},
    "health": {"verdict": "act", "findings": [{"code": "oil_max", "severity": "act", "text": "The oil is hot."}]},
    "quality": {"seconds_missing": False},
    "drives": [{"start": "2025-03-05T07:00:00"}],
}


def test_one_row_a_log_and_one_column_a_figure(system: Rig, person: Person) -> None:
    good, failed = uploaded(person, name="a.csv"), uploaded(person, name="b.csv")
    system.analysed(success(good, analysis=ANALYSIS, logDate="2025-03-05T00:00:00.000Z"))
    system.analysed(failure(failed))
    first, second = rows(person)
    assert first["id"] == str(good)
    assert (first["fileName"], first["logDate"], first["status"]) == ("a.csv", "2025-03-05T00:00:00.000Z", "Success")
    assert (first["overall.distance_km"], first["fap.soot.diff_gl"]) == ("10.5", "-2.5")
    assert first["fuelConsumption.bySpeedRange.5-15_l100km"] == "9.1"
    assert (first["fuelConsumption.overall.total_l"], first["fap.pressure.max_mbar"]) == ("", "")
    assert (first["quality.seconds_missing"], first["worstFinding"]) == ("false", "The oil is hot.")
    assert (second["id"], second["status"], second["overall.distance_km"]) == (str(failed), "Failed", "")


def test_only_ones_own_logs(system: Rig, person: Person) -> None:
    system.analysed(success(uploaded(person)))
    assert rows(arrive(system.app)) == []
    assert system.app.test_client(use_cookies=False).get(f"{API}/analyses.csv").status_code == 401


def test_what_was_asked_for_and_not_deleted(system: Rig, person: Person) -> None:
    march, april, gone = (uploaded(person, name=f"{month}.csv") for month in ("march", "april", "gone"))
    for analysis_id, day in ((march, "2025-03-31"), (april, "2025-04-01"), (gone, "2025-04-02")):
        system.analysed(success(analysis_id, logDate=f"{day}T00:00:00.000Z"))
    assert person.call("DELETE", f"{API}/analyses/{gone}").status_code == 204
    assert [row["fileName"] for row in rows(person)] == ["march.csv", "april.csv"]
    assert [row["fileName"] for row in rows(person, dateFrom="2025-04-01")] == ["april.csv"]
    assert [row["fileName"] for row in rows(person, q="marc")] == ["march.csv"]
    refused = person.call("GET", f"{API}/analyses.csv", query_string={"dateFrom": "yesterday"})
    assert (refused.status_code, refused.get_json()["code"]) == (400, "INVALID_INPUT")
    assert person.call("GET", f"{API}/analyses.csv?page=2").status_code == 400


def test_a_file_name_is_no_formula(system: Rig, person: Person) -> None:
    for name in ("=cmd|' C calc'!A0.csv", "+1.csv", "-1.csv", "@SUM(A1).csv", 'a",b.csv'):
        uploaded(person, name=name.replace('"', "%22"))
    names = [row["fileName"] for row in rows(person)]
    assert len(names) == 5
    assert {name[:2] for name in names} == {"'=", "'+", "'-", "'@", 'a"'}


def test_a_table_longer_than_a_batch(system: Rig, person: Person) -> None:
    """Every log once, in order, and sent in pieces."""
    with system.database.api(person.id) as connection:
        connection.execute(
            """
            INSERT INTO fap_analysis
                (user_id, file_name, size, sha256, version, status, stage, analysis, digest, log_date)
            SELECT %s, 'log-' || n || '.csv', 1, sha256(n::text::bytea), 1, 'Success', 'analyse',
                jsonb_build_object('drives_total', n), sha256(n::text::bytea), '2020-01-01'::date + n
            FROM generate_series(1, %s) AS n
            """,
            [person.id, 2 * table.BATCH + 7],
        )
    response = person.call("GET", f"{API}/analyses.csv", buffered=False)
    pieces = list(response.iter_encoded())
    assert len(pieces) == 2 * table.BATCH + 8
    found = list(csv.DictReader(StringIO(b"".join(pieces).decode(), newline="")))
    assert [row["drives_total"] for row in found] == [str(n) for n in range(1, 2 * table.BATCH + 8)]
