"""Notifications: the channels of an account, and the outbox of messages for them."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

CURRENT_USER = "nullif(current_setting('app.current_user_id', true), '')::uuid"

STATEMENTS = (
    # A channel that is off has no row. `secret` signs what a webhook gets, or is the access token for ntfy; the role of
    # requests cannot read it. A code was sent to `email`; it is set in `confirmed_email` once the code came back.
    """
    CREATE TABLE notification_channel (
        user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
        kind text NOT NULL CHECK (kind IN ('webhook', 'ntfy', 'email')),
        language text NOT NULL CHECK (length(language) BETWEEN 2 AND 10),
        url text CHECK (length(url) <= 2048),
        secret text CHECK (length(secret) <= 500),
        confirmed_email text CHECK (length(confirmed_email) <= 254),
        code_digest bytea CHECK (length(code_digest) = 32),
        code_for text CHECK (length(code_for) <= 254),
        code_expires_at timestamptz,
        code_tries integer NOT NULL DEFAULT 0,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (user_id, kind),
        CHECK ((kind = 'email') = (url IS NULL))
    )
    """,
    # One row for each event and channel. `id` is the key by which a receiver recognises a message that comes twice.
    # The row of a log stays as long as the log, so that it is not told again; there is no foreign key to the channel,
    # because switching a channel off and on must not make it forget.
    """
    CREATE TABLE notification (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
        channel text NOT NULL CHECK (channel IN ('webhook', 'ntfy', 'email')),
        event_key text NOT NULL CHECK (length(event_key) <= 200),
        event jsonb NOT NULL,
        codes text[] NOT NULL DEFAULT '{}',
        analysis_id uuid REFERENCES fap_analysis ON DELETE CASCADE,
        created_at timestamptz NOT NULL DEFAULT now(),
        status text NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting', 'sent', 'withdrawn', 'given_up')),
        tries integer NOT NULL DEFAULT 0,
        next_try_at timestamptz NOT NULL DEFAULT now(),
        ended_at timestamptz,
        error_code text,
        error_params jsonb,
        UNIQUE (user_id, channel, event_key),
        CHECK ((status = 'waiting') = (ended_at IS NULL))
    )
    """,
    "CREATE INDEX notification_due ON notification (next_try_at) WHERE status = 'waiting'",
    "CREATE INDEX notification_of_log ON notification (analysis_id) WHERE analysis_id IS NOT NULL",
    "CREATE INDEX notification_of_user ON notification (user_id, created_at DESC)",
    "CREATE INDEX notification_sent ON notification (user_id, channel, ended_at) WHERE status = 'sent'",
    "CREATE INDEX notification_ended ON notification (ended_at) WHERE analysis_id IS NULL",
    *(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY" for table in ("notification_channel", "notification")),
    *(
        f"CREATE POLICY worker ON {table} TO faplog_worker USING (true) WITH CHECK (true)"
        for table in ("notification_channel", "notification")
    ),
    *(
        f"CREATE POLICY own ON {table} FOR SELECT TO faplog_api USING (user_id = {CURRENT_USER})"
        for table in ("notification_channel", "notification")
    ),
    """
    GRANT SELECT (user_id, kind, language, url, confirmed_email, code_for, code_expires_at, created_at)
        ON notification_channel TO faplog_api
    """,
    "GRANT SELECT ON notification TO faplog_api",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON notification_channel, notification TO faplog_worker",
)


def upgrade() -> None:
    """Create the tables, their indexes, policies and grants."""
    for statement in STATEMENTS:
        op.execute(statement)
