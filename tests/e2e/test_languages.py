"""Every page in both languages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browser import open_context, screenshot
from tests.e2e.every_page import PAGES, open_page
from tests.e2e.server import Server
from tests.e2e.test_landing_page import in_portuguese
from tests.e2e.trained import Trained
from tests.e2e.widgets import choose_option, expect_no_error, keyed

_KEYS = """
() => [...document.querySelectorAll("[data-testid='stMain'] [class*='st-key-']")].flatMap(
  element => [...element.classList].filter(name => name.startsWith("st-key-"))
)
"""


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


def title(page: Page) -> str:
    return page.get_by_role("heading", level=1).inner_text()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_the_same_address_and_widgets_in_both_languages(page: Page, trained: Trained, name: str) -> None:
    open_page(page, trained, name)
    assert title(page) == PAGES[name]
    keys = page.evaluate(_KEYS)
    links = addresses(page)
    open_page(page, trained, name, language="pt_BR")
    assert title(page) == in_portuguese(PAGES[name])
    assert page.evaluate(_KEYS) == keys
    assert addresses(page) == links
    expect_no_error(page)
    screenshot(page, f"{name}_pt_BR")


def addresses(page: Page) -> list[str]:
    """Return where the sidebar leads, without the queries."""
    links = page.get_by_test_id("stSidebarNav").get_by_role("link").all()
    return [(link.get_attribute("href") or "").split("?")[0] for link in links]


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
