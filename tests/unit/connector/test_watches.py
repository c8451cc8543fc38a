"""What the connector does at intervals: an error in it is logged, and it goes on."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, cast

import pytest

from connector import service
from connector.broker import Broker
from connector.lane import Lane

TIMES = 3


class Faulty:
    """A broker, and a lane, that fail in an unexpected way."""

    def __init__(self) -> None:
        self.asked = 0

    async def client(self) -> None:
        """Return at once, as if connected."""

    async def heartbeat(self) -> None:
        self._fail()

    @property
    def jetstream(self) -> None:
        self._fail()

    def _fail(self) -> None:
        self.asked += 1
        raise KeyError(self.asked)


@pytest.mark.parametrize("name", ["beat", "watch"])
def test_an_error_is_logged_and_it_goes_on(name: str, caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        faulty = Faulty()
        work: dict[str, Coroutine[Any, Any, None]] = {
            "beat": service.send_heartbeats([cast("Lane", faulty)], 0.001),
            "watch": service.watch_queues(cast("Broker", faulty), [], 0.001),
        }
        task = asyncio.create_task(work.pop(name))
        work.popitem()[1].close()
        async with asyncio.timeout(60):
            while faulty.asked < TIMES:
                await asyncio.sleep(0)
        assert not task.done()
        task.cancel()
        await asyncio.wait([task])

    asyncio.run(run())
    assert len([record for record in caplog.records if record.levelno == logging.ERROR]) >= TIMES - 1
