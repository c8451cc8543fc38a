"""Error codes: each has its sentence, and a sentence is only made with the right parameters."""

import string

import pytest

from faplog.contracts.errors import TEMPLATES, AnyParam, Cause, ErrorCode, cause, message, reason


@pytest.mark.parametrize("code", ErrorCode)
def test_each_code_has_a_sentence_that_names_its_parameters(code: ErrorCode) -> None:
    template = TEMPLATES[code]
    assert {name for _, name, _, _ in string.Formatter().parse(template.text) if name} == set(template.params)
    examples: dict[type, AnyParam] = {int: 3, str: "3", Cause: cause(ErrorCode.UPLOAD_EMPTY)}
    said = message(code, {name: examples[kind] for name, kind in template.params.items()})
    assert said.startswith(template.lead)
    assert "{" not in said
    assert code.value == code.name


def test_a_reason_is_a_message_without_its_lead() -> None:
    assert reason(ErrorCode.EMPTY_FILE) == "the file is empty"
    assert message(ErrorCode.EMPTY_FILE) == "Failed to read csv file: the file is empty"
    assert message(ErrorCode.NO_VALID_TIME) == "Failed to process data: no row has a valid date and time"


@pytest.mark.parametrize("params", [{}, {"rows": "3"}, {"rows": 3, "more": 1}, {"lines": 3}, {"rows": True}])
def test_wrong_parameters_are_refused(params: dict[str, str | int]) -> None:
    with pytest.raises(ValueError, match="TOO_MANY_ROWS"):
        message(ErrorCode.TOO_MANY_ROWS, params)
