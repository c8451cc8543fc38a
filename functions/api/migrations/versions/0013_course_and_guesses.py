"""Whether the filter is getting worse beside each average, and which logs' cars were guessed.

Logs that were analysed before get the two distances when they are analysed again; without them nothing is wrong.
"""

from alembic import op

revision = "0013"
down_revision = "0011"
branch_labels = None
depends_on = None

STATEMENTS = (
    # An average has a point for each log. Reports ask for this part alone, so it is stored beside the whole.
    "ALTER TABLE fap_average ADD COLUMN course jsonb GENERATED ALWAYS AS (average -> 'course') STORED",
    # What tells cars apart in logs without counters: the distance since the last regeneration, and the mean of the last
    # ten distances, both by the engine control unit. `car_guessed` is true where not even they did.
    """
    ALTER TABLE fap_analysis
        ADD COLUMN since_regen_km double precision,
        ADD COLUMN mean_regen_km double precision,
        ADD COLUMN car_guessed boolean NOT NULL DEFAULT false
    """,
)


def upgrade() -> None:
    """Add the columns."""
    for statement in STATEMENTS:
        op.execute(statement)
