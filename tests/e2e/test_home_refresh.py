"""Home, left open: it goes on by itself."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.e2e.browser import settled
from tests.e2e.plant import add_reading
from tests.e2e.server import Server
from tests.e2e.widgets import expect_no_error, keyed

_SCROLLED = "() => document.querySelector(`[data-testid='stMain']`).scrollTop"


def test_a_new_reading_shows_by_itself_and_the_reader_stays_where_they_are(page: Page, server: Server) -> None:
    page.clock.install()
    page.goto(server.url)
    settled(page)
    keyed(page, "state").get_by_role("radio", name="all").focus()
    page.set_viewport_size({"width": 800, "height": 500})
    last = page.get_by_text("Compressor 6", exact=True)
    last.scroll_into_view_if_needed()
    before = page.evaluate(_SCROLLED)
    assert before > 0
    add_reading(server, "Compressor 6 light", 777.7)
    expect(page.get_by_text("777.7")).to_have_count(0)
    page.clock.fast_forward("00:35")
    expect(page.get_by_text("777.7")).to_be_visible()
    settled(page)
    assert page.evaluate(_SCROLLED) == before
    expect_no_error(page)
