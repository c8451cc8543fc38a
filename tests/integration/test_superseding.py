"""Logs that are earlier versions of others: the same kilometres count once, in any order of arrival and deletion.

The logs are analysed and averaged by the real functions, on the real object store.
"""

from collections.abc import Iterator
from functools import cache
from itertools import permutations
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.sql import SQL

from faplog.contracts.analysis import ANALYSIS_VERSION, Fingerprint
from faplog.contracts.messages import AnalysisRequest, AnalysisRequestData
from faplog.contracts.superseding import same_drives, superseded_by
from functions.analyse import job as analyse_job
from functions.analyse.core.analysis import analyse, read
from functions.api.analyses import superseding
from standalone.servers import Servers
from tests.integration.delivery import API, Rig, failure, get, uploaded, work
from tests.integration.people import Person, arrive
from tests.integration.test_api_history import learn, seed
from tests.unit.analyse.handmade import Cells, csv_log

CASES = Path(__file__).parents[3] / "shared" / "cases"
NAME = "DCM62v2_20250203.csv"

with_cases = pytest.mark.skipif(not CASES.is_dir(), reason=f"the cases are not part of the repository: no {CASES}")


def log(*drives: int, base: int = 0, start: float = 8 * 3600, turned: bool = False) -> bytes:
    """Return a log of drives of so many rows, ten minutes apart; `turned` has the same rows in another form."""
    parts = []
    for rows in drives:
        columns: dict[str, Cells] = {
            "Speed": [base + row % 97 for row in range(rows)],
            "Revs": [800 + row for row in range(rows)],
        }
        parts.append(csv_log(columns, start=start))
        start += rows + 600
    content = b"".join(parts)
    return content.replace(b"\n", b"\r\n") if turned else content


@cache
def case(name: str) -> bytes:
    (path,) = (CASES / name).glob("*.csv")
    return path.read_bytes()


@pytest.fixture(autouse=True, scope="module")
def no_logs_of_others(system: Rig) -> None:
    """Delete what earlier tests left, so that it is not analysed beside the logs of these tests."""
    system.sql("DELETE FROM fap_analysis")


def analysed(system: Rig, person: Person, content: bytes, name: str = NAME) -> UUID:
    analysis_id = uploaded(person, content, name)
    work(system)
    assert get(person, f"/analyses/{analysis_id}")["status"] == "Success"
    return analysis_id


def delete(system: Rig, person: Person, analysis_id: UUID) -> None:
    assert person.call("DELETE", f"{API}/analyses/{analysis_id}").status_code == 204
    work(system)


def restore(system: Rig, person: Person, analysis_id: UUID) -> None:
    assert person.call("POST", f"{API}/analyses/{analysis_id}/restore").status_code == 204
    work(system)


def detail(person: Person, analysis_id: UUID) -> dict[str, Any]:
    found: dict[str, Any] = get(person, f"/analyses/{analysis_id}")
    return found


def newer(person: Person, analysis_id: UUID) -> str | None:
    found = detail(person, analysis_id)["supersededBy"]
    return found and str(found["id"])


def average(person: Person, **query: Any) -> list[float]:
    """Return the number of logs and the kilometres in an average."""
    found = get(person, "/average", **query)
    assert found["status"] == "SUCCESS"
    overall = found["average"]["overall"]
    return [overall["logs"], overall["distance_km"]]


def listed(person: Person, **query: Any) -> set[str]:
    return {one["id"] for one in get(person, "/analyses", limit=100, **query)["data"]}


# The same day's file, uploaded at noon and in the evening


@with_cases
@pytest.mark.parametrize("order", list(permutations(["01_grown_noon", "01_grown_evening"])), ids=" ".join)
def test_the_kilometres_of_a_grown_file_count_once(system: Rig, person: Person, order: tuple[str, str]) -> None:
    ids = {name: analysed(system, person, case(name)) for name in order}
    noon, evening = ids["01_grown_noon"], ids["01_grown_evening"]
    for query in ({}, {"type": "YEARLY", "year": 2025}, {"type": "MONTHLY", "year": 2025, "month": 2}):
        assert average(person, **query) == pytest.approx([1, 3.78], abs=0.05)
    reference = {"id": str(evening), "fileName": NAME, "sameDrives": False}
    assert detail(person, noon)["supersededBy"] == reference
    assert detail(person, noon)["earlierVersions"] == []
    assert detail(person, evening)["supersededBy"] is None
    assert detail(person, evening)["earlierVersions"] == [reference | {"id": str(noon)}]
    assert detail(person, noon)["overlaps"] == detail(person, evening)["overlaps"] == []
    rows = {one["id"]: one["supersededBy"] for one in get(person, "/analyses")["data"]}
    assert rows == {str(noon): reference, str(evening): None}
    assert (listed(person, superseded="true"), listed(person, superseded="false")) == ({str(noon)}, {str(evening)})

    distance = detail(person, noon)["distance"]
    delete(system, person, evening)
    assert newer(person, noon) is None
    assert average(person) == pytest.approx([1, distance], abs=0.05)
    restore(system, person, evening)
    assert newer(person, noon) == str(evening)
    assert average(person) == pytest.approx([1, 3.78], abs=0.05)


@with_cases
def test_the_same_files_of_two_people_have_nothing_to_do_with_each_other(system: Rig, person: Person) -> None:
    other = arrive(system.app)
    noon, evening = analysed(system, person, case("01_grown_noon")), analysed(system, other, case("01_grown_evening"))
    assert (newer(person, noon), newer(other, evening)) == (None, None)
    assert detail(person, noon)["overlaps"] == detail(other, evening)["earlierVersions"] == []
    mine = analysed(system, person, case("01_grown_evening"))
    assert newer(person, noon) == str(mine)
    delete(system, other, evening)
    assert newer(person, noon) == str(mine)
    assert average(person) == pytest.approx([1, 3.78], abs=0.05)


@with_cases
def test_another_car_of_the_same_kind_is_left_alone(system: Rig, person: Person) -> None:
    first = analysed(system, person, case("01_grown_evening"))
    second = analysed(system, person, case("07_second_car"), "DCM62v2_20250204.csv")
    assert (newer(person, first), newer(person, second)) == (None, None)
    assert [average(person, car=car["id"])[0] for car in get(person, "/cars")["data"]] == [1, 1]


# Chains


def test_a_purged_log_stays_without_effect(system: Rig, person: Person) -> None:
    short, long = analysed(system, person, log(30)), analysed(system, person, log(50))
    delete(system, person, long)
    system.sql("UPDATE fap_analysis SET deleted_at = deleted_at - interval '2 hours' WHERE id = %s", long)
    system.reconcile()
    assert system.sql("SELECT id FROM fap_analysis WHERE id = %s", long) == []
    assert newer(person, short) is None
    assert average(person)[0] == 1
    again = analysed(system, person, log(50))
    assert newer(person, short) == str(again)


def test_the_upload_of_a_deleted_log_supersedes_again(system: Rig, person: Person) -> None:
    short, long = analysed(system, person, log(30)), analysed(system, person, log(50))
    delete(system, person, long)
    assert newer(person, short) is None
    assert uploaded(person, log(50), NAME) == long
    work(system)
    assert newer(person, short) == str(long)


def test_of_the_same_rows_in_another_form_the_first_upload_counts(system: Rig, person: Person) -> None:
    first, second = analysed(system, person, log(40, 20)), analysed(system, person, log(40, 20, turned=True))
    assert detail(person, second)["supersededBy"] == {"id": str(first), "fileName": NAME, "sameDrives": True}
    assert [one["sameDrives"] for one in detail(person, first)["earlierVersions"]] == [True]
    delete(system, person, first)
    assert newer(person, second) is None
    restore(system, person, first)
    assert (newer(person, first), newer(person, second)) == (None, str(first))


def test_a_name_without_a_profile_is_no_other_car_but_another_profile_is(system: Rig, person: Person) -> None:
    short, long = analysed(system, person, log(30), "noon.csv"), analysed(system, person, log(50), NAME)
    assert newer(person, short) == str(long)
    other = analysed(system, person, log(20), "EDC17_20250203.csv")
    assert newer(person, other) is None
    assert detail(person, other)["overlaps"] == []


VERSIONS = (
    log(20),
    log(20, 15),
    log(20, 15, turned=True),
    log(20, 30),
    log(20, 30, 20),
    log(20, base=1),
    log(25, 8),  # the first drive is longer than it is in the others but the first
)


@cache
def fingerprints(content: bytes) -> list[Fingerprint]:
    return [Fingerprint.model_validate(drive["fingerprint"]) for drive in analyse(read(content))["drives"]]


def expected(live: list[bytes], uploads: list[bytes]) -> dict[bytes, set[bytes]]:
    """For each log that is there those that hold its drives; of the same rows only the one uploaded first."""
    return {
        one: {
            other
            for other in live
            if superseded_by(fingerprints(one), fingerprints(other))
            or (same_drives(fingerprints(one), fingerprints(other)) and uploads.index(other) < uploads.index(one))
        }
        for one in live
    }


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, len(VERSIONS) - 1), min_size=3, max_size=14))
def test_versions_in_any_order_of_arrival_deletion_and_restoration(system: Rig, steps: list[int]) -> None:
    """Each step uploads a version, or deletes it if it is there, or restores it if it was deleted."""
    person = arrive(system.app)
    ids: dict[bytes, UUID] = {}
    live: set[bytes] = set()
    for step in steps:
        content = VERSIONS[step]
        if content not in ids:
            ids[content] = analysed(system, person, content)
        elif content in live:
            delete(system, person, ids[content])
        else:
            restore(system, person, ids[content])
        live ^= {content}
        longer = expected([one for one in ids if one in live], list(ids))
        counted = {one for one in live if not longer[one]}
        assert listed(person, superseded="false") == {str(ids[one]) for one in counted}
        for one in live:
            found, allowed = newer(person, ids[one]), {str(ids[other]) for other in longer[one] & counted}
            assert found in allowed if allowed else found is None
        if counted:
            assert average(person)[0] == len(counted)


# Analysed again


def outdate(system: Rig, *ids: UUID) -> None:
    """Let logs have been analysed by the version before."""
    system.sql("UPDATE fap_analysis SET version = %s WHERE id = ANY(%s)", ANALYSIS_VERSION - 1, list(ids))


def test_logs_that_are_analysed_again_stay_decided_meanwhile(system: Rig, person: Person) -> None:
    """The fingerprints of two versions cannot be compared, so that nothing counts twice while logs are renewed."""
    short, long = analysed(system, person, log(30)), analysed(system, person, log(50))
    for order in ((short, long), (long, short)):
        outdate(system, short, long)
        system.sql("UPDATE fap_analysis SET drive_keys = NULL WHERE id = ANY(%s)", [short, long])
        system.reconcile()
        requests = {message["data"]["fileName"]: message for message in system.take("analysis.request")}
        for analysis_id in order:
            message = AnalysisRequest.model_validate(requests[str(analysis_id)])
            system.analysed(orjson.loads(analyse_job.answer(message, system.blobs).to_json()))
            assert newer(person, short) == str(long)
            assert newer(person, long) is None
    work(system)
    assert average(person)[0] == 1


def test_a_log_that_cannot_be_analysed_any_more_supersedes_none(system: Rig, person: Person) -> None:
    short, long = analysed(system, person, log(30)), analysed(system, person, log(50))
    outdate(system, long)
    system.reconcile()
    (message,) = system.take("analysis.request")
    system.analysed(failure(long, attempt=message["data"]["attempt"]))
    assert newer(person, short) is None
    work(system)
    assert average(person)[0] == 1


def test_a_log_whose_analysis_is_given_up_supersedes_none(system: Rig, person: Person) -> None:
    short, long = analysed(system, person, log(30)), analysed(system, person, log(50))
    outdate(system, long)
    system.reconcile()
    (message,) = system.take("analysis.request")
    system.sql("UPDATE fap_analysis SET retries = 3 WHERE id = %s", long)
    system.age("fap_analysis", 7200, id=long)
    system.reconcile()
    assert detail(person, long)["status"] == "Failed"
    assert newer(person, short) is None
    late = analyse_job.answer(AnalysisRequest.model_validate(message), system.blobs)
    system.analysed(orjson.loads(late.to_json()))
    assert newer(person, short) == str(long)


def test_an_analysis_without_fingerprints_is_taken_as_it_is(system: Rig, person: Person) -> None:
    analysed(system, person, log(30))
    for drives in ([{"start": "2025-02-03T08:00:00"}], "none", [3], [{"fingerprint": {"rows": 1}}], None):
        analysis_id = uploaded(person, name=NAME)
        (message,) = system.take("analysis.request")
        data = AnalysisRequestData.model_validate(message["data"])
        result = {
            "analysisId": str(analysis_id),
            "status": "Success",
            "message": "Analysis completed successfully.",
            "analysis": {"drives": drives, "drives_total": 1},
            "version": data.version,
        }
        system.analysed(result)
        assert newer(person, analysis_id) is None


# Overlaps


def test_logs_that_overlap_without_the_same_rows_both_count_and_say_so(system: Rig, person: Person) -> None:
    first = analysed(system, person, log(60, 60))
    second = analysed(system, person, log(40, base=5, start=8 * 3600 + 30))
    between = analysed(system, person, log(40, base=5, start=8 * 3600 + 300), "noon.csv")
    analysed(system, person, log(40, base=9), "EDC17_20250203.csv")  # another car may drive at the same time
    assert detail(person, first)["overlaps"] == [{"id": str(second), "fileName": NAME}]
    assert detail(person, second)["overlaps"] == [{"id": str(first), "fileName": NAME}]
    assert detail(person, between)["overlaps"] == []
    assert listed(person, superseded="true") == set()
    assert sorted(average(person, car=car["id"])[0] for car in get(person, "/cars")["data"]) == [1, 3]
    delete(system, person, second)
    assert detail(person, first)["overlaps"] == []


# What it costs


def _plans(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", []):
        yield from _plans(part)


def test_ten_thousand_logs_do_not_slow_a_result_down(system: Rig, servers: Servers, person: Person) -> None:
    """Only logs that share a drive are read, and only rows of the user."""
    seed(system, person.id, 10_000)
    system.sql(
        """
        UPDATE fap_analysis SET drive_keys = ARRAY[hashtextextended(id::text, 0), hashtextextended(id::text, 1)],
            drive_rows = 1000,
            drive_times = tsmultirange(tsrange(created_at::timestamp, created_at::timestamp + '20 s'))
        WHERE user_id = %s
        """,
        person.id,
    )
    learn(servers)
    short, long = analysed(system, person, log(30)), analysed(system, person, log(50))
    assert newer(person, short) == str(long)
    values = {"user_id": person.id, "affected": [long], "changed": [long], "id": long, "limit": 100}
    for name in ("AFFECTED", "CANDIDATES", "OVERLAPPING"):
        statement = SQL(getattr(superseding, name))
        with system.database.worker() as connection:
            explain = b"EXPLAIN (ANALYZE, FORMAT JSON) " + statement.as_bytes(connection)
            (row,) = connection.execute(explain, values).fetchall()
        read_rows = max(
            part["Actual Rows"] + part.get("Rows Removed by Filter", 0) + part.get("Rows Removed by Index Recheck", 0)
            for part in _plans(row["QUERY PLAN"][0]["Plan"])
        )
        assert read_rows <= 10, (name, row)
