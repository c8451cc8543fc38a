"""The pause of a function that is away."""

import asyncio

from connector.gate import FIRST_SEC, LONGEST_SEC, Gate


def test_what_waits_is_let_through_at_once_when_the_function_answers() -> None:
    async def run() -> None:
        gate = Gate()
        gate.shut(at_least_sec=10)
        assert not gate.is_open
        waiting = asyncio.create_task(gate.wait())
        await asyncio.sleep(0)
        assert not waiting.done()
        gate.open()
        async with asyncio.timeout(60):
            assert await waiting
        assert gate.is_open

    asyncio.run(run())


def test_what_is_held_may_try_when_the_pause_is_over_but_nothing_new_is_fetched() -> None:
    async def run() -> None:
        gate = Gate()
        gate.shut()
        async with asyncio.timeout(60):
            assert await gate.wait()
        assert not gate.is_open

    asyncio.run(run())


def test_failures_at_once_make_one_pause_and_later_ones_a_longer() -> None:
    async def run() -> list[float]:
        now = 1000.0
        asyncio.get_running_loop().time = lambda: now  # type: ignore[method-assign]
        gate = Gate()
        pauses = []
        for _ in range(12):
            for _ in range(5):
                gate.shut()
            pauses.append(gate.rest_sec())
            now += gate.rest_sec() + 1
        return pauses

    pauses = asyncio.run(run())
    for number, pause in enumerate(pauses):
        expected = min(FIRST_SEC * 2**number, LONGEST_SEC)
        assert expected * 0.79 < pause < expected * 1.21


def test_a_function_cannot_ask_for_a_pause_without_end() -> None:
    async def run() -> float:
        gate = Gate()
        gate.shut(at_least_sec=86400)
        return gate.rest_sec()

    assert asyncio.run(run()) <= LONGEST_SEC * 1.2


def test_the_end_wakes_the_waiting() -> None:
    async def run() -> bool:
        gate = Gate()
        gate.shut(at_least_sec=10)
        waiting = asyncio.create_task(gate.wait())
        await asyncio.sleep(0)
        gate.end()
        async with asyncio.timeout(60):
            return await waiting

    assert not asyncio.run(run())
