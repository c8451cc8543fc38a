"""The bounded run: every target with its own seeds, and with some hundred of them made wrong, the same in each run."""

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.__main__ import NAMES
from tests.fuzz.mutation import mutate
from tests.fuzz.targets import TARGETS, Target
from tests.fuzz.work import Budget, TooMuch, check_within


def everything(target: Target) -> st.SearchStrategy[bytes]:
    """Mostly a seed made wrong; sometimes bytes of no meaning."""
    seeds = target.seeds()

    def wrong(seed: bytes, random: Random) -> bytes:
        return mutate(seed, random, target.words, seeds)

    made = st.builds(wrong, st.sampled_from(seeds), st.randoms(use_true_random=False))
    return st.integers(0, 15).flatmap(lambda kind: made if kind else st.binary(max_size=600))


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_are_taken_within_their_budget(name: str) -> None:
    target = TARGETS[name]
    for seed in target.seeds():
        check_within(target.budget, target.check, seed)


@pytest.mark.parametrize("name", TARGETS)
def test_whatever_comes_in_what_must_hold_does(name: str) -> None:
    target = TARGETS[name]

    @settings(
        max_examples=target.examples,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
    )
    @given(everything(target))
    def holds(data: bytes) -> None:
        check_within(target.budget, target.check, data)

    holds()


def test_work_that_grows_faster_than_its_input_is_seen() -> None:
    budget = Budget(calls=500, calls_a_byte=2, bytes=30_000, bytes_a_byte=10)

    def calls(data: bytes) -> None:
        for _ in range(len(data) ** 2):
            len(data)

    def holds(data: bytes) -> None:
        bytearray(len(data) ** 2)

    for check in (calls, holds):
        check_within(budget, check, b"x" * 10)
        with pytest.raises(TooMuch):
            check_within(budget, check, b"x" * 300)


def test_the_long_run_knows_every_target() -> None:
    assert set(NAMES) == set(TARGETS)
