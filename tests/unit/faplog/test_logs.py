"""Logging: one JSON line an event."""

import json
import logging
import sys

from faplog.logs import JsonFormatter


def test_an_event_is_one_json_line_with_its_fields() -> None:
    record = logging.LogRecord("faplog.x", logging.INFO, __file__, 1, "analysed %s", ("one",), None)
    record.analysis_id = "5f0c"
    line = JsonFormatter().format(record)
    assert "\n" not in line
    event = json.loads(line)
    assert (event["event"], event["level"], event["analysis_id"]) == ("analysed one", "info", "5f0c")
    assert "args" not in event


def test_an_exception_stays_on_the_line() -> None:
    try:
        raise ValueError("boom")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "failed", (), sys.exc_info())
    line = JsonFormatter().format(record)
    assert "\n" not in line
    assert "ValueError: boom" in json.loads(line)["exception"]


def test_of_an_exception_the_lines_that_quote_a_row_are_left_out() -> None:
    try:
        raise ValueError(
            'duplicate key value violates unique constraint "users_email"\n'
            "DETAIL:  Key (email)=(person@example.org) already exists.\n"
            "CONTEXT:  COPY users, line 3: person@example.org\n"
            "LINE 1: SELECT 'person@example.org'\n               ^"
        )
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "failed", (), sys.exc_info())
    exception = json.loads(JsonFormatter().format(record))["exception"]
    assert exception.endswith('ValueError: duplicate key value violates unique constraint "users_email"')
