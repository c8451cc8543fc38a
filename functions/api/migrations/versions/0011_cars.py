"""Cars and notes: each log belongs to a car, and averages are per car.

All logs of a user, and their averages, begin in one car, which is marked as unsorted: `reconcile` distributes its logs
by profile and counters. Until then, and while the new averages are calculated, the averages stay as they are.
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

CURRENT_USER = "nullif(current_setting('app.current_user_id', true), '')::uuid"
LIVE = "deleted_at IS NULL"

STATEMENTS = (
    # `guessed` cars were found by their counters and wait for the user's confirmation. `question` is open while it is
    # not known whether a counter that fell means another car or maintenance of the car `otherCar`.
    """
    CREATE TABLE car (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
        name text CHECK (length(name) BETWEEN 1 AND 60),
        profile text CHECK (length(profile) <= 40),
        guessed boolean NOT NULL DEFAULT false,
        unsorted boolean NOT NULL DEFAULT false,
        question jsonb,
        created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        deleted_at timestamptz,
        UNIQUE (user_id, id)
    )
    """,
    "CREATE INDEX car_unsorted ON car (user_id) WHERE unsorted",
    "CREATE INDEX car_guessed ON car (user_id) WHERE guessed",
    "CREATE INDEX car_deleted ON car (deleted_at) INCLUDE (user_id) WHERE deleted_at IS NOT NULL",
    # What was done to a car (`done`), or is to be done. The kinds are those of `faplog.contracts.notes.Kind`.
    """
    CREATE TABLE note (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
        car_id uuid NOT NULL,
        kind text NOT NULL CHECK (length(kind) BETWEEN 1 AND 40),
        on_date date,
        km integer CHECK (km >= 0),
        text text NOT NULL DEFAULT '' CHECK (length(text) <= 1000),
        done boolean NOT NULL,
        created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        FOREIGN KEY (user_id, car_id) REFERENCES car (user_id, id) ON DELETE CASCADE,
        CHECK (on_date IS NOT NULL OR km IS NOT NULL),
        CHECK (on_date IS NOT NULL OR NOT done)
    )
    """,
    "CREATE INDEX note_of_car ON note (user_id, car_id, on_date)",
    # `car_chosen` is true where a person said which car the log is of. The counters are the last ones in the log:
    # `life_km` is `FAP life`, `additive_ml` is `FAPAdditiveVol`. `driven_at` is its beginning by the car's clock.
    """
    ALTER TABLE fap_analysis
        ADD COLUMN car_id uuid,
        ADD COLUMN car_chosen boolean NOT NULL DEFAULT false,
        ADD COLUMN life_km double precision,
        ADD COLUMN additive_ml double precision,
        ADD COLUMN driven_at timestamp,
        ADD COLUMN note text CHECK (length(note) BETWEEN 1 AND 1000),
        ADD FOREIGN KEY (user_id, car_id) REFERENCES car (user_id, id)
    """,
    """
    INSERT INTO car (user_id, unsorted, created_at)
    SELECT user_id, true, min(created_at)
    FROM (
        SELECT user_id, created_at FROM fap_analysis WHERE analysis IS NOT NULL
        UNION ALL SELECT user_id, queued_at FROM fap_average
    ) AS known
    GROUP BY user_id
    """,
    # Only numbers below 10 million are counters; a stored analysis may hold anything.
    """
    UPDATE fap_analysis AS log
    SET car_id = car.id,
        life_km = jsonb_path_query_first(log.analysis, '$.fap.life.life_km ? (@ >= 0 && @ < 10000000)')::float8,
        additive_ml = jsonb_path_query_first(log.analysis, '$.fap.additive.vol_ml ? (@ >= 0 && @ < 10000000)')::float8,
        driven_at = coalesce(lower(log.drive_times), log.log_date AT TIME ZONE 'UTC')
    FROM car
    WHERE car.user_id = log.user_id AND log.analysis IS NOT NULL
    """,
    "ALTER TABLE fap_average ADD COLUMN car_id uuid",
    "UPDATE fap_average AS average SET car_id = car.id FROM car WHERE car.user_id = average.user_id",
    "ALTER TABLE fap_average DROP CONSTRAINT fap_average_user_id_type_year_month_key",
    """
    ALTER TABLE fap_average
        ALTER COLUMN car_id SET NOT NULL,
        ADD UNIQUE NULLS NOT DISTINCT (user_id, car_id, type, year, month),
        ADD FOREIGN KEY (user_id, car_id) REFERENCES car (user_id, id) ON DELETE CASCADE
    """,
    "CREATE INDEX fap_analysis_of_car ON fap_analysis (user_id, car_id, driven_at)",
    f"""
    CREATE INDEX fap_analysis_life ON fap_analysis (user_id, car_id, driven_at) INCLUDE (life_km)
        WHERE life_km IS NOT NULL AND {LIVE}
    """,
    f"""
    CREATE INDEX fap_analysis_additive ON fap_analysis (user_id, car_id, driven_at) INCLUDE (additive_ml)
        WHERE additive_ml IS NOT NULL AND {LIVE}
    """,
    f"""
    CREATE INDEX fap_analysis_carless ON fap_analysis (user_id)
        WHERE car_id IS NULL AND status = 'Success' AND {LIVE}
    """,
    *(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY" for table in ("car", "note")),
    *(f"CREATE POLICY worker ON {table} TO faplog_worker USING (true) WITH CHECK (true)" for table in ("car", "note")),
    *(
        f"CREATE POLICY own ON {table} FOR SELECT TO faplog_api USING (user_id = {CURRENT_USER})"
        for table in ("car", "note")
    ),
    "GRANT SELECT ON car, note TO faplog_api",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON car, note TO faplog_worker",
)


def upgrade() -> None:
    """Create the tables and columns, and put the logs and averages of each user into one car."""
    for statement in STATEMENTS:
        op.execute(statement)
