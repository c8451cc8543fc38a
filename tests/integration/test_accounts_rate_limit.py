"""The rate limit of password guesses: it holds over all replicas and never locks the owner out."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from functions.api.accounts import rate_limit
from functions.api.accounts.rate_limit import ADDRESS, ATTACK, PAIR, PAIR_UNDER_ATTACK, REGISTRATION, RateLimited
from functions.api.db import Database
from functions.api.handler import create_app
from functions.api.settings import Settings
from tests.conftest import until
from tests.integration.conftest import database_of
from tests.integration.people import AUTH, PASSWORD, Person, arrive, log_in, register, some_email, somewhere

pytestmark = pytest.mark.usefixtures("long_waits")

WRONG = "wrong pass phrase"


@pytest.fixture
def owner(api_app: Flask) -> Person:
    """Return a user whose account others try to get into."""
    return register(api_app)


def guess(owner: Person, address: str, times: int) -> list[int]:
    """Return the answers to so many guesses from one address."""
    return [owner.log_in(WRONG, address).status_code for _ in range(times)]


def failures(database: Database, account: str, address: str, times: int) -> None:
    """So many failures as the rate limit counts them, without the cost of hashing; waits are skipped."""
    for _ in range(times):
        with database.worker() as connection:
            rate_limit.count_attempt(connection, account, address)
        over(database)


def over(database: Database) -> None:
    """Let every wait be over."""
    with database.worker() as connection:
        connection.execute("UPDATE brake SET blocked_until = now() WHERE blocked_until > now()")


def test_some_failures_are_free_then_there_is_a_wait(owner: Person) -> None:
    attacker = somewhere()
    assert guess(owner, attacker, PAIR.free) == [401] * PAIR.free
    limited = owner.log_in(WRONG, attacker)
    assert limited.status_code == 429
    assert 1 <= int(limited.headers["Retry-After"]) <= rate_limit.PAIR.first_wait.total_seconds()
    assert limited.headers["Retry-After"] in limited.get_json()["message"]
    wait = {"retry_after_sec": int(limited.headers["Retry-After"])}
    assert (limited.get_json()["code"], limited.get_json()["params"]) == ("RATE_LIMITED", wait)


def test_during_the_wait_the_right_password_must_wait_too_but_only_there(owner: Person) -> None:
    attacker = somewhere()
    guess(owner, attacker, PAIR.free)
    assert owner.log_in(PASSWORD, attacker).status_code == 429
    assert owner.log_in(PASSWORD, somewhere()).status_code == 200


def test_attempts_during_the_wait_do_not_prolong_it(owner: Person, database: Database) -> None:
    attacker = somewhere()
    assert guess(owner, attacker, PAIR.free + 10)[-10:] == [429] * 10
    over(database)
    assert owner.log_in(PASSWORD, attacker).status_code == 200


def test_the_wait_doubles(owner: Person, database: Database) -> None:
    attacker = somewhere()
    failures(database, owner.email, attacker, PAIR.free - 1)
    waits = []
    for _ in range(4):
        with database.worker() as connection:
            rate_limit.count_attempt(connection, owner.email, attacker)
            longest = connection.execute("SELECT max(blocked_until - now()) AS wait FROM brake").fetchone()
        with pytest.raises(RateLimited), database.worker() as connection:
            rate_limit.count_attempt(connection, owner.email, attacker)
        waits.append(longest and longest["wait"])
        over(database)
    assert waits == [rate_limit.PAIR.first_wait * factor for factor in (1, 2, 4, 8)]


def test_a_success_forgets_the_failures(owner: Person) -> None:
    home = somewhere()
    assert guess(owner, home, PAIR.free - 1) == [401] * (PAIR.free - 1)
    assert owner.log_in(PASSWORD, home).status_code == 200
    assert guess(owner, home, PAIR.free) == [401] * PAIR.free


def test_parallel_guesses_all_count(owner: Person) -> None:
    attacker = somewhere()
    with ThreadPoolExecutor(8) as pool:
        codes = sorted(pool.map(lambda _: owner.log_in(WRONG, attacker).status_code, range(24)))
    assert codes == [401] * PAIR.free + [429] * (24 - PAIR.free)


def test_a_login_and_an_attempt_at_once_do_not_wait_for_each_other(owner: Person, database: Database) -> None:
    """Both of one account and one address, which is not known to the account yet."""
    home = somewhere()
    failures(database, owner.email, home, 1)
    logging_in: list[int] = []

    def let_in() -> None:
        with database.worker() as connection:
            logging_in.append(connection.info.backend_pid)
            rate_limit.record_success(connection, owner.email, home)

    with ThreadPoolExecutor(1) as pool, database.worker() as connection:
        rate_limit.count_attempt(connection, owner.email, somewhere())  # holds what is counted of the account
        done = pool.submit(let_in)
        waits = "SELECT FROM pg_locks WHERE pid = ANY(%s) AND NOT granted"
        until(lambda: connection.execute(waits, [logging_in]).fetchone() is not None, what="the login waits for it")
        rate_limit.count_attempt(connection, owner.email, home)
    done.result()


def test_replicas_count_together(owner: Person, api_settings: Settings) -> None:
    attacker, other = somewhere(), create_app(api_settings)
    guess(owner, attacker, PAIR.free)
    assert log_in(other.test_client(), owner.email, WRONG, attacker).status_code == 429
    database_of(other).close()


def test_an_attack_from_everywhere_does_not_lock_the_owner_out(owner: Person, database: Database) -> None:
    """Thousands of addresses guess: each gets fewer free tries, and the owner gets in from a new place at once."""
    for _ in range(ATTACK + 10):
        failures(database, owner.email, somewhere(), 1)
    attacker = somewhere()
    assert guess(owner, attacker, PAIR_UNDER_ATTACK.free + 1) == [401] * PAIR_UNDER_ATTACK.free + [429]
    assert owner.log_in(PASSWORD, somewhere()).status_code == 200


def test_one_address_over_many_accounts(owner: Person, database: Database) -> None:
    attacker = somewhere()
    for _ in range(ADDRESS.free):
        failures(database, some_email(), attacker, 1)
    guess(owner, attacker, 1)
    assert owner.log_in(WRONG, attacker).status_code == 429
    assert owner.log_in(PASSWORD, somewhere()).status_code == 200


def test_who_was_let_in_lately_does_not_suffer_from_the_neighbours(owner: Person, database: Database) -> None:
    """Many share one address, and one of them guesses at other accounts."""
    shared = somewhere()
    assert owner.log_in(PASSWORD, shared).status_code == 200
    for _ in range(ADDRESS.free):
        failures(database, some_email(), shared, 1)
    guess(register(owner.app), shared, 1)
    assert register(owner.app).log_in(PASSWORD, shared).status_code == 429
    assert owner.log_in(PASSWORD, shared).status_code == 200


def test_logging_into_an_own_account_does_not_free_an_attackers_address(owner: Person, database: Database) -> None:
    attacker = arrive(owner.app)
    for _ in range(ADDRESS.free):
        failures(database, some_email(), attacker.address, 1)
    guess(owner, attacker.address, 1)
    assert attacker.log_in().status_code == 200
    assert owner.log_in(WRONG, attacker.address).status_code == 429


def test_unknown_accounts_are_limited_alike(owner: Person) -> None:
    attacker, unknown = somewhere(), some_email()
    codes = [log_in(owner.client, unknown, WRONG, attacker).status_code for _ in range(PAIR.free + 1)]
    assert codes == [401] * PAIR.free + [429]


def test_one_ipv6_household_is_one_address(owner: Person) -> None:
    codes = [owner.log_in(WRONG, f"2001:db8:7:7::{n:x}").status_code for n in range(1, PAIR.free + 2)]
    assert codes == [401] * PAIR.free + [429]


def test_registrations_are_limited_by_address(api_app: Flask, database: Database) -> None:
    address, client = somewhere(), api_app.test_client()
    for _ in range(REGISTRATION.free):
        with database.worker() as connection:
            rate_limit.count_registration(connection, address)
    body, headers = {"email": some_email(), "password": PASSWORD}, {"X-Forwarded-For": address}
    limited = client.post(f"{AUTH}/register", json=body, headers=headers)
    assert limited.status_code == 429
    assert int(limited.headers["Retry-After"]) > 0
    assert client.post(f"{AUTH}/register", json=body, headers={"X-Forwarded-For": somewhere()}).status_code == 201


def test_what_is_long_quiet_is_forgotten(owner: Person, database: Database) -> None:
    attacker = somewhere()
    guess(owner, attacker, PAIR.free)
    with database.worker() as connection:
        connection.execute("UPDATE brake SET counted_at = counted_at - interval '3 days', blocked_until = NULL")
    assert guess(owner, attacker, PAIR.free) == [401] * PAIR.free
    with database.worker() as connection:
        connection.execute("UPDATE brake SET counted_at = counted_at - interval '3 days'")
        rate_limit.delete_expired(connection)
        left = connection.execute("SELECT count(*) AS n FROM brake WHERE trusted_until IS NULL").fetchone()
    assert left == {"n": 0}


def test_the_rate_limit_keeps_no_addresses(owner: Person, database: Database) -> None:
    home = somewhere()
    guess(owner, home, 1)
    with database.worker() as connection:
        kept = str(connection.execute("SELECT * FROM brake").fetchall())
    assert owner.email not in kept
    assert home not in kept
