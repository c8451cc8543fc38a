"""The operator's command, as a process with the one credential it needs, on the real servers."""

import os
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask

from functions.api.db import Database
from standalone.servers import Servers
from tests.conftest import ROOT
from tests.integration.people import AUTH, PASSWORD, Person, arrive, some_email
from tests.integration.uploading import log, succeed, upload

NEW = "another pass phrase"


class Admin:
    """Runs the command with only the worker's address of the database."""

    def __init__(self, servers: Servers, folder: Path) -> None:
        secrets = Path(servers.environment["FAPLOG_SECRETS_DIR"])
        (folder / "faplog-worker-database").write_text((secrets / "faplog-worker-database").read_text("utf-8"), "utf-8")
        self.environment = {
            **os.environ,
            "FAPLOG_SECRETS_DIR": str(folder),
            "FAPLOG_PUBLIC_URL": "https://faplog.example",
        }

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "functions.api.admin", *arguments],
            cwd=ROOT,
            env={name: value for name, value in (self.environment | environment).items() if value},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def say(self, *arguments: str) -> str:
        """Return what the command prints when it succeeds."""
        done = self.run(*arguments)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout


@pytest.fixture
def admin(servers: Servers, tmp_path: Path) -> Admin:
    return Admin(servers, tmp_path)


@pytest.fixture
def person(api_app: Flask) -> Person:
    """Return a user with a session."""
    return arrive(api_app)


def link_in(said: str) -> str:
    """Return the token of the link in the first line."""
    address, _, token = said.splitlines()[0].partition("#")
    assert address in ("https://faplog.example/register", "https://faplog.example/reset")
    return token


def test_an_invite_registers(admin: Admin, api_app: Flask) -> None:
    said = admin.say("invite", "--days", "3")
    assert "3 days" in said
    body = {"email": some_email(), "password": PASSWORD, "invite": link_in(said)}
    assert api_app.test_client().post(f"{AUTH}/register", json=body).status_code == 201


@pytest.mark.parametrize("by", ["address", "address in capitals", "id"])
def test_a_link_sets_a_new_password(admin: Admin, person: Person, by: str) -> None:
    account = {"address": person.email, "address in capitals": person.email.upper(), "id": str(person.id)}[by]
    token = link_in(admin.say("reset-password", account))
    body = {"token": token, "password": NEW}
    assert person.client.post(f"{AUTH}/password-reset/confirm", json=body).status_code == 204
    assert person.log_in(NEW).status_code == 200


def test_users_are_counted_not_named(admin: Admin, person: Person, database: Database) -> None:
    made = upload(person, log("counted"))
    succeed(database, made)
    assert person.call("POST", f"/api/v1/analyses/{made}/share").status_code == 201
    said = admin.say("list-users")
    header, *lines, total = said.splitlines()
    assert header.split() == ["id", "created", "last_used", "logs", "mb", "sessions", "links"]
    [mine] = [line.split() for line in lines if line.startswith(str(person.id))]
    assert [mine[index] for index in (3, 5, 6)] == ["1", "1", "1"]
    assert total.startswith(f"{len(lines)} accounts, ")
    assert "@" not in said


def test_deleting_needs_a_yes(admin: Admin, person: Person) -> None:
    asked = admin.run("delete-user", person.email)
    assert asked.returncode == 1
    assert "--yes" in asked.stderr
    assert person.call("GET", "/api/v1/account").status_code == 200
    assert admin.say("delete-user", person.email, "--yes").startswith("Deleted the account and 0 logs.")
    assert person.call("GET", "/api/v1/account").status_code == 401
    assert person.log_in().status_code == 401


def test_sessions_are_ended(admin: Admin, person: Person) -> None:
    assert person.log_in().status_code == 200
    assert admin.say("end-sessions", person.email) == "Ended 2 sessions.\n"
    assert person.call("GET", "/api/v1/account").status_code == 401
    assert person.log_in().status_code == 200


def test_links_to_reports_are_ended(admin: Admin, person: Person, database: Database) -> None:
    made = upload(person, log("shared"))
    succeed(database, made)
    token = person.call("POST", f"/api/v1/analyses/{made}/share").get_json()["token"]
    assert person.client.get(f"/api/v1/shared/{token}").status_code == 200
    assert admin.say("end-links", str(person.id)) == "Ended 1 links to reports and cars.\n"
    assert person.client.get(f"/api/v1/shared/{token}").status_code == 404


@pytest.mark.parametrize("command", ["reset-password", "delete-user", "end-sessions", "end-links"])
@pytest.mark.parametrize(
    ("account", "sentence"),
    [
        ("nobody@example.org", "There is no such account."),
        (str(UUID(int=1)), "There is no such account."),
        ("nobody", "This is not an e-mail address"),
        ("a\nb@example.org", "This is not an e-mail address"),
    ],
)
def test_an_unknown_account_is_a_sentence(admin: Admin, command: str, account: str, sentence: str) -> None:
    done = admin.run(command, account, *(["--yes"] if command == "delete-user" else []))
    assert done.returncode == 1
    assert done.stderr.startswith(sentence)
    assert "Traceback" not in done.stderr


def test_links_need_the_address_of_the_pages(admin: Admin, person: Person) -> None:
    for arguments in (["invite"], ["reset-password", person.email]):
        done = admin.run(*arguments, FAPLOG_PUBLIC_URL="")
        assert done.returncode == 1
        assert "FAPLOG_PUBLIC_URL" in done.stderr


def test_a_database_that_is_away_is_a_sentence(admin: Admin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "faplog-worker-database").write_text("postgresql://faplog_worker:x@127.0.0.1:1/faplog", "utf-8")
    done = admin.run("list-users")
    assert done.returncode == 1
    assert "Is faplog running?" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("days", ["0", "91", "-1", "many"])
def test_an_invite_lasts_one_to_ninety_days(admin: Admin, days: str) -> None:
    done = admin.run("invite", f"--days={days}")
    assert done.returncode == 2
    assert "--days" in done.stderr
