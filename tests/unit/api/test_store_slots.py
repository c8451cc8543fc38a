"""A few slots for work that waits for the object store."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from faplog import stack
from faplog.errors import Busy
from functions.api.store_slots import Slots, StoreSlots
from functions.api.trial.views import AT_ONCE
from tests.conftest import ROOT


@pytest.mark.parametrize("threads", [4, 5, 8, 16, 128])
def test_work_that_waits_for_the_store_leaves_a_thread(threads: int) -> None:
    made = StoreSlots.of_threads(threads)
    assert made.uploads.size + made.downloads.size + made.calls.size < threads


def test_with_the_threads_of_stack_yml_store_and_trials_leave_a_thread() -> None:
    (api,) = (function for function in stack.read(ROOT / "stack.yml", {}) if function.name == "api")
    threads = api.ours("threads")
    made = StoreSlots.of_threads(threads)
    assert made.uploads.size + made.downloads.size + made.calls.size + AT_ONCE < threads


def test_beyond_the_slots_it_is_busy_until_one_is_given_back() -> None:
    limited = Slots("tests", 2, wait_sec=0)
    with limited.hold():
        with limited.hold(), pytest.raises(Busy), limited.hold():
            pytest.fail("held")
        with pytest.raises(ZeroDivisionError), limited.hold():
            _ = 1 / 0
        with limited.hold():
            pass


def test_a_slot_that_becomes_free_in_time_is_waited_for() -> None:
    limited = Slots("tests", 1, wait_sec=60)
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


def test_who_waits_longest_gets_the_next_slot() -> None:
    """Who has just given a slot back and wants another one comes after who waits."""
    slots = Slots("uploads", 1, wait_sec=60)
    order = []

    def wait_for_it() -> None:
        with slots.hold():
            order.append("waiting")

    for _ in range(20):
        order.clear()
        waiter = threading.Thread(target=wait_for_it)
        with slots.hold():
            waiter.start()
            time.sleep(0.02)
        with slots.hold():
            order.append("newcomer")
        waiter.join()
        assert order == ["waiting", "newcomer"]
