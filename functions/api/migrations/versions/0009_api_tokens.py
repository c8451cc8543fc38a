"""API tokens: named and scoped credentials for scripts."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

CURRENT_USER = "nullif(current_setting('app.current_user_id', true), '')::uuid"

STATEMENTS = (
    # A revoked token has no row. `digest` is the SHA-256 of the token, which is shown to its owner only once.
    """
    CREATE TABLE api_tokens (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
        name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
        scopes text[] NOT NULL CHECK (cardinality(scopes) > 0 AND scopes <@ ARRAY['read', 'upload']),
        digest bytea NOT NULL UNIQUE CHECK (length(digest) = 32),
        created_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz CHECK (expires_at > created_at),
        last_used_at timestamptz
    )
    """,
    "CREATE INDEX api_tokens_user ON api_tokens (user_id)",
    "CREATE INDEX api_tokens_expiry ON api_tokens (expires_at)",
    "ALTER TABLE api_tokens ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY worker ON api_tokens TO faplog_worker USING (true) WITH CHECK (true)",
    f"CREATE POLICY own ON api_tokens FOR SELECT TO faplog_api USING (user_id = {CURRENT_USER})",
    "GRANT SELECT (id, user_id, name, scopes, created_at, expires_at, last_used_at) ON api_tokens TO faplog_api",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON api_tokens TO faplog_worker",
)


def upgrade() -> None:
    """Create the table, its policies and grants."""
    for statement in STATEMENTS:
        op.execute(statement)
