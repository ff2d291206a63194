"""The first thing that a person sees."""

from __future__ import annotations

from pathlib import Path

from babel.messages.pofile import read_po
from playwright.sync_api import Page, expect

from src.dashboard.locale import FOLDER
from tests.e2e.browser import screenshot, settled
from tests.e2e.server import Server, running_server
from tests.e2e.widgets import keyed


def in_portuguese(text: str) -> str:
    with (FOLDER / "pt_BR.po").open("rb") as file:
        message = read_po(file, locale="pt_BR").get(text)
    assert message is not None, f"{text!r} is not in the catalogue"
    assert message.string, f"{text!r} has no translation"
    return str(message.string)


def test_a_server_is_ready_before_anybody_comes(server: Server) -> None:
    assert "The dashboard is up." in server.log.read_text("utf-8")


def test_a_server_with_a_setting_that_is_wrong_starts_and_says_so(page: Page, tmp_path: Path) -> None:
    with running_server(tmp_path, days=0, settings={"FAROL_WORKERS": "several"}) as server:
        page.goto(server.url)
        expect(page.get_by_test_id("stAlertContentError")).to_contain_text("FAROL_WORKERS")
        assert not server.complaints()


def test_the_landing_page_shows_its_title_and_no_error(page: Page, server: Server) -> None:
    page.goto(server.url)
    settled(page)
    expect(page).to_have_title("Farol")
    expect(page.get_by_role("heading", name="Home", level=1)).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)
    expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)
    screenshot(page, "landing_en")


def test_the_landing_page_is_portuguese_when_the_address_says_so(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/?lang=pt_BR")
    settled(page)
    expect(page.get_by_role("heading", name=in_portuguese("Home"), level=1)).to_be_visible()
    expect(page.get_by_test_id("stSidebar").get_by_text(in_portuguese("Language"), exact=True)).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)
    screenshot(page, "landing_pt_BR")


def test_the_name_that_was_typed_once_is_there_after_a_reload(page: Page, server: Server) -> None:
    name = 'Ana "Nana" de Souza; </script>=ç'
    page.goto(server.url)
    settled(page)
    field = keyed(page, "acting_name").locator("input")
    expect(field).to_have_value("")
    field.fill(name)
    field.press("Enter")
    settled(page)
    page.reload()
    expect(field).to_have_value(name)
    settled(page)
    expect(page.get_by_test_id("stException")).to_have_count(0)
