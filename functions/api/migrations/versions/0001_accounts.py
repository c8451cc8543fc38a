"""Accounts: users, their sessions and refresh tokens, the rate limit of logins, and the audit log.

`faplog_api` works for one user at a time and sees only that user's rows; `faplog_worker` looks up logins, maintains
sessions and does work that is not for a single user. Neither owns a table.
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

CURRENT_USER = "nullif(current_setting('app.current_user_id', true), '')::uuid"

STATEMENTS = (
    """
    CREATE TABLE users (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        email text NOT NULL CHECK (length(email) <= 254),
        password_hash text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    "CREATE UNIQUE INDEX users_email ON users (email)",
    """
    CREATE TABLE sessions (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
        csrf_digest bytea NOT NULL CHECK (length(csrf_digest) = 32),
        created_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz NOT NULL,
        ended_at timestamptz
    )
    """,
    "CREATE INDEX sessions_user ON sessions (user_id)",
    "CREATE INDEX sessions_expiry ON sessions (expires_at)",
    # A session has a family of refresh tokens. A used token keeps the salt that its successor is derived with.
    """
    CREATE TABLE refresh_tokens (
        digest bytea PRIMARY KEY CHECK (length(digest) = 32),
        session_id uuid NOT NULL REFERENCES sessions ON DELETE CASCADE,
        issued_at timestamptz NOT NULL DEFAULT now(),
        used_at timestamptz,
        successor_salt bytea,
        CHECK ((used_at IS NULL) = (successor_salt IS NULL))
    )
    """,
    "CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id)",
    # Keys are digests of account and address; rows without recent failures are deleted.
    """
    CREATE TABLE brake (
        key bytea PRIMARY KEY CHECK (length(key) = 32),
        failures integer NOT NULL DEFAULT 0,
        counted_at timestamptz NOT NULL DEFAULT now(),
        blocked_until timestamptz,
        trusted_until timestamptz
    )
    """,
    "CREATE INDEX brake_quiet ON brake (counted_at)",
    # No foreign key: the event that an account was deleted outlives the account.
    """
    CREATE TABLE audit_log (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        at timestamptz NOT NULL DEFAULT now(),
        event text NOT NULL,
        user_id uuid,
        session_id uuid,
        address text
    )
    """,
    "CREATE INDEX audit_log_user ON audit_log (user_id, id)",
    "CREATE INDEX audit_log_at ON audit_log (at)",
    *(
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
        for table in ("users", "sessions", "refresh_tokens", "brake", "audit_log")
    ),
    *(
        f"CREATE POLICY worker ON {table} TO faplog_worker USING (true) WITH CHECK (true)"
        for table in ("users", "sessions", "refresh_tokens", "brake", "audit_log")
    ),
    f"CREATE POLICY own ON users FOR SELECT TO faplog_api USING (id = {CURRENT_USER})",
    f"CREATE POLICY own ON sessions FOR SELECT TO faplog_api USING (user_id = {CURRENT_USER})",
    f"CREATE POLICY own ON audit_log FOR SELECT TO faplog_api USING (user_id = {CURRENT_USER})",
    "GRANT USAGE ON SCHEMA public TO faplog_api, faplog_worker",
    "GRANT SELECT (id, email, created_at) ON users TO faplog_api",
    "GRANT SELECT ON sessions, audit_log TO faplog_api",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON users, sessions, refresh_tokens, brake TO faplog_worker",
    "GRANT SELECT, INSERT, DELETE ON audit_log TO faplog_worker",
)


def upgrade() -> None:
    """Create the tables, their policies and grants."""
    for statement in STATEMENTS:
        op.execute(statement)
