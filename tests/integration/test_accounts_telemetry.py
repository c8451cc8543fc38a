"""Tokens of links, passwords and addresses are in no span, no log record and no line of a process."""

import json
import urllib.error
import urllib.request
from pathlib import Path

from flask import Flask

from functions.api.accounts import invites, password_reset
from functions.api.services import services_of
from standalone.servers import Servers
from tests.conftest import ROOT
from tests.integration.function_process import FunctionProcess, function_process
from tests.integration.people import PASSWORD, arrive, some_email
from tests.otlp_sink import otlp_sink
from tests.smtp_server import smtp_server

NEW = "another pass phrase"


def post(process: FunctionProcess, path: str, **body: str) -> int:
    """Return the status of an answer."""
    content, kind = json.dumps(body).encode(), {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{process.url}/api/v1/auth/{path}", content, kind)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_nothing_that_opens_an_account_gets_into_telemetry_or_logs(
    api_app: Flask, servers: Servers, tmp_path: Path
) -> None:
    person, newcomer = arrive(api_app), some_email()
    with services_of(api_app).database.worker() as connection:
        reset, invite = password_reset.make(connection, person.email), invites.make(connection)
    assert reset
    with smtp_server() as mailbox, otlp_sink() as sink:
        told = dict(servers.environment) | {
            "OTEL_EXPORTER_OTLP_ENDPOINT": sink.endpoint,
            "OTEL_SEMCONV_STABILITY_OPT_IN": "http/dup",
            "FAPLOG_LOG_LEVEL": "DEBUG",
            "FAPLOG_FUNCTION_NAME": "api",
            "FAPLOG_SMTP_URL": mailbox.url,
            "FAPLOG_MAIL_FROM": "noreply@example.org",
            "FAPLOG_PUBLIC_URL": "https://faplog.example",
            "FAPLOG_REGISTRATION": "closed",
        }
        with function_process(tmp_path, ROOT, "functions.api.handler:create_app()", **told) as process:
            assert post(process, "password-reset", email=person.email) == 202
            mailed = mailbox.wait_for(person.email).get_content().partition("#")[2].split()[0]
            mailbox.answers["RCPT"] = f"550 no such user {person.email}"
            assert post(process, "password-reset", email=person.email) == 202
            assert post(process, "password-reset/confirm", token=reset, password=NEW) == 204
            assert post(process, "password-reset/confirm", token=mailed, password=NEW) == 404
            assert post(process, "register", email=newcomer, password=PASSWORD, invite=invite) == 201
            assert post(process, "register", email=newcomer, password=PASSWORD, invite=invite) == 403
            assert process.terminate() == 0

    everything = str([*sink.spans, *sink.logs]) + process.log.read_text()
    assert "POST /api/v1/auth/password-reset/confirm" in everything
    assert "INSERT INTO password_reset" in everything
    for secret in (reset, invite, mailed, PASSWORD, NEW, person.email, newcomer):
        assert secret not in everything
