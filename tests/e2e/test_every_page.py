"""Every page light and dark, wide and narrow, for eyes, screen readers and keyboards, and in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.e2e.accessibility import complaints, keyboard_stops
from tests.e2e.browser import open_context, screenshot
from tests.e2e.every_page import PAGES, open_page, title
from tests.e2e.test_landing_page import in_portuguese
from tests.e2e.trained import Trained
from tests.e2e.widgets import expect_no_error, wait_for

_KEYS = """
() => [...document.querySelectorAll("[data-testid='stMain'] [class*='st-key-']")].flatMap(
  element => [...element.classList].filter(name => name.startsWith("st-key-"))
)
"""
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@pytest.fixture(scope="module", params=PAGES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def outside() -> list[str]:
    """What has been asked of other hosts."""
    return []


@pytest.fixture(scope="module")
def context(browser: Browser, outside: list[str]) -> Iterator[BrowserContext]:
    """One session for all pages, so that the browser keeps what they have in common."""
    context = open_context(browser, outside)
    yield context
    context.close()


@pytest.fixture(scope="module")
def page(name: str, trained: Trained, context: BrowserContext, outside: list[str]) -> Iterator[Page]:
    """A page that is opened once for all that is held against it."""
    before = trained.server.log.stat().st_size
    page = context.new_page()
    open_page(page, trained, name)
    yield page
    page.close()
    assert not outside, f"The page asked other hosts: {outside}"
    assert not trained.server.complaints(before)


def test_a_page_fits_wide_and_narrow_windows_and_can_be_read_by_all_light_and_dark(page: Page, name: str) -> None:
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        wait_for(page, lambda theme=theme: is_dark(page) is (theme == "dark"), f"the {theme} theme")
        for width in (1400, 800):
            page.set_viewport_size({"width": width, "height": 900})
            wait_for(page, lambda: not sticks_out(page), f"nothing sticks out of the page at {width} px")
            screenshot(page, f"{name}_{theme}_{width}")
        assert complaints(page) == []
    expect_no_error(page)


def test_the_keyboard_reaches_everything_in_reading_order(page: Page) -> None:
    stops, reached = keyboard_stops(page)
    assert [stop for place, stop in enumerate(stops) if place not in reached] == []
    first = reached.index(min(reached, default=0)) if reached else 0  # a page where something was clicked goes on there
    assert reached[first:] + reached[:first] == sorted(reached)


def test_a_page_has_the_same_address_and_widgets_in_both_languages(page: Page, trained: Trained, name: str) -> None:
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1400, "height": 900})
    assert title(page) == PAGES[name]
    keys = page.evaluate(_KEYS)
    links = addresses(page)
    open_page(page, trained, name, language="pt_BR")
    assert title(page) == in_portuguese(PAGES[name])
    assert page.evaluate(_KEYS) == keys
    assert addresses(page) == links
    expect_no_error(page)
    screenshot(page, f"{name}_pt_BR")


def is_dark(page: Page) -> bool:
    colour = page.get_by_test_id("stApp").evaluate("app => getComputedStyle(app).backgroundColor")
    red, green, blue = (int(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(","))
    return red + green + blue < 3 * 128


def sticks_out(page: Page) -> bool:
    """Tell whether the window or the page's main part would have to be scrolled sideways."""
    return page.evaluate(
        "() => [document.documentElement, document.querySelector(`[data-testid='stMain']`)]"
        ".some(part => part.scrollWidth > part.clientWidth)"
    )


def addresses(page: Page) -> list[str]:
    """Return where the sidebar leads, without the queries."""
    links = page.get_by_test_id("stSidebarNav").get_by_role("link").all()
    return [(link.get_attribute("href") or "").split("?")[0] for link in links]
