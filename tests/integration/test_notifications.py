"""Notifications from the verdict to the receiver: who is told what, once, with the same key, and who is not."""

import base64
import hashlib
import hmac
import io
import json
import socket
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from flask import Flask

from faplog.contracts.errors import ErrorCode
from functions.api.cars import due
from functions.api.handler import create_app
from functions.api.notifications import http_client, outbox, sender
from functions.api.notifications.events import Due
from functions.api.notifications.outbox import Channel
from functions.api.services import services_of
from functions.api.settings import Settings
from tests.conftest import until
from tests.integration.delivery import Rig, at_once, average_of, success, uploaded
from tests.integration.notifying import (
    BAD,
    GOOD,
    NOTIFICATIONS,
    PUBLIC_URL,
    analysed,
    analysed_again,
    finding,
    judged,
    make_due,
    notifying_rig,
    rows,
    send_due,
    switch_on,
)
from tests.integration.people import Person, arrive
from tests.receivers import ERROR, OK, Received, Receiver, receiving, saying, silent
from tests.smtp_server import Mailbox, smtp_server


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Mailbox]:
    """Yield the operator's mail server."""
    with smtp_server() as server:
        yield server


@pytest.fixture(scope="module")
def system(api_settings: Settings, mailbox: Mailbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """Yield the app with a broker of its own, allowed to send to loopback."""
    with notifying_rig(api_settings, tmp_path_factory.mktemp("nats"), mailbox) as made:
        yield made


@pytest.fixture
def person(system: Rig, mailbox: Mailbox) -> Person:
    """Return a new user; nothing of others is due."""
    system.sql("DELETE FROM notification")
    mailbox.answers.clear()
    return arrive(system.app)


@pytest.fixture
def hook() -> Iterator[Receiver]:
    """Yield a receiver that takes everything."""
    with receiving() as server:
        yield server


def verified(request: Received, secret: str) -> dict[str, Any]:
    """Return the body, once its signature is verified as docs/api.md says."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode() + request.body
    right = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert request.headers["webhook-signature"] == f"v1,{right}"
    assert request.json["id"] == request.headers["webhook-id"]
    return request.json


def overall(system: Rig, person: Person, health: dict[str, Any]) -> None:
    """Let the average over all logs of the person have this verdict."""
    asked = [one for one in system.take("average.request") if one["data"]["userId"] == str(person.id)]
    for request in asked:
        system.averaged(average_of(request, average={"overall": {"logs": 1}, **health}))


SOON = datetime.now(UTC).date() + timedelta(days=2)
"""The first day on which a reminder of today may be due: until then the day may have begun somewhere."""
LATER = SOON + timedelta(days=30)


def their_car(system: Rig, person: Person) -> str:
    """Return the car of a person's first log, which is good."""
    analysed(system, person, GOOD)
    (car,) = person.call("GET", "/api/v1/cars").get_json()["data"]
    car_id: str = car["id"]
    return car_id


def reminder(person: Person, car_id: str, day: date = SOON) -> str:
    """Return a reminder of a car, for a day."""
    wanted = {"kind": "oil_changed", "onDate": day.isoformat()}
    note_id: str = person.call("POST", f"/api/v1/cars/{car_id}/notes", json=wanted).get_json()["id"]
    return note_id


def postpone(person: Person, note_id: str, day: date) -> None:
    """Move a reminder to another day."""
    assert person.call("PATCH", f"/api/v1/notes/{note_id}", json={"onDate": day.isoformat()}).status_code == 200


def near(system: Rig, person: Person, car_id: str | None = None, near_km: int = 500) -> None:
    """Let the average of a person's car forecast that additive reaches its limit within so many kilometres."""
    watch = {"km_low": near_km, "km_high": near_km + 400}
    figure = {"code": "additive_remaining", "since": None, "text": "300 ml left.", "watch": watch}
    system.sql(
        """
        UPDATE fap_average SET average = jsonb_build_object('forecast', %s::jsonb)
        WHERE user_id = %s AND car_id = coalesce(%s, car_id) AND type = 'OVERALL'
        """,
        json.dumps({"additive": figure}),
        person.id,
        car_id,
    )


def remind(system: Rig, day: date = SOON) -> None:
    """Write what is due on a day into the outbox, as `reconcile` does."""
    with system.database.worker() as connection:
        due.enqueue_due(connection, day)


def test_a_bad_log_is_told_by_a_signed_webhook(system: Rig, person: Person, hook: Receiver) -> None:
    secret = switch_on(person, "webhook", hook.url)["secret"]
    analysis_id = analysed(system, person)
    assert send_due(system) == 1
    [request] = hook.received
    body = verified(request, secret)
    assert body["kind"] == "log_act"
    assert body["analysisId"] == str(analysis_id)
    assert body["url"] == f"{PUBLIC_URL}/logs/{analysis_id}"
    assert body["title"] == "Your log of 2025-02-03 needs attention"
    assert [one["code"] for one in body["findings"]] == ["max_pressure"]
    [row] = rows(system, person)
    assert (row["status"], row["tries"], str(row["id"])) == ("sent", 1, body["id"])


def test_a_bad_log_is_told_by_ntfy(system: Rig, person: Person, hook: Receiver) -> None:
    topic = hook.url.replace("/hook", "/my-topic")
    shown = switch_on(person, "ntfy", topic, token="tk_secret", language="fr")
    assert "tk_secret" not in str(shown)
    analysis_id = analysed(system, person)
    assert send_due(system) == 1
    [request] = hook.received
    assert request.line == "POST / HTTP/1.1"
    assert request.headers["authorization"] == "Bearer tk_secret"
    body = request.json
    assert body["topic"] == "my-topic"
    assert body["click"] == f"{PUBLIC_URL}/logs/{analysis_id}"
    assert body["title"].startswith("Votre relevé du 2025-02-03")
    assert "420" in body["message"]
    [row] = rows(system, person)
    assert body["sequence_id"] == request.headers["idempotency-key"] == str(row["id"])


def confirmed_email(person: Person, mailbox: Mailbox, language: str = "en") -> None:
    """Switch e-mail on, with the code that comes by mail."""
    number = len(mailbox.to(person.email)) + 1
    answer = person.call("PUT", f"{NOTIFICATIONS}/email", json={"language": language})
    assert answer.status_code == 200, answer.text
    assert answer.get_json()["confirmed"] is False
    code = str(mailbox.wait_for(person.email, number)["Subject"]).rsplit(" ", 1)[-1]
    confirmed = person.call("POST", f"{NOTIFICATIONS}/email/confirm", json={"code": code})
    assert confirmed.status_code == 200, confirmed.text
    assert confirmed.get_json()["confirmed"] is True


def test_a_bad_log_is_told_by_mail(system: Rig, person: Person, mailbox: Mailbox) -> None:
    confirmed_email(person, mailbox, "pl")
    analysis_id = analysed(system, person)
    assert send_due(system) == 1
    mail = mailbox.wait_for(person.email, 2)
    [row] = rows(system, person)
    assert mail["Message-ID"] == f"<{row['id']}@faplog.example>"
    assert "2025-02-03" in str(mail["Subject"])
    text = mail.get_content()
    assert f"{PUBLIC_URL}/logs/{analysis_id}" in text
    assert f"{PUBLIC_URL}/account" in text
    assert "420 mbar" in text


def test_each_channel_is_told_on_its_own(system: Rig, person: Person, hook: Receiver, mailbox: Mailbox) -> None:
    confirmed_email(person, mailbox)
    switch_on(person, "webhook", hook.url)
    switch_on(person, "ntfy", hook.url.replace("/hook", "/topic"))
    analysed(system, person)
    assert send_due(system) == 3
    assert sorted(request.line for request in hook.received) == ["POST / HTTP/1.1", "POST /hook HTTP/1.1"]
    assert {row["channel"] for row in rows(system, person)} == {"webhook", "ntfy", "email"}


def test_all_is_off_by_default(system: Rig, person: Person) -> None:
    shown = person.call("GET", NOTIFICATIONS).get_json()
    assert shown == {"offered": ["webhook", "ntfy", "email"], "email": person.email, "channels": [], "failures": []}
    analysed(system, person)
    assert rows(system, person) == []


@pytest.mark.parametrize("analysis", [GOOD, judged("watch", finding(severity="watch")), judged("unknown")])
def test_other_verdicts_are_not_told(system: Rig, person: Person, hook: Receiver, analysis: dict[str, Any]) -> None:
    switch_on(person, "webhook", hook.url)
    analysed(system, person, analysis)
    assert rows(system, person) == []


def test_a_log_is_told_once_however_often_it_is_analysed_or_delivered(
    system: Rig, person: Person, hook: Receiver
) -> None:
    switch_on(person, "webhook", hook.url)
    analysis_id = analysed(system, person)
    system.analysed(success(analysis_id, analysis=BAD))
    analysed_again(system, analysis_id, BAD)
    send_due(system)
    analysed_again(system, analysis_id, GOOD)
    analysed_again(system, analysis_id, judged("act", finding(), finding("oil_max", 130)))
    send_due(system)
    assert len(hook.received) == 1
    assert [row["status"] for row in rows(system, person)] == ["sent"]


def test_results_delivered_at_once_tell_once(system: Rig, person: Person, hook: Receiver) -> None:
    switch_on(person, "webhook", hook.url)
    analysis_id = uploaded(person)
    at_once(4, lambda _: system.analysed(success(analysis_id, analysis=BAD)))
    send_due(system)
    assert len(hook.received) == 1


def test_a_log_that_becomes_bad_by_a_newer_analyser_is_told(system: Rig, person: Person, hook: Receiver) -> None:
    switch_on(person, "webhook", hook.url)
    analysis_id = analysed(system, person, GOOD)
    analysed_again(system, analysis_id, BAD)
    send_due(system)
    assert len(hook.received) == 1


def test_a_verdict_from_before_the_channel_was_on_is_not_told(system: Rig, person: Person, hook: Receiver) -> None:
    analysis_id = analysed(system, person)
    switch_on(person, "webhook", hook.url)
    analysed_again(system, analysis_id, BAD)
    assert rows(system, person) == []


def test_a_verdict_that_is_taken_back_before_it_is_sent_is_not_told_until_it_returns(
    system: Rig, person: Person, hook: Receiver
) -> None:
    switch_on(person, "webhook", hook.url)
    analysis_id = analysed(system, person)
    analysed_again(system, analysis_id, GOOD)
    assert send_due(system) == 0
    assert [row["status"] for row in rows(system, person)] == ["withdrawn"]
    analysed_again(system, analysis_id, BAD)
    assert send_due(system) == 1
    assert len(hook.received) == 1


def test_nothing_is_told_for_a_deleted_log(system: Rig, person: Person, hook: Receiver) -> None:
    switch_on(person, "webhook", hook.url)
    analysis_id = analysed(system, person)
    assert person.call("DELETE", f"/api/v1/analyses/{analysis_id}").status_code == 204
    assert send_due(system) == 0
    assert [row["status"] for row in rows(system, person)] == ["waiting"]
    system.sql("UPDATE fap_analysis SET deleted_at = now() - interval '2 hours' WHERE id = %s", analysis_id)
    assert system.reconcile()
    make_due(system, person)
    send_due(system)
    assert rows(system, person) == []
    assert hook.received == []


def test_a_log_that_is_restored_is_told_then(system: Rig, person: Person, hook: Receiver) -> None:
    switch_on(person, "webhook", hook.url)
    analysis_id = analysed(system, person)
    assert person.call("DELETE", f"/api/v1/analyses/{analysis_id}").status_code == 204
    send_due(system)
    assert person.call("POST", f"/api/v1/analyses/{analysis_id}/restore").status_code == 204
    make_due(system, person)
    assert send_due(system) == 1
    assert [row["tries"] for row in rows(system, person)] == [1]


def test_a_log_deleted_while_its_receiver_fails_is_not_told_later(system: Rig, person: Person) -> None:
    with receiving(saying(ERROR)) as failing:
        switch_on(person, "webhook", failing.url)
        analysis_id = analysed(system, person)
        assert send_due(system) == 0
        failing.answer = saying(OK)
        assert person.call("DELETE", f"/api/v1/analyses/{analysis_id}").status_code == 204
        make_due(system, person)
        assert send_due(system) == 0
        assert len(failing.received) == 1


def test_off_means_off(system: Rig, person: Person, hook: Receiver) -> None:
    switch_on(person, "webhook", hook.url)
    analysed(system, person)
    assert person.call("DELETE", f"{NOTIFICATIONS}/webhook").status_code == 204
    assert send_due(system) == 0
    switch_on(person, "webhook", hook.url)
    assert send_due(system) == 0
    assert [row["status"] for row in rows(system, person)] == ["withdrawn"]
    assert hook.received == []


def test_a_message_claimed_while_its_channel_goes_off_is_not_sent(system: Rig, person: Person, hook: Receiver) -> None:
    switch_on(person, "webhook", hook.url)
    analysed(system, person)
    claimed = outbox.claim(system.database, [Channel.WEBHOOK])
    assert claimed is not None
    person.call("DELETE", f"{NOTIFICATIONS}/webhook")
    assert not sender.send_one(system.services, claimed)
    assert hook.received == []


def test_what_the_operator_switches_off_is_off(system: Rig, person: Person, hook: Receiver) -> None:
    switch_on(person, "webhook", hook.url)
    analysed(system, person)
    off = system.settings.model_copy(update={"webhooks": "off", "smtp_url": None})
    assert sender.send_due(replace(system.services, settings=off), lambda: False) == 0
    assert hook.received == []
    assert [row["status"] for row in rows(system, person)] == ["waiting"]
    system.sql("UPDATE notification SET created_at = now() - interval '25 hours' WHERE user_id = %s", person.id)
    assert system.reconcile(webhooks="off", smtp_url=None)
    assert hook.received == []
    assert [row["status"] for row in rows(system, person)] == ["withdrawn"]


def test_a_worker_looks_again_when_a_pause_is_over(
    system: Rig, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "LOOK_SEC", 0.05)
    with receiving(saying(ERROR)) as failing:
        switch_on(person, "webhook", failing.url)
        analysed(system, person)
        worker = sender.Sender(system.services)
        worker.start()
        try:
            failing.wait(1)
            until(lambda: rows(system, person)[0]["error_code"], what="the failure is noted")
            failing.answer = saying(OK)
            make_due(system, person)
            until(lambda: rows(system, person)[0]["status"] == "sent", what="it is sent without being woken")
        finally:
            worker.stop()


def test_a_private_receiver_set_up_before_is_refused_at_every_try(system: Rig, person: Person, hook: Receiver) -> None:
    switch_on(person, "webhook", hook.url)
    analysed(system, person)
    public = replace(system.services, settings=system.settings.model_copy(update={"webhooks": "public"}))
    assert sender.send_due(public, lambda: False) == 0
    assert hook.connections == 0
    [row] = rows(system, person)
    assert (row["status"], row["error_code"]) == ("waiting", ErrorCode.RECEIVER_NOT_ALLOWED)


def test_a_failed_try_is_repeated_later_with_the_same_key(system: Rig, person: Person) -> None:
    with receiving(saying(ERROR)) as failing:
        secret = switch_on(person, "webhook", failing.url)["secret"]
        analysed(system, person)
        assert send_due(system) == 0
        assert send_due(system) == 0
        [row] = rows(system, person)
        assert (row["tries"], row["error_code"], row["error_params"]) == (1, "RECEIVER_REFUSED", {"http_status": 500})
        make_due(system, person)
        assert send_due(system) == 0
        pauses = system.sql("SELECT next_try_at - now() AS pause FROM notification WHERE user_id = %s", person.id)
        assert 60 < pauses[0]["pause"].total_seconds() <= 120
        failing.answer = saying(OK)
        make_due(system, person)
        assert send_due(system) == 1
        assert {request.headers["webhook-id"] for request in failing.received} == {str(row["id"])}
        for request in failing.received:
            verified(request, secret)
    [row] = rows(system, person)
    assert (row["status"], row["tries"], row["error_code"]) == ("sent", 3, None)


def test_a_receiver_that_hangs_costs_one_try_however_much_waits_for_it(
    system: Rig, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_client.post, "__kwdefaults__", {"deadline_sec": 0.5, "context": None})
    monkeypatch.setattr(sender, "SENDERS", 1)
    with receiving(silent) as hanging, receiving() as hook:
        switch_on(person, "webhook", hanging.url)
        for _ in range(5):
            analysed(system, person)
        other = arrive(system.app)
        switch_on(other, "webhook", hook.url)
        analysed(system, other)
        assert send_due(system) == 1
        assert len(hanging.received) == 1
        assert len(hook.received) == 1
    assert [row["status"] for row in rows(system, person)] == ["waiting"] * 5


def test_after_a_day_it_is_given_up_and_listed(system: Rig, person: Person) -> None:
    with receiving(saying(ERROR)) as failing:
        switch_on(person, "webhook", failing.url)
        analysis_id = analysed(system, person)
        send_due(system)
        system.sql("UPDATE notification SET created_at = now() - interval '25 hours' WHERE user_id = %s", person.id)
        make_due(system, person)
        assert system.reconcile()
        assert len(failing.received) == 1
    [failure] = person.call("GET", NOTIFICATIONS).get_json()["failures"]
    assert failure["channel"] == "webhook"
    assert failure["event"] == "log_act"
    assert failure["analysisId"] == str(analysis_id)
    assert failure["tries"] == 1
    assert (failure["code"], failure["params"]) == ("RECEIVER_REFUSED", {"http_status": 500})
    assert person.call("DELETE", f"{NOTIFICATIONS}/failures").status_code == 204
    assert person.call("GET", NOTIFICATIONS).get_json()["failures"] == []
    assert arrive(system.app).call("GET", NOTIFICATIONS).get_json()["failures"] == []


def test_what_was_given_up_is_not_sent_after_its_list_is_cleared(system: Rig, person: Person, hook: Receiver) -> None:
    switch_on(person, "webhook", hook.url)
    car_id = their_car(system, person)
    near(system, person)
    reminder(person, car_id)
    analysis_id = analysed(system, person)
    remind(system)
    system.sql("UPDATE notification SET created_at = now() - interval '25 hours' WHERE user_id = %s", person.id)
    assert system.reconcile()
    assert len(person.call("GET", NOTIFICATIONS).get_json()["failures"]) == 3
    assert person.call("DELETE", f"{NOTIFICATIONS}/failures").status_code == 204
    remind(system)
    analysed_again(system, analysis_id, GOOD)
    analysed_again(system, analysis_id, BAD)
    assert send_due(system) == 0
    assert person.call("GET", NOTIFICATIONS).get_json()["failures"] == []
    assert [row["status"] for row in rows(system, person)] == ["given_up"] * 3


def test_what_was_never_tried_in_a_day_is_given_up_too(system: Rig, person: Person, hook: Receiver) -> None:
    """A system that was off for days does not tell old news, but says that it did not tell them."""
    switch_on(person, "webhook", hook.url)
    analysed(system, person)
    system.sql("UPDATE notification SET created_at = now() - interval '3 days' WHERE user_id = %s", person.id)
    assert send_due(system) == 0
    assert system.reconcile()
    [failure] = person.call("GET", NOTIFICATIONS).get_json()["failures"]
    assert (failure["tries"], failure["code"]) == (0, None)
    assert hook.received == []


def test_more_than_a_channels_share_waits(
    system: Rig, person: Person, hook: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "MOST_IN_AN_HOUR", 2)
    monkeypatch.setattr(sender, "SENDERS", 1)
    switch_on(person, "webhook", hook.url)
    for _ in range(5):
        analysed(system, person)
    assert send_due(system) == 2
    waiting = [row for row in rows(system, person) if row["status"] == "waiting"]
    assert [row["tries"] for row in waiting] == [0, 0, 0]
    system.sql("UPDATE notification SET ended_at = now() - interval '2 hours' WHERE status = 'sent'")
    make_due(system, person)
    assert send_due(system) == 2


def test_an_average_that_became_bad_is_told_once(system: Rig, person: Person, hook: Receiver) -> None:
    switch_on(person, "webhook", hook.url)
    analysed(system, person, GOOD)
    overall(system, person, judged("good"))
    analysed(system, person, GOOD)
    overall(system, person, judged("act", finding("restriction_rise", 70)))
    assert send_due(system) == 1
    assert [request.json["kind"] for request in hook.received] == ["average_act"]
    (car,) = person.call("GET", "/api/v1/cars").get_json()["data"]
    assert hook.received[0].json["url"] == f"{PUBLIC_URL}/summary?car={car['id']}"
    analysed(system, person, GOOD)
    overall(system, person, judged("act", finding("restriction_rise", 80)))
    assert send_due(system) == 0


def test_an_average_that_only_repeats_its_newest_log_is_not_told_besides(
    system: Rig, person: Person, hook: Receiver
) -> None:
    switch_on(person, "webhook", hook.url)
    analysed(system, person, BAD)
    overall(system, person, BAD)
    assert [row["event"]["kind"] for row in rows(system, person)] == ["log_act"]
    send_due(system)
    analysed(system, person, GOOD)
    overall(system, person, judged("good"))
    analysed(system, person, GOOD)
    overall(system, person, judged("act", finding(), finding("restriction_rise", 70)))
    assert send_due(system) == 1
    assert hook.received[-1].json["kind"] == "average_act"


def test_three_interrupted_regenerations_are_told_once(system: Rig, person: Person, hook: Receiver) -> None:
    switch_on(person, "webhook", hook.url)
    for count, verdict in ((2, "watch"), (3, "act"), (4, "act")):
        analysed(system, person, GOOD)
        overall(system, person, judged(verdict, finding("regens_aborted", count, verdict)))
        send_due(system)
    [request] = hook.received
    assert request.json["kind"] == "regens_interrupted"
    assert request.json["title"] == "Regenerations interrupted in a row: 3"


def test_an_average_that_recovered_before_it_was_sent_is_not_told(system: Rig, person: Person, hook: Receiver) -> None:
    switch_on(person, "webhook", hook.url)
    analysed(system, person, GOOD)
    overall(system, person, judged("act", finding("restriction_rise", 70)))
    analysed(system, person, GOOD)
    overall(system, person, judged("good"))
    assert send_due(system) == 0
    assert [row["status"] for row in rows(system, person)] == ["withdrawn"]


def test_averages_of_a_month_or_a_year_are_not_told(system: Rig, person: Person, hook: Receiver) -> None:
    switch_on(person, "webhook", hook.url)
    analysed(system, person, GOOD)
    for request in system.take("average.request"):
        if request["data"]["userId"] == str(person.id) and request["data"]["type"] != "OVERALL":
            bad = judged("act", finding("restriction_rise", 70))
            system.averaged(average_of(request, average={"overall": {"logs": 1}, **bad}))
    assert rows(system, person) == []


def drives(rows: int) -> dict[str, Any]:
    """Return a drive of so many rows, as far as superseding reads it: longer ones begin with the shorter ones' rows."""
    starts = [hashlib.sha256(f"first {2**power} rows".encode()).hexdigest()[:16] for power in range(rows.bit_length())]
    whole = hashlib.sha256(f"{rows} rows".encode()).hexdigest()[:16]
    drive = {
        "start": "2025-02-03T08:00:00",
        "end": "2025-02-03T09:00:00",
        "fingerprint": {"rows": rows, "whole": whole, "starts": starts},
    }
    return {"drives": [drive], "drives_total": 1}


def test_a_later_version_of_a_log_is_told_only_for_what_is_new(system: Rig, person: Person, hook: Receiver) -> None:
    switch_on(person, "webhook", hook.url)
    first = analysed(system, person, judged("act", finding(), **drives(100)))
    send_due(system)
    longer = analysed(system, person, judged("act", finding(), **drives(200)))
    [superseded] = system.sql("SELECT superseded_by FROM fap_analysis WHERE id = %s", first)
    assert superseded["superseded_by"] == longer
    assert send_due(system) == 0
    worse = judged("act", finding(), finding("oil_max", 130), **drives(400))
    analysed(system, person, worse)
    assert send_due(system) == 1
    assert len(hook.received) == 2


def sent_in_the_end(system: Rig, person: Person, hook: Receiver) -> list[dict[str, Any]]:
    """Return what the receiver got once nothing waits, with all pauses over at once."""
    while any(row["status"] == "waiting" for row in rows(system, person)):
        make_due(system, person)
        send_due(system)
    return [request.json for request in hook.received]


def test_a_later_version_is_told_in_place_of_one_that_still_waits(system: Rig, person: Person, hook: Receiver) -> None:
    switch_on(person, "webhook", hook.url)
    analysed(system, person, judged("act", finding(), finding("oil_max", 130), **drives(100)))
    longer = analysed(system, person, judged("act", finding(), **drives(200)))
    [told] = sent_in_the_end(system, person, hook)
    assert told["analysisId"] == str(longer)
    assert sorted(row["status"] for row in rows(system, person)) == ["sent", "withdrawn"]


def test_the_longest_of_three_versions_that_wait_is_told(system: Rig, person: Person, hook: Receiver) -> None:
    """Whichever is analysed first."""
    switch_on(person, "webhook", hook.url)
    versions = {
        length: analysed(system, person, judged("act", finding(), **drives(length))) for length in (200, 400, 100)
    }
    [told] = sent_in_the_end(system, person, hook)
    assert told["analysisId"] == str(versions[400])


def test_a_later_version_is_told_once_its_receiver_is_back(system: Rig, person: Person) -> None:
    with receiving(saying(ERROR)) as failing:
        switch_on(person, "webhook", failing.url)
        analysed(system, person, judged("act", finding(), **drives(100)))
        assert send_due(system) == 0
        longer = analysed(system, person, judged("act", finding(), **drives(200)))
        failing.answer = saying(OK)
        [_, told] = sent_in_the_end(system, person, failing)
        assert told["analysisId"] == str(longer)


def test_a_later_version_waits_for_what_is_told_of_an_earlier_one(system: Rig, person: Person, hook: Receiver) -> None:
    """The message of the earlier one is on its way while the later one is analysed."""
    switch_on(person, "webhook", hook.url)
    shorter = analysed(system, person, judged("act", finding(), **drives(100)))
    longer: list[UUID] = []

    def analysing(receiver: Receiver, connection: socket.socket, request: Received) -> None:
        if not longer:
            longer.append(analysed(system, person, judged("act", finding(), **drives(200))))
            assert send_due(system) == 0
        connection.sendall(OK)

    hook.answer = analysing
    [told] = sent_in_the_end(system, person, hook)
    assert told["analysisId"] == str(shorter)
    of_log = {row["analysis_id"]: row["status"] for row in rows(system, person)}
    assert of_log == {shorter: "sent", longer[0]: "withdrawn"}


def test_an_average_is_told_if_the_only_log_that_says_the_same_is_not(
    system: Rig, person: Person, hook: Receiver
) -> None:
    """A message that waits and will be withdrawn tells nothing."""
    switch_on(person, "webhook", hook.url)
    analysed(system, person, judged("act", finding(), **drives(100)))
    analysed(system, person, judged("good", **drives(200)))
    overall(system, person, judged("act", finding()))
    [told] = sent_in_the_end(system, person, hook)
    assert told["kind"] == "average_act"


def test_whatever_is_due_is_told_once(system: Rig, person: Person, hook: Receiver) -> None:
    """As reminders and forecasts will be raised."""
    switch_on(person, "webhook", hook.url)
    event = Due(about="reminder", id="note-1", title="Oil change", due_km=120_000)
    for _ in range(2):
        with system.database.worker() as connection:
            outbox.enqueue(connection, person.id, event)
        send_due(system)
    [request] = hook.received
    assert (request.json["kind"], request.json["title"]) == ("due", "Reminder: Oil change")


def test_an_event_is_written_with_what_makes_it_true_or_not_at_all(system: Rig, person: Person, hook: Receiver) -> None:
    switch_on(person, "webhook", hook.url)
    with suppress(ZeroDivisionError), system.database.worker() as connection:
        assert outbox.enqueue(connection, person.id, Due(about="forecast", id="1", title="Additive")) == 1
        raise ZeroDivisionError
    assert rows(system, person) == []


def test_two_senders_never_send_the_same_at_once(system: Rig, person: Person, hook: Receiver) -> None:
    switch_on(person, "webhook", hook.url)
    for _ in range(12):
        analysed(system, person)
    with ThreadPoolExecutor(3) as pool:
        counts = list(pool.map(lambda _: send_due(system), range(3)))
    assert sum(counts) == 12
    keys = [request.headers["webhook-id"] for request in hook.received]
    assert len(keys) == len(set(keys)) == 12


def test_an_address_that_was_confirmed_for_another_account_address_is_off(
    system: Rig, person: Person, mailbox: Mailbox
) -> None:
    confirmed_email(person, mailbox)
    other = f"{uuid4()}@example.org"
    analysed(system, person)
    system.sql("UPDATE users SET email = %s WHERE id = %s", other, person.id)
    assert send_due(system) == 0
    assert mailbox.to(other) == []
    analysed(system, person)
    assert [row["status"] for row in rows(system, person)] == ["withdrawn"]
    [channel] = person.call("GET", NOTIFICATIONS).get_json()["channels"]
    assert channel["confirmed"] is False


def test_mail_that_is_refused_or_put_off_is_tried_again(system: Rig, person: Person, mailbox: Mailbox) -> None:
    confirmed_email(person, mailbox)
    analysed(system, person)
    for answer, code in (("451 later", "MAIL_UNAVAILABLE"), ("550 no", "MAIL_REFUSED")):
        mailbox.answers["DATA"] = answer
        make_due(system, person)
        assert send_due(system) == 0
        assert [row["error_code"] for row in rows(system, person)] == [code]
    mailbox.answers.clear()
    make_due(system, person)
    assert send_due(system) == 1


def test_accounts_that_are_deleted_take_everything_along(system: Rig, person: Person, hook: Receiver) -> None:
    switch_on(person, "webhook", hook.url)
    analysed(system, person)
    assert person.call("DELETE", "/api/v1/account").status_code == 204
    assert send_due(system) == 0
    for table in ("notification", "notification_channel"):
        assert system.sql(f"SELECT FROM {table} WHERE user_id = %s", person.id) == []
    assert hook.received == []


def test_the_export_has_channels_and_messages_but_no_secrets(system: Rig, person: Person, hook: Receiver) -> None:
    secret = switch_on(person, "webhook", hook.url)["secret"]
    switch_on(person, "ntfy", hook.url.replace("/hook", "/topic"), token="tk_secret")
    analysed(system, person)
    content = person.call("GET", "/api/v1/account/export").data
    account = json.loads(zipfile.ZipFile(io.BytesIO(content)).read("account.json"))
    assert [one["kind"] for one in account["notification_channels"]] == ["ntfy", "webhook"]
    assert {one["event"]["kind"] for one in account["notifications"]} == {"log_act"}
    assert secret not in json.dumps(account)
    assert "tk_secret" not in json.dumps(account)


def test_the_role_of_requests_reads_its_own_rows_and_no_secret(system: Rig, person: Person, hook: Receiver) -> None:
    switch_on(person, "webhook", hook.url)
    analysed(system, person)
    stranger = arrive(system.app)
    for table in ("notification", "notification_channel"):
        with system.database.api(stranger.id) as connection:
            assert connection.execute(f"SELECT user_id FROM {table}".encode()).fetchall() == []
        with system.database.api(person.id) as connection:
            assert connection.execute(f"SELECT user_id FROM {table}".encode()).fetchall()
    for statement in (
        "SELECT secret FROM notification_channel",
        "SELECT code_digest FROM notification_channel",
        "UPDATE notification_channel SET url = 'https://example.org'",
        "DELETE FROM notification",
        "INSERT INTO notification (user_id, channel, event_key, event) VALUES (gen_random_uuid(), 'ntfy', 'x', '{}')",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), system.database.api(person.id) as connection:
            connection.execute(statement.encode())


def test_old_messages_go_and_those_of_logs_stay(system: Rig, person: Person, hook: Receiver) -> None:
    switch_on(person, "webhook", hook.url)
    analysed(system, person)
    with system.database.worker() as connection:
        outbox.enqueue(connection, person.id, Due(about="forecast", id="1", title="Additive"))
    assert send_due(system) == 2
    system.sql("UPDATE notification SET ended_at = now() - interval '91 days' WHERE user_id = %s", person.id)
    assert system.reconcile()
    assert [row["event"]["kind"] for row in rows(system, person)] == ["log_act"]


def test_a_worker_sends_at_once(system: Rig, person: Person, hook: Receiver) -> None:
    """Without any reconcile: the result of an analysis wakes the sender of the process."""
    worker = sender.Sender(system.services)
    worker.start()
    try:
        switch_on(person, "webhook", hook.url)
        analysed(system, person)
        hook.wait(1)
        until(lambda: rows(system, person)[0]["status"] == "sent", what="it is marked")
    finally:
        worker.stop()
    assert len(hook.received) == 1


def test_reconcile_sends_what_no_worker_sent(system: Rig, person: Person, hook: Receiver) -> None:
    switch_on(person, "webhook", hook.url)
    analysed(system, person)
    assert system.reconcile()
    assert len(hook.received) == 1


def test_logs_of_events_name_no_address_and_no_secret(
    system: Rig, person: Person, caplog: pytest.LogCaptureFixture, mailbox: Mailbox
) -> None:
    caplog.set_level("DEBUG")
    with receiving(saying(ERROR)) as failing:
        secret = switch_on(person, "webhook", failing.url + "?key=hidden")["secret"]
        confirmed_email(person, mailbox)
        analysed(system, person)
        send_due(system)
        person.call("POST", f"{NOTIFICATIONS}/webhook/test")
    said = " ".join(str(vars(record)) for record in caplog.records if record.name.startswith(("functions", "httpcore")))
    assert "notification not delivered" in said
    for hidden in ("hidden", secret, failing.url, person.email):
        assert hidden not in said


@pytest.mark.parametrize("kind", ["webhook", "ntfy"])
def test_the_test_button(system: Rig, person: Person, hook: Receiver, kind: str) -> None:
    assert person.call("POST", f"{NOTIFICATIONS}/{kind}/test").get_json()["code"] == "CHANNEL_OFF"
    switch_on(person, kind, hook.url, language="pl")
    assert person.call("POST", f"{NOTIFICATIONS}/{kind}/test").status_code == 204
    [request] = hook.received
    assert request.json["title"] == "Wiadomość testowa"
    assert rows(system, person) == []


def test_the_test_button_for_mail(system: Rig, person: Person, mailbox: Mailbox) -> None:
    confirmed_email(person, mailbox, "fr")
    assert person.call("POST", f"{NOTIFICATIONS}/email/test").status_code == 204
    assert str(mailbox.wait_for(person.email, 2)["Subject"]) == "faplog: Message de test"


@pytest.mark.parametrize(
    ("answer", "code", "params"),
    [
        (ERROR, "RECEIVER_REFUSED", {"http_status": 500}),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\n\r\n", "RECEIVER_REDIRECTS", {}),
        (b"not HTTP\r\n\r\n", "RECEIVER_ANSWER_INVALID", {}),
    ],
)
def test_a_test_that_fails_says_why(
    system: Rig, person: Person, answer: bytes, code: str, params: dict[str, Any]
) -> None:
    with receiving(saying(answer)) as failing:
        switch_on(person, "webhook", failing.url)
        refused = person.call("POST", f"{NOTIFICATIONS}/webhook/test")
    assert (refused.status_code, refused.get_json()["code"], refused.get_json()["params"]) == (422, code, params)


def test_tests_are_rate_limited(system: Rig, person: Person, hook: Receiver) -> None:
    switch_on(person, "webhook", hook.url)
    codes = [person.call("POST", f"{NOTIFICATIONS}/webhook/test").status_code for _ in range(12)]
    assert codes[:10] == [204] * 10
    assert codes[-1] == 429
    assert len(hook.received) < 12


def test_tests_of_receivers_that_hang_leave_threads_for_others(system: Rig, person: Person) -> None:
    def hanging(receiver: Receiver, connection: socket.socket, request: Received) -> None:
        receiver.stopped.wait(60)
        with suppress(OSError):
            connection.sendall(OK)

    with receiving(hanging) as server, ThreadPoolExecutor(3) as pool:
        switch_on(person, "webhook", server.url)
        tests = [pool.submit(person.call, "POST", f"{NOTIFICATIONS}/webhook/test") for _ in range(2)]
        server.wait(2)
        refused = person.call("POST", f"{NOTIFICATIONS}/webhook/test")
        assert (refused.status_code, refused.get_json()["code"]) == (503, "BUSY")
        assert person.call("GET", NOTIFICATIONS).status_code == 200
        server.stopped.set()
        statuses = {test.result(60).status_code for test in tests}
    assert statuses <= {204, 422}


def test_a_webhook_keeps_its_secret_until_a_new_one_is_asked_for(system: Rig, person: Person, hook: Receiver) -> None:
    first = switch_on(person, "webhook", hook.url)
    assert switch_on(person, "webhook", hook.url + "2", language="fr")["secret"] is None
    person.call("POST", f"{NOTIFICATIONS}/webhook/test")
    verified(hook.received[-1], first["secret"])
    second = switch_on(person, "webhook", hook.url, newSecret=True)
    assert second["secret"] not in (None, first["secret"])
    person.call("POST", f"{NOTIFICATIONS}/webhook/test")
    verified(hook.received[-1], second["secret"])
    [shown] = person.call("GET", NOTIFICATIONS).get_json()["channels"]
    assert set(shown) == {"kind", "language", "url", "confirmed", "createdAt"}


def test_a_token_of_ntfy_stays_with_its_address(system: Rig, person: Person, hook: Receiver) -> None:
    topic = hook.url.replace("/hook", "/topic")

    def sent_token() -> str | None:
        person.call("POST", f"{NOTIFICATIONS}/ntfy/test")
        return hook.received[-1].headers.get("authorization")

    switch_on(person, "ntfy", topic, token="tk_1")
    switch_on(person, "ntfy", topic, language="pl")
    assert sent_token() == "Bearer tk_1"
    switch_on(person, "ntfy", topic + "2")
    assert sent_token() is None
    switch_on(person, "ntfy", topic, token="tk_2")
    switch_on(person, "ntfy", topic, token="")
    assert sent_token() is None


def test_a_code_for_mail_ends_after_five_wrong_ones_or_an_hour(system: Rig, person: Person, mailbox: Mailbox) -> None:
    def code(number: int) -> str:
        assert person.call("PUT", f"{NOTIFICATIONS}/email", json={}).status_code == 200
        return str(mailbox.wait_for(person.email, number)["Subject"]).rsplit(" ", 1)[-1]

    def confirm(given: str) -> int:
        return person.call("POST", f"{NOTIFICATIONS}/email/confirm", json={"code": given}).status_code

    right = code(1)
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    assert [confirm(wrong) for _ in range(5)] == [403] * 5
    assert confirm(right) == 403
    late = code(2)
    system.sql("UPDATE notification_channel SET code_expires_at = now() WHERE user_id = %s", person.id)
    assert confirm(late) == 403
    assert person.call("POST", f"{NOTIFICATIONS}/email/test").get_json()["code"] == "CHANNEL_OFF"
    analysed(system, person)
    assert rows(system, person) == []
    newest = code(3)
    assert confirm(late) == (200 if late == newest else 403)
    assert confirm(newest) == 200
    assert confirm(newest) == 403


def test_another_persons_code_confirms_nothing(system: Rig, person: Person, mailbox: Mailbox) -> None:
    other = arrive(system.app)
    for one in (person, other):
        assert one.call("PUT", f"{NOTIFICATIONS}/email", json={}).status_code == 200
    code = str(mailbox.wait_for(person.email)["Subject"]).rsplit(" ", 1)[-1]
    theirs = str(mailbox.wait_for(other.email)["Subject"]).rsplit(" ", 1)[-1]
    answer = other.call("POST", f"{NOTIFICATIONS}/email/confirm", json={"code": code})
    assert answer.status_code == (200 if code == theirs else 403)


def test_mail_that_is_confirmed_only_changes_its_language(system: Rig, person: Person, mailbox: Mailbox) -> None:
    confirmed_email(person, mailbox)
    answer = person.call("PUT", f"{NOTIFICATIONS}/email", json={"language": "pl"})
    assert (answer.get_json()["confirmed"], answer.get_json()["language"]) == (True, "pl")
    assert len(mailbox.to(person.email)) == 1


BAD_INPUT: list[tuple[str, str, Any, int, str]] = [
    ("PUT", "webhook", {}, 400, "INVALID_INPUT"),
    ("PUT", "webhook", {"url": ""}, 400, "INVALID_INPUT"),
    ("PUT", "webhook", {"url": None}, 400, "INVALID_INPUT"),
    ("PUT", "webhook", {"url": 3}, 400, "INVALID_INPUT"),
    ("PUT", "webhook", {"url": "https://example.org/" + "x" * 2048}, 400, "INVALID_INPUT"),
    ("PUT", "webhook", {"url": "https://example.org", "more": 1}, 400, "INVALID_INPUT"),
    ("PUT", "webhook", {"url": "https://example.org", "language": "de"}, 400, "INVALID_INPUT"),
    ("PUT", "webhook", {"url": "https://example.org", "newSecret": "yes"}, 400, "INVALID_INPUT"),
    ("PUT", "webhook", {"url": "file:///etc/passwd"}, 400, "RECEIVER_URL_INVALID"),
    ("PUT", "webhook", {"url": "https://example.org/\r\nX: y"}, 400, "RECEIVER_URL_INVALID"),
    ("PUT", "webhook", {"url": "https://user:pw@example.org/"}, 400, "RECEIVER_URL_INVALID"),
    ("PUT", "webhook", {"url": f"{PUBLIC_URL}/api/v1/analyses"}, 400, "RECEIVER_NOT_ALLOWED"),
    ("PUT", "webhook", {"url": "https://no-such-host.invalid/"}, 422, "RECEIVER_HOST_UNKNOWN"),
    ("PUT", "ntfy", {"url": "https://ntfy.sh/"}, 400, "NTFY_URL_INVALID"),
    ("PUT", "ntfy", {"url": "https://ntfy.sh"}, 400, "NTFY_URL_INVALID"),
    ("PUT", "ntfy", {"url": "https://ntfy.sh/a.b"}, 400, "NTFY_URL_INVALID"),
    ("PUT", "ntfy", {"url": "https://ntfy.sh/topic?x=1"}, 400, "NTFY_URL_INVALID"),
    ("PUT", "ntfy", {"url": "https://ntfy.sh/" + "x" * 65}, 400, "NTFY_URL_INVALID"),
    ("PUT", "ntfy", {"url": "https://ntfy.sh/topic", "token": "a\r\nX: y"}, 400, "INVALID_INPUT"),
    ("PUT", "ntfy", {"url": "https://ntfy.sh/topic", "token": "ключ"}, 400, "INVALID_INPUT"),
    ("PUT", "ntfy", {"url": "https://ntfy.sh/topic", "token": "x" * 201}, 400, "INVALID_INPUT"),
    ("PUT", "email", {"email": "other@example.org"}, 400, "INVALID_INPUT"),
    ("PUT", "email", {"language": 3}, 400, "INVALID_INPUT"),
    ("POST", "email/confirm", {}, 400, "INVALID_INPUT"),
    ("POST", "email/confirm", {"code": 123456}, 400, "INVALID_INPUT"),
    ("POST", "email/confirm", {"code": "12345"}, 400, "INVALID_INPUT"),
    ("POST", "email/confirm", {"code": "１２３４５６"}, 400, "INVALID_INPUT"),
    ("POST", "email/confirm", {"code": "123456"}, 403, "EMAIL_CODE_WRONG"),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "code"), BAD_INPUT)
def test_bad_input_is_refused_with_a_code_and_changes_nothing(
    system: Rig, person: Person, method: str, path: str, body: Any, status: int, code: str
) -> None:
    refused = person.call(method, f"{NOTIFICATIONS}/{path}", json=body)
    answer = refused.get_json()
    assert (refused.status_code, answer["code"]) == (status, code), refused.text
    assert answer["message"].endswith(".")
    assert person.call("GET", NOTIFICATIONS).get_json()["channels"] == []


def test_a_body_that_is_no_text_is_refused(system: Rig, person: Person) -> None:
    for content in (b"\xff\xfe", b'{"url": "\xe9"}', b'{"url": "\\u0000"}', b"[]", b""):
        answer = person.call("PUT", f"{NOTIFICATIONS}/webhook", data=content, content_type="application/json")
        assert answer.status_code == 400, answer.text
        assert answer.get_json()["code"] in ("INVALID_INPUT", "RECEIVER_URL_INVALID")


SSRF = [
    "http://127.0.0.1:8080/",
    "http://localhost:8080/",
    "http://[::1]:8080/",
    "http://[::ffff:127.0.0.1]:8080/",
    "http://2130706433:8080/",
    "http://0x7f000001:8080/",
    "http://0177.0.0.1:8080/",
    "http://10.0.0.1/",
    "http://192.168.0.1/",
    "http://172.16.0.1/",
    "http://100.64.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[fd00:ec2::254]/",
    "http://224.0.0.1/",
    "http://0.0.0.0:8080/",
    "http://255.255.255.255/",
    "https://8.8.8.8:25/",
]


@pytest.fixture(scope="module")
def guest(api_settings: Settings) -> Iterator[Person]:
    """Yield a user of an app that allows public addresses only, and has no mail server."""
    app = create_app(api_settings.model_copy(update={"webhooks": "public"}))
    yield arrive(app)
    services_of(app).database.close()


def test_everything_is_off_where_the_operator_said_nothing(api_app: Flask) -> None:
    person = arrive(api_app)
    assert person.call("GET", NOTIFICATIONS).get_json()["offered"] == []
    for kind in ("webhook", "ntfy"):
        refused = person.call("PUT", f"{NOTIFICATIONS}/{kind}", json={"url": "https://example.org/topic"})
        assert (refused.status_code, refused.get_json()["code"]) == (409, "CHANNEL_NOT_OFFERED")


@pytest.mark.parametrize("kind", ["webhook", "ntfy"])
@pytest.mark.parametrize("url", SSRF)
def test_private_receivers_are_refused_unless_the_operator_allows_them(guest: Person, kind: str, url: str) -> None:
    refused = guest.call("PUT", f"{NOTIFICATIONS}/{kind}", json={"url": url.rstrip("/") + "/topic"})
    assert (refused.status_code, refused.get_json()["code"]) == (400, "RECEIVER_NOT_ALLOWED"), refused.text


def test_without_a_mail_server_mail_is_not_offered(guest: Person) -> None:
    assert guest.call("GET", NOTIFICATIONS).get_json()["offered"] == ["webhook", "ntfy"]
    for method, path, body in (("PUT", "email", {}), ("POST", "email/test", None)):
        refused = guest.call(method, f"{NOTIFICATIONS}/{path}", json=body)
        assert (refused.status_code, refused.get_json()["code"]) == (409, "CHANNEL_NOT_OFFERED")


def test_switching_off_what_is_off_is_no_error(guest: Person) -> None:
    for kind in ("webhook", "ntfy", "email"):
        assert guest.call("DELETE", f"{NOTIFICATIONS}/{kind}").status_code == 204


def test_ids_of_events_are_uuids(system: Rig, person: Person, hook: Receiver) -> None:
    switch_on(person, "webhook", hook.url)
    analysed(system, person)
    send_due(system)
    assert UUID(hook.received[0].headers["webhook-id"]).version == 4


def test_a_reminder_that_is_due_is_told_once_and_not_after_it_was_done(
    system: Rig, person: Person, hook: Receiver
) -> None:
    switch_on(person, "webhook", hook.url)
    analysed(system, person, GOOD)
    (car,) = person.call("GET", "/api/v1/cars").get_json()["data"]
    day = (datetime.now(UTC) + timedelta(days=2)).date()
    notes = f"/api/v1/cars/{car['id']}/notes"
    made = [
        person.call("POST", notes, json={"kind": "oil_changed", "onDate": day.isoformat(), "text": text}).get_json()[
            "id"
        ]
        for text in ("Oil  and\nfilter", "Never mind")
    ]
    assert person.call("PATCH", f"/api/v1/notes/{made[1]}", json={"done": True}).status_code == 200
    with services_of(system.app).database.worker() as connection:
        due.enqueue_due(connection, day - timedelta(days=1))
    assert rows(system, person) == []
    for _ in range(2):
        with services_of(system.app).database.worker() as connection:
            due.enqueue_due(connection, day)
        assert len(rows(system, person)) == 1
    send_due(system)
    [request] = hook.received
    assert request.json["kind"] == "due"
    assert request.json["title"] == "Reminder: Oil and filter"
    assert request.json["url"] == f"{PUBLIC_URL}/summary?car={car['id']}"


def test_a_reminder_that_is_done_before_it_is_sent_is_not_told(system: Rig, person: Person, hook: Receiver) -> None:
    switch_on(person, "webhook", hook.url)
    analysed(system, person, GOOD)
    (car,) = person.call("GET", "/api/v1/cars").get_json()["data"]
    day = (datetime.now(UTC) + timedelta(days=2)).date()
    note = person.call(
        "POST", f"/api/v1/cars/{car['id']}/notes", json={"kind": "oil_changed", "onDate": day.isoformat()}
    ).get_json()
    with services_of(system.app).database.worker() as connection:
        due.enqueue_due(connection, day)
    assert len(rows(system, person)) == 1
    assert person.call("PATCH", f"/api/v1/notes/{note['id']}", json={"done": True}).status_code == 200
    send_due(system)
    assert hook.received == []
    assert [row["status"] for row in rows(system, person)] == ["withdrawn"]


def test_a_forecast_is_due_shortly_before_its_limit(system: Rig, person: Person, hook: Receiver) -> None:
    switch_on(person, "webhook", hook.url)
    analysed(system, person, GOOD)
    figure = {"code": "additive_remaining", "since": None, "text": "300 ml in 900 to 1,100 km."}
    told = []
    for near_km, far_km in ((0, 0), (1001, 1500), (0, 700), (800, None)):
        system.sql(
            "UPDATE fap_average SET average = jsonb_build_object('forecast', %s::jsonb) WHERE user_id = %s",
            json.dumps({"additive": figure | {"watch": {"km_low": near_km, "km_high": far_km}}, "ash": None}),
            person.id,
        )
        with services_of(system.app).database.worker() as connection:
            due.enqueue_due(connection, datetime.now(UTC).date())
        told.append(len(rows(system, person)))
    assert told == [0, 0, 1, 1]
    send_due(system)
    [request] = hook.received
    assert request.json["title"] == "Forecast: Additive left"
    assert figure["text"] in request.json["text"]


def another_car(system: Rig, person: Person) -> str:
    """Return a second car of a person, without logs."""
    [car] = system.sql("INSERT INTO car (user_id, name) VALUES (%s, 'Other') RETURNING id", person.id)
    return str(car["id"])


def test_what_is_due_of_a_deleted_car_is_told_once_it_is_restored(system: Rig, person: Person, hook: Receiver) -> None:
    switch_on(person, "webhook", hook.url)
    car_id = their_car(system, person)
    another_car(system, person)
    reminder(person, car_id)
    near(system, person, car_id)
    remind(system)
    assert person.call("DELETE", f"/api/v1/cars/{car_id}").status_code == 204
    assert send_due(system) == 0
    remind(system)
    assert [row["status"] for row in rows(system, person)] == ["withdrawn"] * 2
    assert person.call("POST", f"/api/v1/cars/{car_id}/restore").status_code == 204
    near(system, person, car_id)
    remind(system)
    assert send_due(system) == 2
    assert sorted(request.json["title"] for request in hook.received) == [
        "Forecast: Additive left",
        "Reminder: Oil changed",
    ]


def test_a_reminder_goes_along_with_a_merged_car_and_its_forecast_does_not(
    system: Rig, person: Person, hook: Receiver
) -> None:
    switch_on(person, "webhook", hook.url)
    car_id, other_id = their_car(system, person), another_car(system, person)
    reminder(person, car_id)
    near(system, person, car_id)
    remind(system)
    assert len(rows(system, person)) == 2
    assert person.call("POST", f"/api/v1/cars/{car_id}/merge", json={"into": other_id}).status_code == 200
    assert send_due(system) == 0
    remind(system)
    assert send_due(system) == 1
    [request] = hook.received
    assert request.json["title"] == "Reminder: Oil changed"
    assert request.json["url"] == f"{PUBLIC_URL}/summary?car={other_id}"


def test_a_forecast_that_moved_away_before_it_is_sent_is_told_when_it_is_near_again(
    system: Rig, person: Person, hook: Receiver
) -> None:
    switch_on(person, "webhook", hook.url)
    car_id = their_car(system, person)
    near(system, person, car_id)
    remind(system)
    near(system, person, car_id, near_km=5_000)
    assert send_due(system) == 0
    assert [row["status"] for row in rows(system, person)] == ["withdrawn"]
    near(system, person, car_id, near_km=900)
    remind(system)
    assert send_due(system) == 1


def test_a_reminder_that_was_told_is_told_again_on_the_day_it_is_moved_to(
    system: Rig, person: Person, hook: Receiver
) -> None:
    switch_on(person, "webhook", hook.url)
    note_id = reminder(person, their_car(system, person))
    remind(system)
    assert send_due(system) == 1
    postpone(person, note_id, LATER)
    remind(system)
    assert send_due(system) == 0
    remind(system, LATER)
    assert send_due(system) == 1
    assert person.call("PATCH", f"/api/v1/notes/{note_id}", json={"done": True}).status_code == 200
    postpone(person, note_id, LATER + timedelta(days=30))
    for _ in range(2):
        remind(system, LATER + timedelta(days=30))
    assert send_due(system) == 1
    assert len({request.json["id"] for request in hook.received}) == 3


def test_a_reminder_at_a_reading_is_told_again_at_the_next_one(system: Rig, person: Person, hook: Receiver) -> None:
    switch_on(person, "webhook", hook.url)
    car_id = their_car(system, person)
    system.sql("UPDATE fap_analysis SET life_km = 125000, driven_at = now() WHERE user_id = %s", person.id)
    wanted = {"kind": "oil_changed", "km": 120_000}
    note_id = person.call("POST", f"/api/v1/cars/{car_id}/notes", json=wanted).get_json()["id"]
    for reading, told in ((120_000, 1), (130_000, 0), (125_000, 1)):
        assert person.call("PATCH", f"/api/v1/notes/{note_id}", json={"km": reading}).status_code == 200
        remind(system)
        assert send_due(system) == told
    assert ["125,000 km" in request.json["text"] for request in hook.received] == [False, True]


def test_a_reminder_that_is_postponed_before_it_is_sent_is_told_on_its_new_day(
    system: Rig, person: Person, hook: Receiver
) -> None:
    switch_on(person, "webhook", hook.url)
    note_id = reminder(person, their_car(system, person))
    remind(system)
    postpone(person, note_id, LATER)
    assert send_due(system) == 0
    remind(system, LATER)
    assert send_due(system) == 1
    assert LATER.isoformat() in hook.received[0].json["text"]


def test_what_stays_due_is_not_told_again_when_old_messages_go(system: Rig, person: Person, hook: Receiver) -> None:
    switch_on(person, "webhook", hook.url)
    car_id = their_car(system, person)
    note_id = reminder(person, car_id)
    near(system, person, car_id)
    remind(system)
    assert send_due(system) == 2
    system.sql("UPDATE notification SET ended_at = now() - interval '91 days' WHERE user_id = %s", person.id)
    assert system.reconcile()
    remind(system)
    assert send_due(system) == 0
    assert [row["status"] for row in rows(system, person)] == ["sent"] * 2
    assert person.call("PATCH", f"/api/v1/notes/{note_id}", json={"done": True}).status_code == 200
    assert system.reconcile()
    assert [row["event"]["about"] for row in rows(system, person)] == ["forecast"]
