"""E-mail addresses and the one form of each."""

import pytest

from functions.api.accounts.emails import BadEmail, normalised

LOCAL = "a" * 64
LABEL = "b" * 60


@pytest.mark.parametrize(
    ("given", "form"),
    [
        ("you@example.org", "you@example.org"),
        ("You.Too@EXAMPLE.org", "you.too@example.org"),
        ("you+faplog@example.org", "you+faplog@example.org"),
        ("jürgen@BÜCHER.example", "jürgen@bücher.example"),
        ("you@xn--bcher-kva.example", "you@bücher.example"),
        ("you@garage.test", "you@garage.test"),
    ],
)
def test_accepted(given: str, form: str) -> None:
    assert normalised(given) == form


@pytest.mark.parametrize(
    "given",
    [
        "",
        "you",
        "you@",
        "@example.org",
        "you@example",
        "you@exa mple.org",
        "you @example.org",
        "you@@example.org",
        "you@example..org",
        "You <you@example.org>",
        "you@example.org\n",
        "you\0@example.org",
        "you@[127.0.0.1]",
        "'; DROP TABLE users; --",
        "<script>@example.org",
        f"{LOCAL}@{LABEL}.{LABEL}.{LABEL}.example",
    ],
)
def test_refused(given: str) -> None:
    with pytest.raises(BadEmail):
        normalised(given)


def test_254_characters_are_accepted() -> None:
    address = f"{LOCAL}@{LABEL}.{LABEL}.{LABEL}.org"
    longest = address.replace("@", "@" + "c" * (254 - len(address) - 1) + ".")
    assert len(longest) == 254
    assert normalised(longest) == longest
