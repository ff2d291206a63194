"""The first thing that a person sees."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.e2e.browser import screenshot, settled
from tests.e2e.server import Server


def test_the_landing_page_shows_its_title_and_no_error(page: Page, server: Server) -> None:
    page.goto(server.url)
    settled(page)
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    expect(page).to_have_title("Plant")
    expect(page.get_by_role("heading", name="Plant", level=1)).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)
    screenshot(page, "landing_en")


def test_the_landing_page_is_portuguese_when_the_address_says_so(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/?lang=pt_BR")
    settled(page)
    expect(page.get_by_text("Idioma", exact=True)).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)
    screenshot(page, "landing_pt_BR")
