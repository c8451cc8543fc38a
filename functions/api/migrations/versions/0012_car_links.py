"""Links to cars: a link is to a log or to a car, at most one each."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

STATEMENTS = (
    # The links there are stay as they are. `ON CONFLICT (analysis_id)` of the release before finds its unique index.
    "ALTER TABLE fap_link DROP CONSTRAINT fap_link_pkey",
    "ALTER TABLE fap_link DROP CONSTRAINT fap_link_digest_key",
    """
    ALTER TABLE fap_link
        ADD PRIMARY KEY (digest),
        ADD UNIQUE (analysis_id),
        ALTER COLUMN analysis_id DROP NOT NULL,
        ADD COLUMN car_id uuid UNIQUE,
        ADD FOREIGN KEY (user_id, car_id) REFERENCES car (user_id, id) ON DELETE CASCADE,
        ADD CHECK (num_nonnulls(analysis_id, car_id) = 1)
    """,
)


def upgrade() -> None:
    """Add the column; the policies of the table judge by owner and digest, and hold for cars as they are."""
    for statement in STATEMENTS:
        op.execute(statement)
