"""Many logs: ones to upload, and ones a user already has, put behind the API's back, thousands of them in a second."""

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any, Final

import psycopg

Connection = psycopg.Connection[tuple[Any, ...]]

DAYS: Final = 28
"""Of a month, so that the averages of many logs are few."""


def variants(log: bytes) -> Iterator[bytes]:
    """Yield logs like this one that all count: none is an earlier version of another.

    Each is on another day of the same month, or has another value in its first row.

    Args:
        log: A synthetic one, of a single drive.
    """
    header, first, rest = log.split(b"\n", 2)
    cells, place = first.split(b";"), header.split(b";").index(b"InjFlow")
    day = cells[0]
    for number in count():
        hundredths, day_of_month = divmod(number, DAYS)
        cells[place] = b"%.2f" % (hundredths / 100)
        whole = b"\n".join([header, b";".join(cells), rest])
        yield whole.replace(day, b"%s%02d" % (day[:-2], day_of_month + 1))


def seed(database: Connection, pattern: str, users: Sequence[str], copies: int) -> list[str]:
    """Insert copies of an analysis for each user, five a day, as if uploaded and analysed, and return their ids.

    They are of one car, which drives 5 km between two of them.

    `pattern` is the id of an analysis that was a success. The objects are not copied.
    """
    database.execute(
        """
        INSERT INTO car (user_id)
        SELECT owner FROM unnest(%s::uuid[]) AS owner WHERE NOT EXISTS (SELECT FROM car WHERE user_id = owner)
        """,
        [users],
    )
    made = database.execute(
        """
        INSERT INTO fap_analysis (user_id, file_name, size, sha256, stage, status, message, analysis, digest,
            verdict, log_date, log_year, log_month, fap_regen, distance, version, car_id, life_km, additive_ml,
            driven_at)
        SELECT owner, 'seeded-' || n || '.csv', size, sha256(convert_to(n::text, 'UTF8')), stage, status, message,
            analysis, sha256(convert_to('digest' || n, 'UTF8')), verdict, day,
            extract(year FROM day), extract(month FROM day), fap_regen, distance, version,
            (SELECT id FROM car WHERE user_id = owner ORDER BY created_at LIMIT 1), life_km + 5 * n, additive_ml,
            day AT TIME ZONE 'UTC'
        FROM fap_analysis, unnest(%(users)s::uuid[]) AS owner, generate_series(1, %(copies)s) AS n,
            LATERAL (SELECT timestamptz '2025-03-01Z' + make_interval(days => n / 5, hours => n %% 5)) AS at (day)
        WHERE id = %(pattern)s
        RETURNING id::text
        """,
        {"users": users, "copies": copies, "pattern": pattern},
    ).fetchall()
    database.commit()
    database.execute("ANALYZE fap_analysis")
    database.commit()
    return [analysis_id for (analysis_id,) in made]


def hold(database: Connection, users: Sequence[str]) -> list[str]:
    """Insert a log for each user that is never analysed, and return the ids: until then no average is due."""
    made = database.execute(
        """
        INSERT INTO fap_analysis (user_id, file_name, size, sha256, stage, version, queued_at)
        SELECT owner, 'held.csv', 1, sha256('held'), 'analyse', (SELECT max(version) FROM fap_analysis),
            now() + interval '1 day'
        FROM unnest(%s::uuid[]) AS owner
        RETURNING id::text
        """,
        [users],
    ).fetchall()
    database.commit()
    return [analysis_id for (analysis_id,) in made]


def more_users(database: Connection, like: str, number: int) -> list[tuple[str, str]]:
    """Users with the password of another one: the id and the e-mail address of each."""
    made = database.execute(
        """
        INSERT INTO users (email, password_hash)
        SELECT n || email, password_hash FROM users, generate_series(1, %s) AS n WHERE id = %s
        RETURNING id::text, email
        """,
        [number, like],
    ).fetchall()
    database.commit()
    return [(user_id, email) for user_id, email in made]
