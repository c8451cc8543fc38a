"""The inputs from outside, each with what must hold there.

Driven by Hypothesis in `make test` and by atheris in `make fuzz`.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from tests.fuzz import delivery, entered, intake, logs, messages, pages
from tests.fuzz.work import Budget


class Target(NamedTuple):
    """`check` takes any bytes and fails (`AssertionError`, or an unexpected error) where something does not hold.

    `seeds` are good inputs to begin from, `words` what has a meaning in them, `budget` what an input may cost (None
    where a page is made of it, which costs far more than reading it),
    `examples` how many of them `make test` tries.
    """

    check: Callable[[bytes], None]
    seeds: Callable[[], Sequence[bytes]]
    words: Sequence[bytes]
    budget: Budget | None
    examples: int


_BYTES: Final = {"bytes": 2_500_000, "bytes_a_byte": 200}

_PARSING: Final = Budget(calls=5_000, calls_a_byte=5, **_BYTES)
_ANSWER: Final = Budget(calls=15_000, calls_a_byte=10, **_BYTES)
_ANALYSIS: Final = Budget(calls=80_000, calls_a_byte=20, **_BYTES)
_FOUR: Final = Budget(calls=320_000, calls_a_byte=80, bytes=2_500_000, bytes_a_byte=400)

TARGETS: Final = {
    "log": Target(logs.check, logs.seeds, logs.WORDS, _ANALYSIS, 120),
    "spelling": Target(logs.check_spelling, logs.seeds, logs.WORDS, _FOUR, 50),
    "shown": Target(logs.check_shown, logs.seeds, logs.WORDS, None, 25),
    "zip": Target(intake.check_zip, intake.zips, intake.ZIP_WORDS, _PARSING, 250),
    "form": Target(intake.check_form, intake.forms, intake.FORM_WORDS, _PARSING, 150),
    "contract": Target(messages.check_contract, messages.wires, messages.WORDS, _PARSING, 300),
    "analysis-request": Target(messages.check_analysis_request, messages.wires, messages.WORDS, _ANSWER, 100),
    "average-request": Target(messages.check_average_request, messages.wires, messages.WORDS, _ANSWER, 100),
    "list": Target(messages.check_list, messages.lists, messages.WORDS, _ANSWER, 100),
    "delivery": Target(delivery.check, delivery.seeds, delivery.WORDS, _PARSING, 250),
    "receiver": Target(entered.check_receiver, entered.receivers, entered.ADDRESS_WORDS, _PARSING, 250),
    "note": Target(entered.check_note, entered.written_notes, entered.NOTE_WORDS, _PARSING, 150),
    "page": Target(pages.check, pages.seeds, pages.WORDS, None, 80),
}
