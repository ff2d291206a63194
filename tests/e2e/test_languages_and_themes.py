"""Every page in both languages, light and dark, wide and narrow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.accessibility import complaints, keyboard_stops
from tests.e2e.browser import open_context, screenshot, settled
from tests.e2e.server import Server
from tests.e2e.test_landing_page import in_portuguese
from tests.e2e.trained import Trained
from tests.e2e.widgets import choose_option, expect_no_error, keyed, wait_for

PAGES = {
    "home": "Home",
    "predict": "Predict by hand",
    "batch": "Predict a file",
    "history": "Past predictions",
    "models": "Models",
    "model": "Models",
    "train": "Train and compare",
    "result": "Train and compare",
    "data": "Data quality",
    "import": "Import readings",
    "sensors": "Sensors and machines",
    "jobs": "Jobs",
}
"""Each page, some of them as they are with something on them, to its title."""
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
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


def open_page(page: Page, trained: Trained, name: str, language: str = "") -> None:
    """Open a page and wait until it is drawn; the one for predictions has an answer on it."""
    path = {"home": "", "result": "train", "model": "models"}.get(name, name)
    query = {"result": {"job": trained.job_id}, "model": {"model": trained.model}}.get(name, {})
    query |= {"lang": language} if language else {}
    page.goto(f"{trained.server.url}/{path}?{'&'.join(f'{key}={value}' for key, value in query.items())}")
    if name == "predict":
        keyed(page, "predict").get_by_role("button").click()
        expect(keyed(page, "response").locator("svg.main-svg").first).to_be_visible()
    if name == "result":
        expect(keyed(page, f"save_{trained.finalists[-1]}")).to_be_attached()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    settled(page)


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


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_wide_and_narrow_windows_and_can_be_read_by_all_light_and_dark(
    page: Page, trained: Trained, name: str
) -> None:
    open_page(page, trained, name)
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        wait_for(page, lambda theme=theme: is_dark(page) is (theme == "dark"), f"the {theme} theme")
        for width in (1400, 800):
            page.set_viewport_size({"width": width, "height": 900})
            wait_for(page, lambda: not sticks_out(page), f"nothing sticks out of the page at {width} px")
            screenshot(page, f"{name}_{theme}_{width}")
        assert complaints(page) == []
    expect_no_error(page)


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


@pytest.mark.parametrize("name", PAGES)
def test_the_keyboard_reaches_everything_in_reading_order(page: Page, trained: Trained, name: str) -> None:
    open_page(page, trained, name)
    stops, reached = keyboard_stops(page)
    assert [stop for place, stop in enumerate(stops) if place not in reached] == []
    first = reached.index(min(reached, default=0)) if reached else 0  # a page where something was clicked goes on there
    assert reached[first:] + reached[:first] == sorted(reached)
