"""What is done once a request is answered."""

import socket
from typing import Any

from flask import Flask, Response, request

from functions.api.web.after_response import run_after_response


class Connection:
    """gunicorn's socket, whose client has hung up already."""

    def __init__(self, seen: list[Any]) -> None:
        self.seen = seen

    def shutdown(self, how: int) -> None:
        self.seen.append(how)
        raise OSError


def test_the_connection_ends_before_the_work_begins() -> None:
    app, seen = Flask("afterwards", static_folder=None), list[Any]()

    @app.get("/")
    def view() -> Response:
        return run_after_response(Response(status=204), lambda: seen.append(request.path))

    response = app.test_client().get("/", environ_overrides={"gunicorn.socket": Connection(seen)})
    assert (response.status_code, seen) == (204, [])
    response.close()
    assert seen == [socket.SHUT_WR, "/"]
