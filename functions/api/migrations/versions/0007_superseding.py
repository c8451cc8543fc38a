"""Earlier versions of logs: which log holds all drives of another, and what is needed to find it."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

COUNTED = "status = 'Success' AND deleted_at IS NULL AND superseded_by IS NULL"

STATEMENTS = (
    # `drive_keys` has a hash for each drive, over the owner and the drive's first row: only logs that share one can
    # hold the same drives. `drive_rows` counts the rows of all drives; `drive_times` has their clock times. All three
    # are NULL until a log is analysed by a version that fingerprints its drives.
    """
    ALTER TABLE fap_analysis
        ADD COLUMN superseded_by uuid REFERENCES fap_analysis ON DELETE SET NULL CHECK (superseded_by <> id),
        ADD COLUMN drive_keys bigint[],
        ADD COLUMN drive_rows bigint,
        ADD COLUMN drive_times tsmultirange
    """,
    f"CREATE INDEX fap_analysis_drive_keys ON fap_analysis USING gin (drive_keys) WHERE {COUNTED}",
    "CREATE INDEX fap_analysis_superseded ON fap_analysis (superseded_by) WHERE superseded_by IS NOT NULL",
    f"""
    CREATE INDEX fap_analysis_drive_times ON fap_analysis (user_id, lower(drive_times), upper(drive_times))
        WHERE {COUNTED}
    """,
    # The index of 0004, now without superseded logs: averages read only the rows they are made from.
    "DROP INDEX fap_analysis_averaged",
    f"""
    CREATE INDEX fap_analysis_averaged ON fap_analysis (user_id, log_date, id)
        INCLUDE (digest, log_year, log_month) WHERE {COUNTED}
    """,
)


def upgrade() -> None:
    """Add the columns and their indexes."""
    for statement in STATEMENTS:
        op.execute(statement)
