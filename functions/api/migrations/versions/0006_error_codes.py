"""Error codes: why an analysis or an average failed, beside the message."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

STATEMENTS = (
    # NULL in rows that did not fail, and in those that failed before there were codes.
    "ALTER TABLE fap_analysis ADD COLUMN error_code text, ADD COLUMN error_params jsonb",
    "ALTER TABLE fap_average ADD COLUMN error_code text, ADD COLUMN error_params jsonb",
)


def upgrade() -> None:
    """Add the columns."""
    for statement in STATEMENTS:
        op.execute(statement)
