"""Seeded logs are as good as uploaded ones, or what is measured with them would be something else."""

import pytest

from faplog.synthetic import day
from tests.chaos.promise import owner
from tests.conftest import Stack
from tests.e2e.account import Account
from tests.e2e.seeding import hold, more_users, seed

pytestmark = pytest.mark.stack


def test_seeded_logs_are_listed_and_averaged_once_the_held_one_is_gone(stack: Stack) -> None:
    first = Account(stack)
    [pattern] = first.ids(first.upload("pattern.csv", day(seed=91, minutes=5)[0]))
    first.settled()
    with owner(stack) as database:
        [(user, email)] = more_users(database, first.id, 1)
        seeded = seed(database, pattern, [user], 12)
        [held] = hold(database, [user])
    second = Account(stack, email)
    assert second.id == user
    assert second.count(status="Success") == len(set(seeded)) == 12
    assert second.count(q="seeded-7") == 1
    assert second.http.get("/average").status_code == 404
    second.http.delete(f"/analyses/{held}").raise_for_status()
    assert second.average()["overall"]["logs"] == 12
    for account in (first, second):
        account.http.delete("/account").raise_for_status()
        account.http.close()
