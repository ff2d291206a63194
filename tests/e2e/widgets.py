"""Working Streamlit's widgets, and reading what it draws on a canvas."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import TypeVar

from playwright.sync_api import FilePayload, Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

WAIT_SECONDS = 60.0
Seen = TypeVar("Seen")
_TABLES = """
() => [...document.querySelectorAll("[data-testid='stMain'] canvas table")].map(
  table => [...table.querySelectorAll("[role=row]")].map(
    row => [...row.querySelectorAll("[role=columnheader], [role=gridcell]")].map(cell => cell.textContent)
  )
)
"""
_MARKS = ".trace, .hm image, .barlayer .point, .scatterlayer .point"


def keyed(page: Page, key: str) -> Locator:
    """Return what a widget's key names; the browser has it as a class."""
    return page.locator(f".st-key-{key}")


def keyed_from(page: Page, beginning: str) -> Locator:
    """Return what is named by a key with this beginning; the rest depends on the data."""
    return page.locator(f"[class*=' st-key-{beginning}']")


def wait_for(page: Page, look: Callable[[], Seen], what: str, seconds: float = WAIT_SECONDS) -> Seen:
    """Wait until something is there to be seen, and return it; fail with what it was.

    Whoever looks a second time may find a page that is being drawn anew.
    """
    until = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < until, f"Not after {seconds:g} s: {what}"
        page.wait_for_timeout(50)
    return seen


def tables(page: Page) -> list[list[dict[str, str]]]:
    """Return the tables on the page, each row by column. Columns that would need scrolling are not there."""
    found = [table for table in page.evaluate(_TABLES) if table]
    return [[dict(zip(head, row, strict=False)) for row in rows] for head, *rows in found]


def table_with(page: Page, *columns: str) -> list[dict[str, str]]:
    """Return the rows of the first table that has these columns; none where there is no such table now."""
    return next((rows for rows in tables(page) if rows and set(columns) <= set(rows[0])), [])


def type_number(page: Page, key: str, text: str) -> None:
    """Type into a number input, key by key, and leave it."""
    field = keyed(page, key).locator("input")
    field.focus()
    field.press("ControlOrMeta+a")
    field.press("Delete")
    field.press_sequentially(text)
    field.press("Tab")


def type_text(field: Locator, text: str) -> None:
    """Replace the text of a field and leave it."""
    field.fill(text)
    field.press("Tab")


def choose_option(widget: Locator, option: str) -> None:
    """Choose in a select box."""
    wait_for(widget.page, partial(_choose_the_one, widget, option), f"{option!r} is chosen")


def _choose_the_one(widget: Locator, option: str) -> bool:
    """Open the list and choose; a rerun that ends meanwhile closes the list again."""
    field = widget.locator("input")
    if field.input_value() != option:
        with suppress(PlaywrightTimeout):
            field.click(timeout=1_000)
            widget.page.get_by_role("option", name=option, exact=True).click(timeout=1_000)
    return field.input_value() == option


def choose_several(widget: Locator, options: Iterable[str]) -> None:
    """Choose exactly these in a multiselect."""
    wanted = list(options)
    expect(widget.locator("input")).to_be_visible()  # what is not drawn yet looks as if nothing were chosen
    wait_for(widget.page, partial(_clear, widget), "nothing is chosen")
    for option in wanted:
        wait_for(widget.page, partial(_choose_one, widget, option), f"{option!r} is chosen")
    widget.locator("input").press("Escape")
    expect(_tags(widget)).to_have_text(wanted)


def _clear(widget: Locator) -> bool:
    """Take out all that is chosen; a rerun that ends meanwhile swallows the click."""
    if chosen(widget):
        with suppress(PlaywrightTimeout):
            widget.get_by_role("button", name="Clear all").click(timeout=1_000)
    return not chosen(widget)


def _choose_one(widget: Locator, option: str) -> bool:
    """Look for an option and choose it; a rerun that ends meanwhile wipes out what was typed."""
    if option not in chosen(widget):
        widget.locator("input").fill(option)
        with suppress(PlaywrightTimeout):
            widget.page.get_by_role("option", name=option, exact=True).click(timeout=1_000)
    return option in chosen(widget)


def chosen(widget: Locator) -> list[str]:
    """Return what is chosen in a multiselect."""
    return _tags(widget).all_inner_texts()


def expect_chosen(widget: Locator, options: Iterable[str]) -> None:
    """Expect exactly these to be chosen in a multiselect."""
    expect(_tags(widget)).to_have_text(list(options))


def expand(page: Page, text: str) -> Locator:
    """Open the expander whose headline has this text, and return it. A rerun may close it again: then once more."""
    expander = page.get_by_test_id("stExpander").filter(has=page.locator("summary", has_text=text))
    opened = expander.locator("details[open]")

    def is_open() -> bool:
        if opened.count() == 0:
            expander.locator("summary").click()
            page.wait_for_timeout(100)
        return opened.count() == 1

    wait_for(page, is_open, f"the expander {text!r} is open")
    return expander


def upload(page: Page, name: str, content: bytes) -> None:
    """Give the page a file, and wait until it is there."""
    file: FilePayload = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    keyed(page, "file").locator("input[type=file]").set_input_files(file)
    expect(keyed(page, "file").get_by_text(name, exact=True)).to_be_visible()


def expect_chart(page: Page, key: str) -> None:
    """Expect a chart with something drawn in it."""
    chart = keyed(page, key)
    expect(chart.locator("svg.main-svg").first).to_be_visible()
    expect(chart.locator(_MARKS).first).to_be_attached()


def expect_no_error(page: Page) -> None:
    """Expect neither an exception nor an error message."""
    expect(page.get_by_test_id("stException")).to_have_count(0)
    expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)


def _tags(widget: Locator) -> Locator:
    return widget.locator("[data-tag]")
