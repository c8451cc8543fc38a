"""A malformed address stops the start: it is named, and never shown, for it may hold a password."""

import pytest
from pydantic import BaseModel

from faplog.settings import DatabaseAddress, HttpAddress, NatsAddress, Settings, SettingsError, load

GOOD = [
    ("database", "postgresql://faplog_api:p%40ss@postgres.faplog.svc:5432/faplog"),
    ("database", "postgresql://user:secret@first:5432,second:5432/faplog?target_session_attrs=read-write"),
    ("nats", "nats://api:secret@127.0.0.1:4222"),
    ("nats", "tls://api:secret@nats.example.org:4222\n"),
    ("http", "http://minio.faplog.svc:9000"),
    ("http", "https://s3.example.org/"),
]
BAD = [
    ("database", ""),
    ("database", "topsecret"),
    ("database", "mysql://user:topsecret@host/faplog"),
    ("nats", ""),
    ("nats", "http://user:topsecret@host:4222"),
    ("nats", "nats://"),
    ("http", ""),
    ("http", "topsecret:9000"),
    ("http", "s3://topsecret"),
    ("http", "http:///topsecret"),
    ("http", "http://host/ topsecret"),
]


class Addresses(Settings):
    """One of each."""

    database: DatabaseAddress | None = None
    nats: NatsAddress | None = None
    http: HttpAddress | None = None


@pytest.mark.parametrize(("name", "address"), GOOD)
def test_an_address_is_taken_without_the_space_around_it(
    monkeypatch: pytest.MonkeyPatch, name: str, address: str
) -> None:
    monkeypatch.setenv(f"FAPLOG_{name.upper()}", address)
    loaded: BaseModel = load(Addresses)
    value = getattr(loaded, name)
    assert (value if isinstance(value, str) else value.get_secret_value()) == address.strip()


@pytest.mark.parametrize(("name", "address"), BAD)
def test_another_word_is_named_and_not_shown(monkeypatch: pytest.MonkeyPatch, name: str, address: str) -> None:
    monkeypatch.setenv(f"FAPLOG_{name.upper()}", address)
    with pytest.raises(
        SettingsError, match=f"Cannot start, setting 'FAPLOG_{name.upper()}.*must be an address such as"
    ) as error:
        load(Addresses)
    assert "topsecret" not in str(error.value)
