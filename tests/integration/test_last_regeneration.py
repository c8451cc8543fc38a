"""The last regeneration up to the end of a log, in whichever log it is."""

from typing import Any
from uuid import UUID

from flask import Flask

from tests.integration.delivery import API, Rig, get, success, uploaded
from tests.integration.people import Person, arrive


def regen(day: str, outcome: str = "complete", hour: int = 8) -> dict[str, Any]:
    return {"start": f"{day}T{hour:02}:00:00", "end": f"{day}T{hour:02}:20:00", "outcome": outcome, "service": False}


def analysis(
    day: str, *regens: dict[str, Any], life: int | None = None, since: int | None = None, start: str = "07:00:00"
) -> dict[str, Any]:
    return {
        "overall": {"date": {"date": day, "start": start, "end": "21:00:00"}, "distance_km": 10.5},
        "fap": {"life": {"life_km": life}, "lastRegen_km": since},
        "regens": list(regens),
        "health": {"verdict": "good", "findings": []},
    }


def log(system: Rig, person: Person, made: dict[str, Any], name: str = "log.csv") -> UUID:
    """Upload a log that is analysed to this."""
    analysis_id = uploaded(person, name=name)
    day = made["overall"]["date"]["date"]
    system.analysed(success(analysis_id, analysis=made, logDate=f"{day}T00:00:00.000Z", fapRegen=bool(made["regens"])))
    return analysis_id


def last(person: Person, analysis_id: UUID) -> dict[str, Any] | None:
    found: dict[str, Any] | None = get(person, f"/analyses/{analysis_id}")["lastRegeneration"]
    return found


def where(person: Person, analysis_id: UUID) -> str | None:
    found = last(person, analysis_id)
    return found["analysisId"] if found else None


def test_the_last_one_of_the_log_itself(system: Rig, person: Person) -> None:
    log(system, person, analysis("2025-03-01", regen("2025-03-01")))
    own = log(system, person, analysis("2025-03-05", regen("2025-03-05", hour=8), regen("2025-03-05", "aborted", 17)))
    assert last(person, own) == {
        "analysisId": str(own),
        "start": "2025-03-05T17:00:00",
        "end": "2025-03-05T17:20:00",
        "outcome": "aborted",
        "service": False,
    }


def test_the_newest_of_the_earlier_logs(system: Rig, person: Person) -> None:
    later = log(system, person, analysis("2025-03-09", regen("2025-03-09")))
    log(system, person, analysis("2025-03-01", regen("2025-03-01")))
    before = log(system, person, analysis("2025-03-05", regen("2025-03-05", "aborted")))
    asked = log(system, person, analysis("2025-03-07"))
    first = log(system, person, analysis("2025-02-20"))
    found = last(person, asked)
    assert found
    assert (found["analysisId"], found["outcome"]) == (str(before), "aborted")
    assert where(person, later) == str(later)
    assert last(person, first) is None


def test_of_the_same_day_the_one_before_the_start_counts(system: Rig, person: Person) -> None:
    morning = log(system, person, analysis("2025-03-05", regen("2025-03-05", hour=8)))
    log(system, person, analysis("2025-03-05", regen("2025-03-05", hour=19), start="18:00:00"))
    noon = log(system, person, analysis("2025-03-05", start="12:00:00"))
    assert where(person, noon) == str(morning)


def test_deleted_and_superseded_logs_and_other_cars_do_not_count(system: Rig, person: Person) -> None:
    kept = log(system, person, analysis("2025-03-01", regen("2025-03-01")), "DCM62v2_20250301.csv")
    gone = log(system, person, analysis("2025-03-02", regen("2025-03-02")), "DCM62v2_20250302.csv")
    older = log(system, person, analysis("2025-03-03", regen("2025-03-03")), "DCM62v2_20250303.csv")
    log(system, person, analysis("2025-03-04", regen("2025-03-04")), "SID807EVO_20250304.csv")
    asked = log(system, person, analysis("2025-03-05"), "DCM62v2_20250305.csv")
    assert where(person, asked) == str(older)
    system.sql("UPDATE fap_analysis SET superseded_by = %s WHERE id = %s", kept, older)
    assert where(person, asked) == str(gone)
    assert person.call("DELETE", f"/api/v1/analyses/{gone}").status_code == 204
    assert where(person, asked) == str(kept)


def test_the_same_profile_in_another_car_does_not_count(system: Rig, person: Person) -> None:
    log(system, person, analysis("2025-03-01", regen("2025-03-01")))
    asked = log(system, person, analysis("2025-03-05"))
    other = person.call("POST", f"{API}/cars", json={"name": "Second"}).get_json()["id"]
    assert where(person, asked)
    assert person.call("PATCH", f"{API}/analyses/{asked}", json={"car": other}).status_code == 200
    assert last(person, asked) is None


def test_others_never_show(system: Rig, person: Person) -> None:
    log(system, person, analysis("2025-03-01", regen("2025-03-01")))
    stranger = arrive(system.app)
    assert last(stranger, log(system, stranger, analysis("2025-03-05"))) is None


def test_one_that_no_log_recorded_is_not_mistaken_for_an_older_one(system: Rig, person: Person) -> None:
    """The car's counter says that it has regenerated again since."""
    before = log(system, person, analysis("2025-03-01", regen("2025-03-01"), life=10_010, since=10))
    same = log(system, person, analysis("2025-03-03", life=10_300, since=305))
    again = log(system, person, analysis("2025-03-09", life=10_900, since=200))
    assert where(person, same) == str(before)
    assert last(person, again) is None


def test_counters_that_are_read_once_in_a_long_log_are_behind(system: Rig, person: Person) -> None:
    """By up to the distance of the two logs, 10.5 km each here, and 30 km."""
    before = log(system, person, analysis("2025-03-01", regen("2025-03-01"), life=10_000, since=10))
    within = log(system, person, analysis("2025-03-03", life=10_300, since=260))
    beyond = log(system, person, analysis("2025-03-04", life=10_300, since=258))
    assert where(person, within) == str(before)
    assert last(person, beyond) is None


def test_a_log_without_a_result_has_none(system: Rig, person: Person) -> None:
    log(system, person, analysis("2025-03-01", regen("2025-03-01")))
    assert last(person, uploaded(person)) is None


def listed(person: Person, car: str, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = get(person, f"/cars/{car}/regenerations", **query)["data"]
    return found


def test_the_regenerations_of_a_car(system: Rig, person: Person) -> None:
    first = log(system, person, analysis("2025-03-01", regen("2025-03-01"), life=10_000, since=2))
    second = log(system, person, analysis("2025-03-05", regen("2025-03-05", "aborted"), life=10_300))
    log(system, person, analysis("2025-03-07", life=10_400))
    (car,) = [one["id"] for one in get(person, "/cars")["data"]]
    assert listed(person, car, limit=1) == [
        {
            "logs": [str(second)],
            "start": "2025-03-05T08:00:00",
            "end": "2025-03-05T08:20:00",
            "outcome": "aborted",
            "durationSec": None,
            "tempMaxC": None,
            "intervalKm": None,
            "filterKm": 10_300,
            "service": False,
        }
    ]
    assert [one["logs"] for one in listed(person, car)] == [[str(second)], [str(first)]]
    assert [one["filterKm"] for one in listed(person, car, dateTo="2025-03-04")] == [9_998]
    assert [one["logs"] for one in listed(person, car, dateFrom="2025-03-02")] == [[str(second)]]
    person.call("DELETE", f"{API}/analyses/{second}")
    assert [one["logs"] for one in listed(person, car)] == [[str(first)]]


def test_regenerations_of_no_car_of_ones_own_are_not_there(api_app: Flask, system: Rig, person: Person) -> None:
    log(system, person, analysis("2025-03-01", regen("2025-03-01")))
    (car,) = [one["id"] for one in get(person, "/cars")["data"]]
    stranger = arrive(api_app)
    for asking, path in ((stranger, car), (person, UUID(int=1))):
        refused = asking.call("GET", f"{API}/cars/{path}/regenerations")
        assert (refused.status_code, refused.get_json()["code"]) == (404, "CAR_NOT_FOUND")
    for query in ("limit=0", "limit=201", "dateFrom=2025-02-30", "dateFrom=2025-03-02&dateTo=2025-03-01", "car=1"):
        assert person.call("GET", f"{API}/cars/{car}/regenerations?{query}").status_code == 400
