"""Logging: one JSON line an event."""

import json
import logging

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
        import sys

        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "failed", (), sys.exc_info())
    line = JsonFormatter().format(record)
    assert "\n" not in line
    assert "ValueError: boom" in json.loads(line)["exception"]
