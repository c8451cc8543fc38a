"""Results made wrong, at the API's door with PostgreSQL behind it: taken or refused, and what was taken can be read.

`FUZZ_SECONDS` is about how long this goes on; `make test` gives it little.
"""

import copy
import os
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from faplog.contracts.messages import HEADER_SECRET, HEADER_TOPIC, Subject
from faplog.settings import load
from functions.api.settings import Settings
from standalone.servers import Servers
from tests.fuzz.messages import WORDS, analyses
from tests.fuzz.mutation import mutate
from tests.fuzz.plain import check_plain
from tests.integration.delivery import API, Rig, failure, rig, success, uploaded
from tests.integration.people import Person, arrive

SECONDS = int(os.environ.get("FUZZ_SECONDS", "0"))
EXAMPLES = settings(
    max_examples=SECONDS * 10 or 100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300 + 10 * SECONDS)]


@pytest.fixture(scope="module")
def system(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """Yield the app with a broker of its own."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in servers.environment.items():
            patch.setenv(name, value)
        known = load(Settings)
    with rig(known, tmp_path_factory.mktemp("nats")) as made:
        yield made


@pytest.fixture
def person(system: Rig) -> Person:
    """Return a user with one log."""
    return arrive(system.app)


def wrong(*seeds: bytes) -> st.SearchStrategy[bytes]:
    """Return the seeds, made wrong."""
    made: Callable[[bytes, Random], bytes] = lambda seed, random: mutate(seed, random, WORDS, seeds)  # noqa: E731
    return st.builds(made, st.sampled_from(seeds), st.randoms(use_true_random=False))


def bring(system: Rig, subject: Subject, body: bytes) -> None:
    """Deliver it: 200 or 400, for anything else would have it tried again."""
    secret = system.settings.connector_secret.get_secret_value()
    headers = {HEADER_TOPIC: subject, HEADER_SECRET: secret}
    answer = system.app.test_client(use_cookies=False).post("/", data=body, headers=headers)
    assert answer.status_code in (200, 400), answer.text


def look(person: Person, *paths: str) -> None:
    """Check that what is stored now can be read."""
    for path in paths:
        answer = person.call("GET", API + path)
        assert answer.status_code == 200, (path, answer.text)
        check_plain(orjson.loads(answer.data))


def test_a_wrong_analysis_result_is_refused_or_can_be_read(system: Rig, person: Person) -> None:
    log = uploaded(person)
    whole: dict[str, Any] = success(log, analysis=analyses()[0])

    @EXAMPLES
    @given(wrong(orjson.dumps(whole), orjson.dumps(success(log)), orjson.dumps(failure(log))))
    def holds(body: bytes) -> None:
        system.sql("UPDATE fap_analysis SET status = 'Processing', analysis = NULL, digest = NULL WHERE id = %s", log)
        bring(system, Subject.ANALYSIS_RESULT, body)
        look(person, f"/analyses/{log}", "/analyses?sortBy=logDate", "/average/available")

    holds()


READ = (
    "overall", "overall.date", "overall.date.start", "fap", "fap.life", "fap.life.life_km", "fap.lastRegen_km",
    "fap.last10Regen_km", "fap.additive", "fap.additive.vol_ml", "regens", "regens.0", "regens.0.start", "regens.0.end",
    "regens.0.outcome", "drives", "drives.0", "drives.0.start", "drives.0.fingerprint", "health", "health.verdict",
    "health.findings", "health.findings.0", "health.findings.0.code", "health.findings.0.severity",
    "health.findings.0.urgency", "health.findings.0.which", "health.findings.0.value",
)  # fmt: skip
"""What the API itself reads in an analysis."""

OTHERS: tuple[Any, ...] = (None, True, 7, -1e300, "x", [], {}, [True], [[]], [{}], {"start": []})


def with_other(analysis: dict[str, Any], path: str, other: object) -> dict[str, Any]:
    """Return an analysis with something else at a path."""
    *above, last = [int(name) if name.isdecimal() else name for name in path.split(".")]
    made = copy.deepcopy(analysis)
    part: Any = made
    for name in above:
        part = part[name]
    part[last] = other
    return made


@pytest.mark.parametrize("path", READ)
def test_an_analysis_of_another_shape_is_refused_or_can_be_read(system: Rig, person: Person, path: str) -> None:
    finding = {
        "code": "restriction_high",
        "severity": "act",
        "urgency": "soon",
        "which": [{"name": "x"}],
        "value": 90.0,
    }
    regen = {"start": "2025-03-14T08:00:00", "end": "2025-03-14T08:10:00", "outcome": "complete"}
    whole = analyses()[0] | {"health": {"verdict": "act", "findings": [finding]}, "regens": [regen]}
    logs = uploaded(person), uploaded(person)
    for other in OTHERS:
        for log in logs:  # the second looks at the first
            system.sql("UPDATE fap_analysis SET status = 'Processing', analysis = NULL WHERE id = %s", log)
            wrong_result = success(log, analysis=with_other(whole, path, other))
            bring(system, Subject.ANALYSIS_RESULT, orjson.dumps(wrong_result))
        (row,) = system.sql("SELECT car_id FROM fap_analysis WHERE id = %s", logs[1])
        of_car = [f"/cars/{row['car_id']}", f"/cars/{row['car_id']}/regenerations"] if row["car_id"] else []
        look(person, *(f"/analyses/{log}" for log in logs), "/analyses?sortBy=logDate", "/average/available", *of_car)


def test_a_wrong_average_is_refused_or_can_be_read(system: Rig, person: Person) -> None:
    log = uploaded(person)
    system.analysed(success(log))
    (row,) = system.sql("SELECT sha256, generation FROM fap_average WHERE user_id = %s AND type = 'OVERALL'", person.id)
    result = {
        "userId": str(person.id),
        "analysisSha": row["sha256"],
        "status": "SUCCESS",
        "message": "Average calculated successfully.",
        "average": {"overall": {"logs": 1, "distance_km": 21.37}, "trends": {"x": [{"kv": 0.2}]}},
        "type": "OVERALL",
        "generation": row["generation"],
    }

    @EXAMPLES
    @given(wrong(orjson.dumps(result), orjson.dumps(result | {"status": "FAILED", "average": None})))
    def holds(body: bytes) -> None:
        system.sql("UPDATE fap_average SET status = 'CALCULATING' WHERE user_id = %s", person.id)
        bring(system, Subject.AVERAGE_RESULT, body)
        look(person, "/average?type=OVERALL", "/average/available")

    holds()
