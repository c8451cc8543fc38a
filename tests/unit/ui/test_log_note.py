"""The owner's note on a log: on its report and in the history, and nowhere a reader of a link sees it."""

from flask.testing import FlaskClient

from tests.unit.ui.fake_api import ANALYSIS, LOG_ID, FakeApi, detail, item, listing
from tests.unit.ui.test_findings import text_of

NOTE = "with <b>trailer</b>\nuphill"
TOKEN = "A" * 43


def test_a_log_without_a_note_offers_one(user: FlaskClient, api: FakeApi) -> None:
    api.answers[f"analyses/{LOG_ID}"] = detail(ANALYSIS, note=None)
    page = user.get(f"/logs/{LOG_ID}").text
    assert f'data-log-note="{LOG_ID}" data-text=""' in page
    assert "Your note Add note…" in text_of(page)
    assert "data-log-note-delete" not in page


def test_a_note_is_shown_as_it_was_written(user: FlaskClient, api: FakeApi) -> None:
    api.answers[f"analyses/{LOG_ID}"] = detail(ANALYSIS, note=NOTE)
    page = user.get(f"/logs/{LOG_ID}").text
    assert '<p class="car-note-words" data-log-note-text>with &lt;b&gt;trailer&lt;/b&gt;\nuphill</p>' in page
    assert "Edit note…" in page
    assert "data-log-note-delete" in page
    assert 'maxlength="1000"' in page


def test_a_log_that_failed_has_its_note_and_one_in_progress_waits(user: FlaskClient, api: FakeApi) -> None:
    api.answers[f"analyses/{LOG_ID}"] = detail(None, status="Failed", note=NOTE)
    assert "data-log-note-text" in user.get(f"/logs/{LOG_ID}").text
    api.answers[f"analyses/{LOG_ID}"] = detail(None, status="Processing", note=NOTE)
    assert "data-log-note-text" not in user.get(f"/logs/{LOG_ID}").text


def test_a_reader_of_a_link_does_not_see_it(user: FlaskClient, api: FakeApi) -> None:
    shared = detail(ANALYSIS, note=NOTE, expiresAt="2025-06-01T00:00:00.000Z")
    api.answers[f"shared/{TOKEN}"] = shared
    page = user.get(f"/shared/{TOKEN}?fragment=1").text
    assert "trailer" not in page
    assert "log-note" not in page


def test_the_history_shows_notes_shortened(user: FlaskClient, api: FakeApi) -> None:
    api.answers["analyses"] = listing(item(note="word " * 100), item("0" * 8 + LOG_ID[8:]))
    page = user.get("/logs").text
    assert page.count("row-note") == 1
    shown = text_of(page)
    assert "Your note word word" in shown
    assert shown.count("word") <= 33


def test_notes_in_other_languages(user: FlaskClient, api: FakeApi) -> None:
    api.answers[f"analyses/{LOG_ID}"] = detail(ANALYSIS, note=NOTE)
    for language, said in (("fr", "Votre note Modifier la note…"), ("pl", "Twoja notatka Edytuj notatkę…")):
        assert said in text_of(user.get(f"/logs/{LOG_ID}", headers={"Accept-Language": language}).text)
