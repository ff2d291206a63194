"""The language that the dashboard speaks, and how a reader changes it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browser import open_context
from tests.e2e.every_page import open_page, title
from tests.e2e.server import Server
from tests.e2e.test_landing_page import in_portuguese
from tests.e2e.trained import Trained
from tests.e2e.widgets import choose_option, expect_no_error, keyed


@pytest.fixture(scope="module")
def server(trained: Trained) -> Server:
    return trained.server


@pytest.fixture
def portuguese_page(server: Server, browser: Browser) -> Iterator[Page]:
    """A page of somebody whose browser speaks Portuguese."""
    outside: list[str] = []
    context = open_context(browser, outside, locale="pt-BR")
    yield context.new_page()
    context.close()
    assert not outside


def test_a_browser_that_speaks_portuguese_gets_it_and_can_change_to_english(
    portuguese_page: Page, trained: Trained
) -> None:
    page = portuguese_page
    open_page(page, trained, "predict")
    assert title(page) == in_portuguese("Predict by hand")
    choose_option(keyed(page, "lang"), "English")
    expect(page.get_by_role("heading", level=1)).to_have_text("Predict by hand")
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Jobs").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Jobs")
    page.wait_for_url("**/jobs?*lang=en*")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Jobs")
    expect_no_error(page)


def test_the_sidebar_changes_the_language_and_the_address_keeps_it(page: Page, trained: Trained) -> None:
    open_page(page, trained, "jobs")
    choose_option(keyed(page, "lang"), "Português")
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text(in_portuguese("Jobs"))
    page.wait_for_url("**/jobs?*lang=pt_BR*")
    page.reload()
    expect(heading).to_have_text(in_portuguese("Jobs"))
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=in_portuguese("Predict by hand")).click()
    expect(heading).to_have_text(in_portuguese("Predict by hand"))
    choose_option(keyed(page, "lang"), "English")
    expect(heading).to_have_text("Predict by hand")
    expect_no_error(page)


@pytest.mark.parametrize("locale", ["fr-FR", "en-GB"])
def test_any_other_language_gets_english(browser: Browser, server: Server, locale: str) -> None:
    context = open_context(browser, [], locale=locale)
    page = context.new_page()
    page.goto(server.url)
    expect(page.get_by_role("heading", level=1)).to_have_text("Home")
    context.close()
