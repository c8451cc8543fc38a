"""`python -m functions.api.admin`: the operator's command for accounts.

It works as the database role of background work, which owns no table. It prints links, numbers and ids; what it does
to an account is in that account's audit log.
"""

import argparse
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from faplog.contracts.errors import CodedError
from faplog.errors import Unavailable
from faplog.settings import SettingsError, load

from .accounts import audit, deletion, emails, invites, password_reset, sessions
from .accounts.audit import Event
from .db import Conn, Database
from .settings import AdminSettings
from .sharing import links

_USERS: Final = """
    SELECT u.id, u.created_at::date AS created, session.last_used::date AS last_used, log.number AS logs,
        round(log.bytes / 1e6, 1) AS mb, session.number AS sessions, link.number AS links
    FROM users u
    CROSS JOIN LATERAL (
        SELECT count(*) AS number, coalesce(sum(size), 0) AS bytes FROM fap_analysis
        WHERE user_id = u.id AND deleted_at IS NULL
    ) log
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE ended_at IS NULL AND expires_at > now()) AS number,
            max(last_used_at) AS last_used
        FROM sessions WHERE user_id = u.id
    ) session
    CROSS JOIN LATERAL (
        SELECT count(*) AS number FROM fap_link WHERE user_id = u.id AND expires_at > now()
    ) link
    ORDER BY u.created_at, u.id
"""


class Problem(Exception):
    """The command cannot do what it was asked. `str(error)` is a sentence for the operator."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return 1, with a sentence on stderr, if it cannot be done."""
    given = _parser().parse_args(arguments)
    command: Callable[[AdminSettings, Database, argparse.Namespace], str] = given.run
    try:
        settings = load(AdminSettings)
        url = settings.worker_database.get_secret_value()
        database = Database(url, url)
        try:
            print(command(settings, database, given))
        finally:
            database.close()
    except (SettingsError, Problem, CodedError) as error:
        print(error, file=sys.stderr)
        return 1
    except Unavailable as error:
        print(f"Nothing was done: {error}. Is faplog running?", file=sys.stderr)
        return 1
    return 0


def invite(settings: AdminSettings, database: Database, given: argparse.Namespace) -> str:
    """Make an invite and return its link."""
    _require_address(settings)
    with database.worker() as connection:
        token = invites.make(connection, timedelta(days=given.days))
    return f"{invites.link(settings, token)}\nOne person can register with this link within {given.days} days."


def reset_password(settings: AdminSettings, database: Database, given: argparse.Namespace) -> str:
    """Make a link to set a new password for an account and return it."""
    _require_address(settings)
    with database.worker() as connection:
        token = password_reset.make(connection, _email_of(connection, given.account), by_operator=True)
    if token is None:
        raise _no_such_account()
    return f"{password_reset.link(settings, token)}\nThis link sets a new password once, within an hour."


def list_users(settings: AdminSettings, database: Database, given: argparse.Namespace) -> str:  # noqa: ARG001
    """Return a table of all accounts, without addresses and names of files."""
    with database.worker() as connection:
        rows = connection.execute(_USERS).fetchall()
    columns = ("id", "created", "last_used", "logs", "mb", "sessions", "links")
    table = [columns, *(tuple("-" if row[name] is None else str(row[name]) for name in columns) for row in rows)]
    widths = [max(len(line[index]) for line in table) for index in range(len(columns))]
    lines = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in table]
    return "\n".join([*lines, f"{len(rows)} accounts, {sum(row['logs'] for row in rows)} logs"])


def delete_user(settings: AdminSettings, database: Database, given: argparse.Namespace) -> str:  # noqa: ARG001
    """Delete an account and all its rows."""
    with database.worker() as connection:
        user_id = _id_of(connection, given.account)
    if not given.yes and not _confirmed("Delete this account with all its logs and analyses?"):
        raise Problem("Nothing was deleted.")
    analyses = deletion.delete_account(database, user_id)
    return f"Deleted the account and {len(analyses)} logs. Reconcile removes their files within about two hours."


def end_sessions(settings: AdminSettings, database: Database, given: argparse.Namespace) -> str:  # noqa: ARG001
    """End all sessions of an account."""
    with database.worker() as connection:
        user_id = _id_of(connection, given.account)
        ended = sessions.end_all(connection, user_id)
        audit.record(connection, Event.SESSIONS_ENDED_BY_OPERATOR, user_id=user_id, address=None)
    return f"Ended {ended} sessions."


def end_links(settings: AdminSettings, database: Database, given: argparse.Namespace) -> str:  # noqa: ARG001
    """End all links to reports and cars of an account."""
    with database.worker() as connection:
        user_id = _id_of(connection, given.account)
        ended = links.end_all(connection, user_id)
        audit.record(connection, Event.LINKS_ENDED_BY_OPERATOR, user_id=user_id, address=None)
    return f"Ended {ended} links to reports and cars."


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="admin", description="Manage the accounts of this instance.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: Callable[..., str], meaning: str, *, account: bool = True) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=meaning, description=meaning)
        command.set_defaults(run=run)
        if account:
            command.add_argument("account", metavar="ADDRESS", help="e-mail address or id of the account")
        return command

    inviting = add("invite", invite, "print a link with which one person can register", account=False)
    inviting.add_argument(
        "--days", type=_days, default=invites.LIFETIME.days, help="how long it can be used (default: %(default)s)"
    )
    add("reset-password", reset_password, "print a link that sets a new password, once and within an hour")
    add("list-users", list_users, "print ids, dates and counts of all accounts", account=False)
    deleting = add("delete-user", delete_user, "delete an account with all its logs and analyses")
    deleting.add_argument("--yes", action="store_true", help="do not ask for confirmation")
    add("end-sessions", end_sessions, "log an account out everywhere")
    add("end-links", end_links, "end all links to reports and cars of an account")
    return parser


def _days(text: str) -> int:
    days = int(text)
    if not 1 <= days <= invites.MAX_LIFETIME.days:
        raise argparse.ArgumentTypeError(f"must be 1 to {invites.MAX_LIFETIME.days}")
    return days


def _require_address(settings: AdminSettings) -> None:
    if settings.public_url is None:
        raise Problem("Set FAPLOG_PUBLIC_URL to the address of the pages, such as https://faplog.example.com.")


def _email_of(connection: Conn, account: str) -> str:
    """Return the address of an account given by its address or id. Raises `Problem` or `BadEmail`."""
    return str(_find(connection, account)["email"])


def _id_of(connection: Conn, account: str) -> UUID:
    """Return the id of an account given by its address or id. Raises `Problem` or `BadEmail`."""
    user_id: UUID = _find(connection, account)["id"]
    return user_id


def _find(connection: Conn, account: str) -> dict[str, Any]:
    try:
        row = connection.execute("SELECT id, email FROM users WHERE id = %s", [UUID(account)]).fetchone()
    except ValueError:
        email = emails.normalised(account)
        row = connection.execute("SELECT id, email FROM users WHERE email = %s", [email]).fetchone()
    if row is None:
        raise _no_such_account()
    return row


def _no_such_account() -> Problem:
    return Problem("There is no such account.")


def _confirmed(question: str) -> bool:
    if not sys.stdin.isatty():
        raise Problem("Nothing was deleted: without a terminal to ask, say --yes.")
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


if __name__ == "__main__":
    sys.exit(main())
