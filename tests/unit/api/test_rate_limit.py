"""How long one waits after so many failures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.api.accounts.rate_limit import ADDRESS, PAIR, PAIR_UNDER_ATTACK, REGISTRATION, Rule

RULES = [PAIR, PAIR_UNDER_ATTACK, ADDRESS, REGISTRATION]


@pytest.mark.parametrize("rule", RULES)
def test_free_then_a_first_wait_then_double(rule: Rule) -> None:
    assert rule.wait(rule.free - 1) is None
    assert rule.wait(rule.free) == rule.first_wait
    assert rule.wait(rule.free + 1) == 2 * rule.first_wait


@given(st.sampled_from(RULES), st.integers(0, 10**9))
def test_it_delays_and_never_locks_out(rule: Rule, failures: int) -> None:
    wait, next_wait = rule.wait(failures), rule.wait(failures + 1)
    assert wait is None or rule.first_wait <= wait <= rule.longest_wait
    assert wait is None or (next_wait is not None and next_wait >= wait)


def test_an_attacked_account_gives_strangers_fewer_tries() -> None:
    assert PAIR_UNDER_ATTACK.free < PAIR.free
    assert PAIR_UNDER_ATTACK.free > 1, "the owner may mistype once"
