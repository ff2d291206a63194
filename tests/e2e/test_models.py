"""The saved models: found, judged, passed on, taken in, trusted, noted, compared, deleted."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.e2e.browser import settled
from tests.e2e.server import Server
from tests.e2e.trained import Trained
from tests.e2e.widgets import (
    expand,
    expect_chart,
    expect_no_error,
    keyed,
    keyed_from,
    table_with,
    type_text,
    wait_for,
)

TWIN = "Pump watch of plant 2"


@pytest.fixture(scope="module")
def server(trained: Trained) -> Server:
    return trained.server


def test_a_model_is_judged_passed_on_taken_in_trusted_and_deleted(page: Page, trained: Trained, tmp_path: Path) -> None:
    page.goto(f"{trained.server.url}/models")
    type_text(keyed(page, "acting_name").locator("input"), "Ana Souza")
    wait_for(page, lambda: trained.model in listed(page), "the saved model in the list")
    type_text(keyed(page, "search").locator("input"), "no such words")
    expect(page.get_by_text("No model has these words in it.")).to_be_visible()
    type_text(keyed(page, "search").locator("input"), "pump")
    expect(keyed(page, "open_model")).to_be_visible()
    assert "search=pump" in page.url
    choose_in(keyed(page, "open_model"), trained.model)

    expect(page.get_by_text(trained.notes)).to_be_visible()
    expect_chart(page, "roc")
    card = download(page, "card", tmp_path)
    assert card.read_text(encoding="utf-8").startswith(f"# Model card: {trained.model}, version 1")
    button(page, "export").click()
    package = download(page, "export_file", tmp_path)
    assert package.read_bytes().startswith(b"PK")
    page.reload()
    expect(page.get_by_text(trained.notes)).to_be_visible()

    settled(page)
    button(page, "all_models").click()
    expand(page, "Import a model from a file")
    keyed(page, "model_file").locator("input[type=file]").set_input_files(package)
    type_text(keyed_from(page, "import_name_").locator("input"), TWIN)
    expect(button(page, "import")).to_be_enabled()
    button(page, "import").click()
    expect(page.get_by_test_id("stAlertContentWarning")).to_contain_text("runs code from its file")
    expect(keyed(page, "go_predict")).to_have_count(0)
    button(page, "trust").click()
    expect(keyed(page, "go_predict")).to_be_visible()

    keyed(page, "notes_card").get_by_role("button").first.click()
    type_text(page.get_by_role("textbox", name="Notes"), "Came from plant 2.")
    button(page, "save_notes").click()
    expect(page.get_by_test_id("stAlertContentSuccess")).to_contain_text("The notes are changed.")
    expect(page.get_by_test_id("stText").filter(has_text="Came from plant 2.")).to_be_visible()
    expand(page, "Who did what")
    wait_for(page, lambda: acts(page)[:1] == ["Edited the notes of version 1."] and len(acts(page)) == 3, "three acts")

    choose_in(keyed(page, "compare_with"), trained.model)
    wait_for(page, lambda: table_with(page, "What", f"{TWIN} v1"), "both side by side")
    assert "with=Pump" in page.url
    expect_no_error(page)

    expand(page, "Delete this model")
    field = page.get_by_role("textbox", name="Name of the model")
    type_text(field, "Pump watch")
    expect(button(page, "delete")).to_be_disabled()
    type_text(field, TWIN)
    expect(button(page, "delete")).to_be_enabled()
    button(page, "delete").click()
    expect(page.get_by_test_id("stAlertContentSuccess")).to_contain_text("is deleted")
    wait_for(page, lambda: listed(page) and TWIN not in listed(page), "a list without it")
    assert TWIN not in trained.server.run("models", "list")


def listed(page: Page) -> list[str]:
    return [row["Name"] for row in table_with(page, "Name", "Score")]


def button(page: Page, key: str) -> Locator:
    return keyed(page, key).get_by_role("button")


def choose_in(widget: Locator, option: str) -> None:
    """Choose in a select box that may be gone afterwards; scrolling or a rerun that ends meanwhile closes its list."""
    widget.scroll_into_view_if_needed()
    settled(widget.page)
    wait_for(widget.page, partial(_clicked, widget, option), f"{option!r} is chosen")


def _clicked(widget: Locator, option: str) -> bool:
    try:
        widget.locator("input").click(timeout=1_000)
        widget.page.get_by_role("option", name=option, exact=True).click(timeout=1_000)
    except PlaywrightTimeout:
        return False
    return True


def download(page: Page, key: str, folder: Path) -> Path:
    settled(page)
    with page.expect_download() as file:
        button(page, key).click()
    path = folder / file.value.suggested_filename
    file.value.save_as(path)
    return path


def acts(page: Page) -> list[str]:
    return [row["What"] for row in table_with(page, "Who", "What")]
