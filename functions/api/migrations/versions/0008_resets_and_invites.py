"""Links to set a new password, invites to register, and what a list of sessions shows."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

STATEMENTS = (
    # What the browser said of itself at the login, as two words of ours; NULL where it is no browser we know.
    """
    ALTER TABLE sessions
        ADD COLUMN last_used_at timestamptz,
        ADD COLUMN browser text CHECK (length(browser) <= 32),
        ADD COLUMN device text CHECK (length(device) <= 32)
    """,
    # Up to now a session was extended by 30 days at each use.
    "UPDATE sessions SET last_used_at = greatest(created_at, expires_at - interval '30 days')",
    "ALTER TABLE sessions ALTER COLUMN last_used_at SET DEFAULT now(), ALTER COLUMN last_used_at SET NOT NULL",
    """
    CREATE TABLE password_reset (
        digest bytea PRIMARY KEY CHECK (length(digest) = 32),
        user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
        created_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz NOT NULL CHECK (expires_at > created_at)
    )
    """,
    "CREATE INDEX password_reset_user ON password_reset (user_id)",
    "CREATE INDEX password_reset_expiry ON password_reset (expires_at)",
    """
    CREATE TABLE invite (
        digest bytea PRIMARY KEY CHECK (length(digest) = 32),
        created_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz NOT NULL CHECK (expires_at > created_at)
    )
    """,
    "CREATE INDEX invite_expiry ON invite (expires_at)",
    *(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY" for table in ("password_reset", "invite")),
    *(
        f"CREATE POLICY worker ON {table} TO faplog_worker USING (true) WITH CHECK (true)"
        for table in ("password_reset", "invite")
    ),
    "GRANT SELECT, INSERT, DELETE ON password_reset, invite TO faplog_worker",
)


def upgrade() -> None:
    """Create the tables, their policies and grants, and the columns of sessions."""
    for statement in STATEMENTS:
        op.execute(statement)
