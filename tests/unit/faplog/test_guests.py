"""A process that answers for other functions, too: which request goes where, and when a guest is loaded."""

import sys
from types import ModuleType

import pytest
from flask import Flask, request
from werkzeug.test import Client

from faplog import guests
from faplog.settings import SettingsError

HOST = Flask("host")
made: list[str] = []
"""The guests that were loaded, once for each time."""


@HOST.route("/", methods=["GET", "POST"])
def of_host() -> str:
    return "host"


def fail() -> Flask:
    raise SettingsError("The setting x is missing.")


def create_app() -> Flask:
    made.append("guest")
    app = Flask("guest")

    @app.post("/")
    def of_guest() -> bytes:
        return b"guest " + request.get_data()

    return app


@pytest.fixture(autouse=True)
def handler(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the handler of a function `guest`."""
    module = ModuleType("functions.guest.handler")
    vars(module)["create_app"] = create_app
    monkeypatch.setitem(sys.modules, module.__name__, module)
    made.clear()
    return module


def test_a_function_without_guests_is_left_as_it_is() -> None:
    assert guests.with_guests(HOST, []) is HOST


def test_requests_below_its_name_go_to_the_guest_and_all_others_to_the_host() -> None:
    client = Client(guests.with_guests(HOST, ["guest"]))
    assert client.get("/").text == "host"
    assert client.get("/guests/").status_code == 404
    assert client.post("/guest/", data=b"message").text == "guest message"
    assert client.get("/guest/other").status_code == 404


def test_a_guest_is_loaded_by_its_first_request_and_kept() -> None:
    client = Client(guests.with_guests(HOST, ["guest"]))
    client.get("/")
    assert made == []
    client.post("/guest/")
    client.post("/guest/")
    assert made == ["guest"]


def test_a_guest_that_cannot_be_loaded_leaves_the_host_alone_and_is_tried_again(
    handler: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client(guests.with_guests(HOST, ["guest"]))
    with monkeypatch.context() as patch:
        patch.setattr(handler, "create_app", fail)
        with pytest.raises(SettingsError, match="x is missing"):
            client.post("/guest/")
    assert client.get("/").text == "host"
    assert client.post("/guest/", data=b"2").text == "guest 2"
