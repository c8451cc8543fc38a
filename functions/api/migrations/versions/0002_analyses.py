"""Analyses and averages: one row per log, one row per period; row-level security restricts rows to their owner."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

CURRENT_USER = "nullif(current_setting('app.current_user_id', true), '')::uuid"

STATEMENTS = (
    # `sent` is false while a queued row's message is known not to be in the stream. `retries` counts the retries of
    # reconcile since the last upload; `attempt` only rises, so that message ids never repeat. `digest` covers
    # everything an average is made from. Size and hash of the object give its HTTP headers without the store.
    """
    CREATE TABLE fap_analysis (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
        file_name text COLLATE "C" NOT NULL CHECK (length(file_name) BETWEEN 1 AND 255),
        size integer NOT NULL CHECK (size > 0),
        sha256 bytea NOT NULL CHECK (length(sha256) = 32),
        created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        stage text NOT NULL DEFAULT 'upload' CHECK (stage IN ('upload', 'analyse')),
        status text NOT NULL DEFAULT 'Processing' CHECK (status IN ('Processing', 'Success', 'Failed')),
        message text,
        analysis jsonb,
        digest bytea CHECK (length(digest) = 32),
        verdict text CHECK (verdict IN ('unknown', 'good', 'watch', 'act')),
        log_date timestamptz,
        log_year smallint,
        log_month smallint CHECK (log_month BETWEEN 1 AND 12),
        fap_regen boolean NOT NULL DEFAULT false,
        distance double precision,
        version integer NOT NULL,
        attempt integer NOT NULL DEFAULT 1,
        retries integer NOT NULL DEFAULT 0,
        timed_out boolean NOT NULL DEFAULT false,
        sent boolean NOT NULL DEFAULT true,
        queued_at timestamptz NOT NULL DEFAULT now(),
        UNIQUE (user_id, sha256),
        CHECK (status <> 'Success' OR (analysis IS NOT NULL AND digest IS NOT NULL)),
        CHECK (NOT timed_out OR status = 'Failed')
    )
    """,
    # One index for each order of the list; ascending order reads it backwards.
    "CREATE INDEX fap_analysis_by_created ON fap_analysis (user_id, created_at DESC, id DESC)",
    "CREATE INDEX fap_analysis_by_name ON fap_analysis (user_id, file_name DESC, id DESC)",
    "CREATE INDEX fap_analysis_by_date ON fap_analysis (user_id, log_date DESC NULLS LAST, id DESC)",
    "CREATE INDEX fap_analysis_pending ON fap_analysis (queued_at, id) INCLUDE (user_id) WHERE status = 'Processing'",
    "CREATE INDEX fap_analysis_pending_of_user ON fap_analysis (user_id) WHERE status = 'Processing'",
    """
    CREATE INDEX fap_analysis_averaged ON fap_analysis (user_id, log_date, id)
        INCLUDE (digest, log_year, log_month) WHERE status = 'Success'
    """,
    "CREATE INDEX fap_analysis_version ON fap_analysis (version, id) WHERE status <> 'Processing'",
    # `sha256` is the digest of the requested analyses; `average` is the last good one and may be of older analyses.
    "CREATE SEQUENCE fap_average_generation",
    """
    CREATE TABLE fap_average (
        user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
        type text NOT NULL CHECK (type IN ('OVERALL', 'YEARLY', 'MONTHLY')),
        year smallint,
        month smallint CHECK (month BETWEEN 1 AND 12),
        status text NOT NULL DEFAULT 'CALCULATING' CHECK (status IN ('CALCULATING', 'SUCCESS', 'FAILED')),
        message text,
        average jsonb,
        sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
        generation bigint NOT NULL DEFAULT nextval('fap_average_generation'),
        attempt integer NOT NULL DEFAULT 1,
        timed_out boolean NOT NULL DEFAULT false,
        sent boolean NOT NULL DEFAULT true,
        queued_at timestamptz NOT NULL DEFAULT now(),
        UNIQUE NULLS NOT DISTINCT (user_id, type, year, month),
        CHECK ((type = 'OVERALL') = (year IS NULL)),
        CHECK ((type = 'MONTHLY') = (month IS NOT NULL)),
        CHECK (NOT timed_out OR status = 'FAILED')
    )
    """,
    "CREATE INDEX fap_average_calculating ON fap_average (queued_at) WHERE status = 'CALCULATING'",
    *(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY" for table in ("fap_analysis", "fap_average")),
    *(
        f"CREATE POLICY worker ON {table} TO faplog_worker USING (true) WITH CHECK (true)"
        for table in ("fap_analysis", "fap_average")
    ),
    f"""
    CREATE POLICY own ON fap_analysis TO faplog_api
        USING (user_id = {CURRENT_USER}) WITH CHECK (user_id = {CURRENT_USER})
    """,
    f"CREATE POLICY own ON fap_average FOR SELECT TO faplog_api USING (user_id = {CURRENT_USER})",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON fap_analysis TO faplog_api",
    "GRANT SELECT ON fap_average TO faplog_api",
    "GRANT SELECT, UPDATE, DELETE ON fap_analysis TO faplog_worker",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON fap_average TO faplog_worker",
    "GRANT USAGE ON SEQUENCE fap_average_generation TO faplog_worker",
)


def upgrade() -> None:
    """Create the tables, their indexes, policies and grants."""
    for statement in STATEMENTS:
        op.execute(statement)
