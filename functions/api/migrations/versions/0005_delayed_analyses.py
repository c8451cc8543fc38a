"""Delayed analyses: those that failed a try, for which averages no longer wait."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

STATEMENTS = (
    # True from the first failed try of an analysis until its result is applied.
    "ALTER TABLE fap_analysis ADD COLUMN delayed boolean NOT NULL DEFAULT false",
)


def upgrade() -> None:
    """Add the column."""
    for statement in STATEMENTS:
        op.execute(statement)
