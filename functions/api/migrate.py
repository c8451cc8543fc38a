"""`python -m functions.api.migrate`: upgrade the database schema. Safe to repeat and to run twice at once."""

import logging
import sys
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config

from faplog import environment, logs, reachable
from faplog.settings import SettingsError, load

from .settings import OwnerSettings

FOLDER: Final = Path(__file__).parent / "migrations"
ROLES: Final = ("faplog_api", "faplog_worker")

log = logging.getLogger(__name__)


class MigrationError(Exception):
    """The database cannot be migrated; `str(error)` is one sentence that says why."""


def config(url: str) -> Config:
    """Return Alembic's configuration for a database.

    Args:
        url: The `postgresql://` address, as the owner of the tables.
    """
    configuration = Config()
    configuration.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    configuration.attributes["url"] = url
    return configuration


def migrate(url: str, revision: str = "head") -> None:
    """Upgrade the database to a revision, in one transaction.

    Raises:
        MigrationError: Postgres is away, or the roles that are granted the tables do not exist.
    """
    import psycopg

    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            found = {
                name
                for (name,) in connection.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", [list(ROLES)])
            }
    except psycopg.OperationalError as error:
        raise MigrationError(f"Cannot migrate: the database does not answer: {error}") from None
    if missing := [role for role in ROLES if role not in found]:
        raise MigrationError(
            f"Cannot migrate: the role {' and '.join(missing)} must be created first, by the administrator "
            "of the database."
        )
    command.upgrade(config(url), revision)


def main() -> int:
    """Migrate the database of the secret `faplog-owner-database`; return 1, with a sentence on stderr, if it fails."""
    logs.setup(environment.LOG_LEVEL.read())
    try:
        url = load(OwnerSettings).owner_database.get_secret_value()
        reachable.wait_for_server(url)
        migrate(url)
    except (SettingsError, MigrationError) as error:
        print(error, file=sys.stderr)
        return 1
    log.info("migrated")
    return 0


if __name__ == "__main__":
    sys.exit(main())
