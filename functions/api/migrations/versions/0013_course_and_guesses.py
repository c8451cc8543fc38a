"""Whether the filter is getting worse beside each average, and which logs' cars were guessed.

Logs that were analysed before get the mean distance when they are analysed again; without it nothing is wrong.
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

STATEMENTS = (
    # An average has a point for each log. Reports ask for this part alone, so it is stored beside the whole.
    "ALTER TABLE fap_average ADD COLUMN course jsonb GENERATED ALWAYS AS (average -> 'course') STORED",
    # What tells cars apart in logs without counters: the mean distance between the last ten regenerations, by the
    # engine control unit. `car_guessed` is true where not even that did.
    """
    ALTER TABLE fap_analysis
        ADD COLUMN mean_regen_km double precision,
        ADD COLUMN car_guessed boolean NOT NULL DEFAULT false
    """,
)


def upgrade() -> None:
    """Add the columns."""
    for statement in STATEMENTS:
        op.execute(statement)
