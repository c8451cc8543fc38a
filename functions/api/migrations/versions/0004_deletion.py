"""Deletion that can be undone: a deleted log keeps its row until `reconcile` purges it."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

LIVE = "deleted_at IS NULL"

REPLACED = (
    "fap_analysis_by_created",
    "fap_analysis_by_name",
    "fap_analysis_by_date",
    "fap_analysis_pending",
    "fap_analysis_pending_of_user",
    "fap_analysis_averaged",
    "fap_analysis_version",
)

STATEMENTS = (
    "ALTER TABLE fap_analysis ADD COLUMN deleted_at timestamptz",
    *(f"DROP INDEX {index}" for index in REPLACED),
    # The indexes of 0002 without deleted logs, so that a list reads only the rows it shows.
    f"CREATE INDEX fap_analysis_by_created ON fap_analysis (user_id, created_at DESC, id DESC) WHERE {LIVE}",
    f"CREATE INDEX fap_analysis_by_name ON fap_analysis (user_id, file_name DESC, id DESC) WHERE {LIVE}",
    f"""
    CREATE INDEX fap_analysis_by_date ON fap_analysis (user_id, log_date DESC NULLS LAST, id DESC) WHERE {LIVE}
    """,
    f"""
    CREATE INDEX fap_analysis_pending ON fap_analysis (queued_at, id) INCLUDE (user_id)
        WHERE status = 'Processing' AND {LIVE}
    """,
    f"CREATE INDEX fap_analysis_pending_of_user ON fap_analysis (user_id) WHERE status = 'Processing' AND {LIVE}",
    f"""
    CREATE INDEX fap_analysis_averaged ON fap_analysis (user_id, log_date, id)
        INCLUDE (digest, log_year, log_month) WHERE status = 'Success' AND {LIVE}
    """,
    f"CREATE INDEX fap_analysis_version ON fap_analysis (version, id) WHERE status <> 'Processing' AND {LIVE}",
    # The list of deleted logs, newest first, and the purge, oldest first.
    """
    CREATE INDEX fap_analysis_deleted_of_user ON fap_analysis (user_id, deleted_at DESC, id DESC)
        WHERE deleted_at IS NOT NULL
    """,
    "CREATE INDEX fap_analysis_deleted ON fap_analysis (deleted_at) INCLUDE (user_id) WHERE deleted_at IS NOT NULL",
)


def upgrade() -> None:
    """Add the column and make the indexes partial."""
    for statement in STATEMENTS:
        op.execute(statement)
