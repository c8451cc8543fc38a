"""Links: at most one per log; its token lets a reader without an account see the report."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

CURRENT_USER = "nullif(current_setting('app.current_user_id', true), '')::uuid"
PRESENTED = "decode(nullif(current_setting('app.link_digest', true), ''), 'hex')"

STATEMENTS = (
    # `user_id` is the owner of the log, repeated here so that a policy needs no join. The row is deleted with its log.
    """
    CREATE TABLE fap_link (
        analysis_id uuid PRIMARY KEY REFERENCES fap_analysis ON DELETE CASCADE,
        user_id uuid NOT NULL,
        digest bytea NOT NULL UNIQUE CHECK (length(digest) = 32),
        created_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz NOT NULL CHECK (expires_at > created_at)
    )
    """,
    "CREATE INDEX fap_link_user ON fap_link (user_id)",
    "CREATE INDEX fap_link_expiry ON fap_link (expires_at)",
    "ALTER TABLE fap_link ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY worker ON fap_link TO faplog_worker USING (true) WITH CHECK (true)",
    f"CREATE POLICY own ON fap_link FOR SELECT TO faplog_api USING (user_id = {CURRENT_USER})",
    # A token shows the row of its digest until the link expires, and no other row.
    f"""
    CREATE POLICY presented ON fap_link FOR SELECT TO faplog_api
        USING (digest = {PRESENTED} AND expires_at > now())
    """,
    "GRANT SELECT ON fap_link TO faplog_api",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON fap_link TO faplog_worker",
)


def upgrade() -> None:
    """Create the table, its policies and grants."""
    for statement in STATEMENTS:
        op.execute(statement)
