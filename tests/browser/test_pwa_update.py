"""A new release of the pages replaces the service worker of the one before, and the files in the queue stay."""

import re
import shutil
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, expect
from werkzeug.serving import make_server

import ui.app
from tests.browser.chromium import DESKTOP, STEADY, Watched
from tests.browser.pwa import controlled, csv, queue, share
from tests.conftest import ROOT, free_port, until
from ui.settings import Settings

pytestmark = pytest.mark.browser

STATIC: Final = ROOT / "ui" / "static"
NAMES: Final = "() => caches.keys()"


class Service:
    """The pages on a port of their own, without an API. `release` replaces them, as a deployment does."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self._patch = patch
        self.url = f"http://127.0.0.1:{free_port()}"
        self.release("first")
        port = int(self.url.rsplit(":", 1)[1])
        self.server = make_server("127.0.0.1", port, self._answer, threaded=True)

    def release(self, name: str) -> None:
        """Serve pages whose files differ from those of other releases."""
        static = self._folder / name
        shutil.copytree(STATIC, static)
        with (static / "css" / "app.css").open("a") as style:
            style.write(f"/* {name} */\n")
        self._patch.setattr(ui.app, "STATIC", static)
        self._app = ui.app.create_app(Settings.model_validate({"api_url": "http://127.0.0.1:9"}))

    def _answer(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        return self._app(environ, start_response)


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """Yield the pages, while a test runs."""
    made = Service(tmp_path, monkeypatch)
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def test_a_new_release_replaces_the_worker_and_keeps_the_queue(service: Service, chromium: Browser) -> None:
    watched = Watched(chromium.new_context(**DESKTOP, **STEADY), service.url)
    page = controlled(watched.page("/about"))
    share(page, csv("first.csv", "Date;Time\n1;2\n"), csv("second.csv", "Date;Time\n3;4\n"))
    expect(page).to_have_url(re.compile(r"/login\?next=/upload"))
    before, waiting = page.evaluate(NAMES), queue(page)
    assert [entry["name"] for entry in waiting] == ["first.csv", "second.csv"]

    service.release("second")
    page.goto(service.url + "/about")
    until(
        lambda: len(kept := page.evaluate(NAMES)) == 1 and kept != before,
        what="the cache of the release before is gone",
    )
    controlled(page)
    assert queue(page) == waiting
    share(page, csv("third.csv", "Date;Time\n5;6\n"))
    expect(page).to_have_url(re.compile(r"/login\?next=/upload"))
    assert [entry["name"] for entry in queue(page)] == ["first.csv", "second.csv", "third.csv"]

    watched.forgive("ERR_INTERNET_DISCONNECTED")
    watched.context.set_offline(True)
    page.goto(service.url + "/about")
    expect(page.locator("main [data-files]:visible")).to_contain_text("3")
    watched.context.set_offline(False)
    expect(page.locator(".hero")).to_be_visible()
    watched.context.close()
    watched.check()
