"""What our JSON may hold, whatever came in: finite numbers, and words that Postgres and a browser take."""

import math
from typing import Any


def check_plain(value: Any, where: str = "$") -> None:
    """Fail (`AssertionError`) on anything but null, booleans, 64-bit integers, finite floats, text, lists, objects."""
    match value:
        case None | bool():
            return
        case int():
            assert type(value) is int, f"{where} is a {type(value).__name__}"
            assert -(2**63) <= value < 2**64, f"{where} is an integer of more than 64 bits"
        case float():
            assert type(value) is float, f"{where} is a {type(value).__name__}"
            assert math.isfinite(value), f"{where} is {value}"
        case str():
            assert "\x00" not in value, f"{where} holds a NUL"
            value.encode()
        case list():
            for index, one in enumerate(value):
                check_plain(one, f"{where}[{index}]")
        case dict():
            for name, one in value.items():
                assert type(name) is str, f"{where} has a key that is no text"
                check_plain(name, f"{where}'s key")
                check_plain(one, f"{where}.{name}")
        case _:
            raise AssertionError(f"{where} is a {type(value).__name__}")


def check_ordered(value: Any) -> None:
    """Fail where a section's lowest, mean and highest are not in this order."""
    if isinstance(value, list):
        for one in value:
            check_ordered(one)
    if not isinstance(value, dict):
        return
    levels = {"min": None, "avg": None, "max": None} | {
        name.partition("_")[0]: one for name, one in value.items() if name.startswith(("min", "avg", "max"))
    }
    known = [levels[name] for name in ("min", "avg", "max") if levels[name] is not None]
    if all(isinstance(one, int | float) for one in known):
        assert known == sorted(known), value
    for one in value.values():
        check_ordered(one)


def check_sentence(text: str) -> None:
    """Fail on what is no short line for a person."""
    assert 0 < len(text) < 300, text
    assert text.isprintable(), repr(text)
