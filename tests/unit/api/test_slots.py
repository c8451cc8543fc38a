"""A few slots for work that waits for the object store."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from faplog.errors import Busy
from functions.api import store_slots as slots
from functions.api.store_slots import Slots, StoreSlots


@pytest.mark.parametrize("threads", [4, 5, 8, 16, 128])
def test_work_that_waits_for_the_store_leaves_a_thread(threads: int) -> None:
    made = StoreSlots.of_threads(threads)
    assert made.uploads.size + made.downloads.size + made.calls.size < threads


def test_beyond_the_slots_it_is_busy_until_one_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "SLOW_SEC", 0.0)
    limited = Slots("tests", 2)
    with limited.hold():
        with limited.hold(), pytest.raises(Busy), limited.hold():
            pytest.fail("held")
        with pytest.raises(ZeroDivisionError), limited.hold():
            _ = 1 / 0
        with limited.hold():
            pass


def test_a_slot_that_becomes_free_in_time_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "SLOW_SEC", 60.0)
    limited = Slots("tests", 1)
    at_work = 0
    most = 0
    lock = threading.Lock()

    def work(_: int) -> None:
        nonlocal at_work, most
        with limited.hold():
            with lock:
                at_work += 1
                most = max(most, at_work)
            with lock:
                at_work -= 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(200)))
    assert most == 1
