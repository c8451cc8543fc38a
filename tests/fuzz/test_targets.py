"""The bounded run: every target with its own seeds, and with some hundred of them made wrong, the same in each run."""

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.mutation import mutate
from tests.fuzz.targets import TARGETS, Target
from tests.fuzz.work import within

NAMES = st.sampled_from(sorted(TARGETS))


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
        target.check(seed)  # what is loaded, compiled and kept on first use is no work for this input
        with within(target.budget, len(seed)):
            target.check(seed)


@pytest.mark.parametrize("name", TARGETS)
def test_whatever_comes_in_what_must_hold_does(name: str) -> None:
    target = TARGETS[name]
    for seed in target.seeds():
        target.check(seed)

    @settings(
        max_examples=target.examples,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
    )
    @given(everything(target))
    def holds(data: bytes) -> None:
        with within(target.budget, len(data)):
            target.check(data)

    holds()
