"""The cost of telling: messages a second from the outbox to a receiver on this machine, and of writing one.

It uses servers of its own, because the running system sends to no private address and would take part.
"""

import tempfile
from pathlib import Path
from typing import Final

from bench.report import Reference, Row, row
from bench.timing import wall_sec
from tests.conftest import Stack
from tests.integration.notifying import enqueue, on_own_servers, send_due, switch_on
from tests.integration.people import arrive
from tests.receivers import receiving

MESSAGES: Final = 400
MIN_MESSAGES: Final = 0.05
"""In the time of a reply of a bare Flask application."""


def measure(_stack: Stack | None = None) -> list[Row]:
    """Write messages into the outbox, a transaction each, and send them all."""
    with (
        tempfile.TemporaryDirectory() as folder,
        on_own_servers(Path(folder)) as system,
        receiving() as receiver,
    ):
        person = arrive(system.app)
        switch_on(person, "webhook", receiver.url)
        enqueue(system, person, "warm-up", 1)
        send_due(system)
        writing = wall_sec(enqueue, system, person, "measured", MESSAGES)
        sending = wall_sec(send_due, system)
        assert len(receiver.received) == MESSAGES + 1
    return [
        row("outbox, one message written, ms", writing / MESSAGES * 1000, reference=Reference.FLASK_REPLY),
        row(
            "outbox, sent to a local receiver, messages/s",
            MESSAGES / sending,
            MIN_MESSAGES,
            at_most=False,
            reference=Reference.FLASK_REPLY,
        ),
    ]
