"""Bytes made wrong on purpose: what a fuzzer's own single bits seldom hit, such as a cell, a number or a JSON value."""

import json
import re
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Final

MAX_BYTES: Final = 32 * 1024
"""Longer inputs are slow and find no more; what is large is tested by files made for it."""

MOST_WRONGS: Final = 4

NUMBERS: Final = (
    *b"0 -0 1 -1 0.5 9 10 60 99 100 255 256 999 6000 9999 65280 25855 65535 65536 1e7 1e12 1e308 -1e308 1e-320".split(),
    *b"2147483648 -2147483649 4294967295 9223372036854775807 9223372036854775808 1e400 NaN Infinity inf nan".split(),
    *(b"9" * 5000, b""),
)
VALUES: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, -1, 1, 0.5, 10**7, 2**31, 2**63, 2**64, -(2**63) - 1, 10**30, 1e308, -1e308, 5e-324),
    *(float("nan"), float("inf"), "", "x", "\x00", "0", "é\U0001f600", "2025-03-14", "9999-12-31T23:59:59.999Z"),
    *("0001-01-01T00:00:00Z", "2025-03-14T00:00:00+14:00", [], {}, [None], {"": None}, [[[[]]]]),
)
_NUMBER: Final = re.compile(rb"-?\d+(?:\.\d+)?")
_CELL: Final = re.compile(rb"[^;,\t\n]+")

Words = Sequence[bytes]


def mutate(data: bytes, random: Random, words: Words, others: Sequence[bytes]) -> bytes:
    """Return `data` with one to four errors. `words` mean something to the reader, `others` give parts."""
    for _ in range(random.randint(1, MOST_WRONGS)):
        data = random.choice(_WAYS)(data, random, words, others)
    return data[:MAX_BYTES]


def _cut(data: bytes, random: Random, _words: Words, _others: Sequence[bytes]) -> bytes:
    start, end = _span(data, random)
    return data[:start] + data[end:]


def _end(data: bytes, random: Random, _words: Words, _others: Sequence[bytes]) -> bytes:
    return data[: random.randint(0, len(data))]


def _double(data: bytes, random: Random, _words: Words, _others: Sequence[bytes]) -> bytes:
    start, end = _span(data, random)
    return data[:end] + data[start:end] * random.choice((1, 1, 2, 30)) + data[end:]


def _byte(data: bytes, random: Random, _words: Words, _others: Sequence[bytes]) -> bytes:
    at = random.randint(0, len(data))
    return data[:at] + bytes([random.randint(0, 255)]) + data[at + random.randint(0, 1) :]


def _word(data: bytes, random: Random, words: Words, _others: Sequence[bytes]) -> bytes:
    at = random.randint(0, len(data))
    word = random.choice(words)
    return data[:at] + word + data[at + random.choice((0, len(word))) :]


def _splice(data: bytes, random: Random, _words: Words, others: Sequence[bytes]) -> bytes:
    other = random.choice(others)
    start, end = _span(other, random)
    at = random.randint(0, len(data))
    return data[:at] + other[start:end] + data[at:]


def _lines(data: bytes, random: Random, _words: Words, _others: Sequence[bytes]) -> bytes:
    lines = data.split(b"\n")
    one, other = random.randrange(len(lines)), random.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


def _number(data: bytes, random: Random, _words: Words, _others: Sequence[bytes]) -> bytes:
    return _instead(_NUMBER, data, random, NUMBERS)


def _cell(data: bytes, random: Random, words: Words, _others: Sequence[bytes]) -> bytes:
    return _instead(_CELL, data, random, (*words, b"", b" ", b"\xff"))


def _json(data: bytes, random: Random, _words: Words, _others: Sequence[bytes]) -> bytes:
    """Return a value somewhere in a JSON document replaced or taken away; no JSON stays as it is."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return data
    places = list(_places(document))
    if not places:
        return json.dumps(random.choice(VALUES)).encode()
    holder, key = random.choice(places)
    if random.randrange(8):
        holder[key] = random.choice(VALUES)
    else:
        del holder[key]
    return json.dumps(document, separators=(",", ":")).encode()


_WAYS: Final[tuple[Callable[[bytes, Random, Words, Sequence[bytes]], bytes], ...]] = (
    *(_cut, _end, _double, _byte, _word, _splice, _lines, _number, _number, _cell, _cell, _json, _json),
)


def _instead(what: re.Pattern[bytes], data: bytes, random: Random, offer: Sequence[bytes]) -> bytes:
    found = what.search(data, random.randint(0, len(data))) or what.search(data)
    return data if found is None else data[: found.start()] + random.choice(offer) + data[found.end() :]


def _span(data: bytes, random: Random) -> tuple[int, int]:
    start = random.randint(0, len(data))
    return start, min(len(data), start + random.choice((1, 2, 4, 16, 64, 512)))


def _places(node: Any) -> Any:
    """Yield every (holder, key) in a document, outermost first."""
    inner = list(node.items()) if isinstance(node, dict) else list(enumerate(node)) if isinstance(node, list) else []
    for key, value in inner:
        yield node, key
        yield from _places(value)
