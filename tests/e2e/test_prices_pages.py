"""Products: a model trained in a browser, its forecast looked at; some ticked on the board and trained together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.accessibility import complaints
from tests.e2e.browser import screenshot, settled
from tests.e2e.server import Server, running_server
from tests.e2e.widgets import (
    choose_option,
    expect_chart,
    expect_no_error,
    keyed,
    keyed_from,
    table_with,
    type_number,
    wait_for,
)

_ROW, _HEADER, _TICK = 35, 36, 16
"""Pixels: of a row, of the head, and to the middle of the boxes."""


@pytest.fixture(scope="module")
def server(chromium_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A dashboard with four products, for the tests of this file."""
    with running_server(tmp_path_factory.mktemp("prices"), days=0) as server:
        server.run("prices", "generate", "--products", "4", "--days", "200")
        yield server


def train_without_trials(page: Page) -> None:
    keyed(page, "training_options").get_by_role("button").first.click()
    type_number(page, "trials", "0")
    settled(page)
    page.keyboard.press("Escape")
    keyed(page, "start_training").get_by_role("button").click()
    page.wait_for_url("**job=*")


def test_a_product_is_trained_and_its_forecast_looked_at(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/prices?sku=SKU002&horizon=14")
    expect_chart(page, "price")
    train_without_trials(page)
    expect(page.get_by_test_id("stCaptionContainer").filter(has_text="model version")).to_be_visible()
    settled(page)
    screenshot(page, "prices_trained")
    keyed(page, "close_job").get_by_role("button").click()
    expect(keyed_from(page, "job_")).to_have_count(0)
    for view in ("What matters", "Elasticity", "Versions"):
        page.get_by_role("radio", name=view).click()
        settled(page)
        expect_no_error(page)
        assert not complaints(page)
        screenshot(page, f"prices_{view.split()[-1].lower()}")
    wait_for(page, lambda: [row["Current"] for row in table_with(page, "Version", "Current")] == ["yes"], "the version")


def test_going_back_to_another_version_is_not_at_once_offered_the_other_way(page: Page, server: Server) -> None:
    for _ in range(2):
        server.run("prices", "train", "--no-optimize", "--again", "--sku", "SKU001")
    page.goto(f"{server.url}/prices?sku=SKU001&view=versions")
    expect_chart(page, "price")
    settled(page)  # what grows above would push the open popover out of the window
    page.get_by_role("button", name="Go back to another version").click()
    keyed(page, "go_back").get_by_role("button").click()
    expect(page.get_by_test_id("stAlert").filter(has_text="is now the current one")).to_be_visible()
    settled(page)
    expect(page.get_by_test_id("stPopoverBody").filter(has_text="Make it the current one")).to_have_count(0)


def test_a_file_of_sales_is_checked_and_imported(page: Page, server: Server) -> None:
    rows = "".join(f"{day:02d}/01/2026;Nail;{day / 2:.2f};{day}\n".replace(".", ",") for day in range(1, 29))
    content = f"data;produto;preço;quantidade\n{rows}31/02/2026;Nail;1,00;1\n".encode()
    page.goto(f"{server.url}/price_board?view=import")
    upload = keyed(page, "price_file").locator("input[type=file]")
    upload.set_input_files({"name": "vendas.csv", "mimeType": "text/csv", "buffer": content})
    keyed(page, "check_prices").get_by_role("button").click()
    expect(page.get_by_test_id("stMetric").filter(has_text="New days")).to_contain_text("28")
    expect(page.get_by_test_id("stMetric").filter(has_text="Rows left out")).to_contain_text("1")
    settled(page)
    assert not complaints(page)
    screenshot(page, "prices_import")
    keyed(page, "import_prices").get_by_role("button").click()
    expect(page.get_by_test_id("stAlertContentSuccess")).to_contain_text("Days: 28; products: 1.")
    wait_for(page, lambda: "Nail" in skus(page), "the product on the board")
    expect_no_error(page)


def test_products_ticked_on_the_board_are_trained_together(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/price_board")
    choose_option(keyed(page, "winner"), "Without a model")
    page.wait_for_url("**winner=none*")
    settled(page)
    wait_for(page, lambda: {"SKU003", "SKU004"} <= set(skus(page)), "the products without a model")
    listed = skus(page)
    for sku in ("SKU003", "SKU004"):
        tick(page, listed.index(sku))
    expect(keyed(page, "start_training")).to_contain_text("Train the 2 ticked")
    assert not complaints(page)
    screenshot(page, "price_board_ticked")
    train_without_trials(page)
    expect(page.get_by_test_id("stMetric").filter(has_text="Not trained")).to_be_visible()
    settled(page)
    screenshot(page, "price_board_trained")
    trained = ["SKU003", "SKU004"]
    wait_for(page, lambda: sorted(row["SKU"] for row in table_with(page, "SKU", "Forecasts")) == trained, "the outcome")
    keyed(page, "to_board").get_by_role("button").click()
    wait_for(page, lambda: "SKU003" not in skus(page), "only those without a model")
    choose_option(keyed(page, "winner"), "All products")
    wait_for(page, lambda: winner_of(page, "SKU003") in ("model", "naive"), "the winner on the board")


def tick(page: Page, row: int) -> None:
    table = keyed_from(page, "board_table")
    table.locator(".dvn-scroller").click(position={"x": _TICK, "y": _HEADER + _ROW * row + _ROW // 2})
    settled(page)


def skus(page: Page) -> list[str]:
    return [row["SKU"] for row in table_with(page, "SKU", "Winner")]


def winner_of(page: Page, sku: str) -> str:
    return next((row["Winner"] for row in table_with(page, "SKU", "Winner") if row["SKU"] == sku), "")
