"""Alembic's environment: the given URL, one transaction for all revisions, one runner at a time."""

from alembic import context
from sqlalchemy import create_engine, pool, text

LOCK = 0x_FA_91_06  # any number, the same for every migration


def run() -> None:
    """Apply the requested revisions."""
    url = str(context.config.attributes["url"]).replace("postgresql://", "postgresql+psycopg://", 1)
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, transaction_per_migration=False)
        with context.begin_transaction():
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            context.run_migrations()


run()
