"""What tests of notifications have in common: a rig that may send to loopback, and logs with bad findings."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr

from faplog.settings import load
from functions.api.notifications import outbox, sender
from functions.api.notifications.events import Due
from functions.api.settings import Settings
from standalone.servers import running
from standalone.state import prepare
from tests.conftest import migrate
from tests.integration.delivery import Rig, rig, success, uploaded
from tests.integration.people import Person
from tests.smtp_server import Mailbox

NOTIFICATIONS = "/api/v1/account/notifications"
PUBLIC_URL = "https://faplog.example"


@contextmanager
def notifying_rig(settings: Settings, folder: Path, mailbox: Mailbox | None = None) -> Iterator[Rig]:
    """Yield a rig whose operator allows receivers in private networks, and has a mail server if one is given."""
    changed: dict[str, Any] = {"webhooks": "any", "public_url": PUBLIC_URL}
    if mailbox is not None:
        changed |= {"smtp_url": SecretStr(mailbox.url), "mail_from": "faplog <noreply@faplog.example>"}
    with rig(settings.model_copy(update=changed), folder) as made:
        yield made


def finding(code: str = "max_pressure", value: float = 420.0, severity: str = "act") -> dict[str, Any]:
    """Return a finding as `analyse` writes it, as far as notifications read it."""
    said = {"text": f"{code} is {value}.", "advice": f"Look after {code}.", "urgency": "workshop_gently"}
    return {"code": code, "severity": severity, "value": value, "unit": "mbar", **said}


def judged(verdict: str, *findings: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return an analysis with this verdict."""
    return {"overall": {"distance_km": 10.5}, "health": {"verdict": verdict, "findings": list(findings)}, **more}


BAD = judged("act", finding())
GOOD = judged("good")


def analysed(system: Rig, person: Person, analysis: dict[str, Any] = BAD) -> UUID:
    """Return a log that was uploaded and analysed with this result."""
    analysis_id = uploaded(person)
    system.analysed(success(analysis_id, analysis=analysis))
    return analysis_id


def analysed_again(system: Rig, analysis_id: UUID, analysis: dict[str, Any]) -> None:
    """Analyse the same log once more as by a newer analyser."""
    system.sql("UPDATE fap_analysis SET status = 'Processing', attempt = attempt + 1 WHERE id = %s", analysis_id)
    system.analysed(success(analysis_id, analysis=analysis, attempt=2))


def switch_on(person: Person, kind: str, url: str, **more: Any) -> dict[str, Any]:
    """Switch a webhook or an ntfy topic on."""
    answer = person.call("PUT", f"{NOTIFICATIONS}/{kind}", json={"url": url, **more})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.get_json()
    return body


def send_due(system: Rig) -> int:
    """Send what is due, as a worker does."""
    return sender.send_due(system.services, lambda: False)


def rows(system: Rig, person: Person) -> list[dict[str, Any]]:
    """Return the person's rows of the outbox, oldest first."""
    return system.sql("SELECT * FROM notification WHERE user_id = %s ORDER BY created_at, id", person.id)


def make_due(system: Rig, person: Person) -> None:
    """Let the pauses of the person's messages be over."""
    system.sql("UPDATE notification SET next_try_at = now() WHERE user_id = %s AND status = 'waiting'", person.id)


@contextmanager
def on_own_servers(folder: Path) -> Iterator[Rig]:
    """Yield a rig on servers of its own, whose channels have no share of an hour."""
    with running(prepare(folder / "servers")) as servers, pytest.MonkeyPatch.context() as patch:
        migrate(servers)
        for name, value in servers.environment.items():
            patch.setenv(name, value)
        patch.setattr(outbox, "MOST_IN_AN_HOUR", 1_000_000)
        (folder / "nats").mkdir()
        with notifying_rig(load(Settings), folder / "nats") as system:
            yield system


def enqueue(system: Rig, person: Person, name: str, number: int) -> None:
    """Write so many events of this name, each in a transaction."""
    for index in range(number):
        with system.database.worker() as connection:
            outbox.enqueue(connection, person.id, Due(about="forecast", id=f"{name}-{index}", title="Additive"))
