"""The day's file, uploaded again when it had grown: what the history and the report say of it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import axe
from tests.browser.conftest import Visit
from tests.browser.owner import Owner

pytestmark = [pytest.mark.stack, pytest.mark.browser]


def test_history_and_report_say_that_a_log_is_an_earlier_version(
    visit: Visit, another: Callable[[], Owner], drives: list[Path], tmp_path: Path
) -> None:
    owner, evening = another(), drives[0]
    noon = tmp_path / f"{evening.stem}_noon.csv"
    lines = evening.read_bytes().splitlines(keepends=True)
    noon.write_bytes(b"".join(lines[: len(lines) * 2 // 3]))
    (short,) = owner.upload(noon)
    watched = visit(owner)
    page = watched.page("/logs")
    expect(page.locator(".row-log")).not_to_contain_text("Earlier version")
    (long,) = owner.upload(evening)

    page.reload()
    row = page.locator(f".row-log[data-id='{short}']")
    expect(row).to_contain_text(f"Earlier version of {evening.name}")
    expect(row).to_contain_text("not counted")
    expect(page.locator(".row-log").nth(1)).to_have_attribute("data-id", short)
    assert not axe(page)
    page.get_by_label("Filter by result").select_option("versions")
    expect(page.locator(".row-log")).to_have_count(1)

    page.locator(".row-link").click()
    notice = page.locator("[data-superseded]")
    expect(notice).to_contain_text("Only that log counts in your averages")
    assert not axe(page)
    notice.get_by_role("link", name=evening.name).click()
    expect(page).to_have_url(f"{watched.url}/logs/{long}")
    expect(page.locator("[data-earlier]")).to_contain_text(noon.name)
    assert owner.average()["average"]["overall"]["logs"] == 1

    page.goto(watched.url + "/logs")
    page.locator(f".row-log[data-id='{long}']").get_by_role("button").click()
    expect(page.locator(".row-log")).to_have_count(1)
    expect(page.locator(".row-log")).not_to_contain_text("Earlier version")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(f".row-log[data-id='{short}']")).to_contain_text(f"Earlier version of {evening.name}")
