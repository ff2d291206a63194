"""Forecasting, in a browser: at once, and by a job that outlives a reload."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.e2e.browser import screenshot, settled
from tests.e2e.server import Server
from tests.e2e.widgets import (
    choose_option,
    expect_chart,
    expect_no_error,
    keyed,
    keyed_from,
    table_with,
    type_text,
    wait_for,
)


def test_a_sensor_and_a_horizon_are_chosen_and_the_forecast_is_taken_away(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/forecasting")
    expect_chart(page, "forecast")
    choose_option(keyed(page, "sensor"), "Pump 2 temperature")
    page.wait_for_url("**sensor=*")
    choose_option(keyed(page, "horizon"), "Other…")
    hours = keyed(page, "hours").locator("input")
    type_text(hours, "many")
    expect(page.get_by_test_id("stAlertContentError")).to_contain_text("'many' steps cannot be forecast")
    type_text(hours, "30")
    page.wait_for_url("**hours=30*")
    expect_chart(page, "forecast")
    for view, chart in (("Backtest", "windows"), ("Components", "components")):
        keyed(page, "view").get_by_role("radio", name=view).click()
        expect_chart(page, chart)
    keyed(page, "view").get_by_role("radio", name="Table and CSV").click()
    page.wait_for_url("**view=values*")
    page.reload()
    settled(page)
    expect(keyed(page, "sensor").locator("input")).to_have_value("Pump 2 temperature")
    wait_for(page, lambda: len(table_with(page, "Hour that begins", "80% band")) > 5, "the hours in a table")
    with page.expect_download() as download:
        keyed(page, "values_download").get_by_role("button").click()
    lines = download.value.path().read_text().splitlines()
    assert lines[0] == "time,forecast,low_80,high_80,low_95,high_95"
    assert len(lines) == 31
    expect_no_error(page)


def test_prophet_forecasts_in_a_job_that_a_reload_finds_again(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/forecasting?model=prophet&horizon=48")
    keyed(page, "start_forecast").get_by_role("button").click()
    expect(keyed_from(page, "job_")).to_be_visible()
    page.reload()
    expect_chart(page, "forecast")
    settled(page)
    expect(keyed(page, "start_forecast")).to_have_count(0)
    expect(page.get_by_test_id("stCaptionContainer").filter(has_text="Prophet, version 1")).to_be_visible()
    screenshot(page, "forecast_by_prophet")
    page.goto(f"{server.url}/jobs")
    page.get_by_role("button", name="Open the forecast").click()
    expect_chart(page, "forecast")
    expect(keyed(page, "model").locator("input")).to_have_value("Prophet")
    expect(keyed(page, "horizon").locator("input")).to_have_value("48 hours")
    expect_no_error(page)
