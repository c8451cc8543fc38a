"""The cost of finding the car of a log among 10,000 logs of two cars, and of distributing all of them again."""

import statistics
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

import psycopg
from psycopg.rows import DictRow, dict_row

from bench.report import Reference, Row, row
from bench.timing import wall_sec
from functions.api.cars import membership
from functions.api.cars.assignment import Reading, choose_car
from tests.chaos.promise import owner
from tests.conftest import Stack
from tests.e2e.account import Account

LOGS: Final = 10_000
DECISIONS: Final = 300
ROUNDS: Final = 5
START: Final = datetime.fromisoformat("2020-01-01")
FIRST_KM: Final = (10_000, 150_000)
KM_A_LOG: Final = 12

MAX_GROWTH: Final = 3.0
"""How much longer a decision may take with 10,000 logs than with 100."""

_SEED: Final = """
    INSERT INTO fap_analysis (user_id, file_name, size, sha256, version, stage, status, analysis, digest, log_date,
        life_km, additive_ml, driven_at)
    SELECT %(user_id)s, 'DCM62v2_20200101-' || n || '.csv', 1, sha256(n::text::bytea), 1, 'analyse', 'Success', '{}',
        sha256(n::text::bytea), at AT TIME ZONE 'UTC', (%(first_km)s::int[])[1 + n %% 2] + %(km)s * n, 1260, at
    FROM generate_series(1, %(logs)s) AS n,
        LATERAL (SELECT %(start)s::timestamp + make_interval(hours => 6 * n)) AS driven (at)
"""


def measure(stack: Stack) -> list[Row]:
    """Measure a decision with few and with many logs, then the distribution of all of them."""
    with owner(stack) as plain:
        plain.row_factory = dict_row  # type: ignore[assignment]
        database: psycopg.Connection[DictRow] = plain  # type: ignore[assignment]
        few, _ = _costs(database, UUID(Account(stack).id), LOGS // 100)
        many, distribution = _costs(database, UUID(Account(stack).id), LOGS)
    return [
        row(f"car of a log with {LOGS:,} logs, ms", many, reference=Reference.READ_CSV),
        row("car of a log: with 10,000 logs / with 100", many / few, MAX_GROWTH, detail=f"{few:.1f} ms with 100"),
        row(f"{LOGS:,} logs distributed over cars again, ms", distribution, reference=Reference.READ_CSV),
    ]


def _costs(database: psycopg.Connection[DictRow], user_id: UUID, logs: int) -> tuple[float, float]:
    """Return the milliseconds of one decision and of a distribution. The user's logs are removed afterwards."""
    values = {"user_id": user_id, "first_km": list(FIRST_KM), "km": KM_A_LOG, "logs": logs, "start": START}
    database.execute(_SEED, values)
    membership.sort_logs(database, user_id)
    database.commit()
    database.execute("ANALYZE fap_analysis")
    database.commit()

    def decide(number: int) -> None:
        at = START + timedelta(hours=6 * number + 3)
        log = Reading(uuid4(), at, "DCM62v2", FIRST_KM[number % 2] + KM_A_LOG * number, 1260)
        cars, _ = membership.neighbours(database, user_id, log)
        assert isinstance(choose_car(log, cars), UUID)

    numbers = [1 + number * (logs - 2) // DECISIONS for number in range(DECISIONS)]
    decisions = [wall_sec(decide, number) for number in numbers]
    sorts = [wall_sec(membership.sort_logs, database, user_id) for _ in range(ROUNDS)]
    database.rollback()
    database.execute("DELETE FROM fap_analysis WHERE user_id = %s", [user_id])
    database.commit()
    return statistics.median(decisions) * 1000, statistics.median(sorts) * 1000
