"""Data quality, sensors, machines and events, in a browser."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.e2e.browser import screenshot, settled
from tests.e2e.server import Server
from tests.e2e.widgets import (
    choose_option,
    expand,
    expect_chart,
    expect_no_error,
    keyed,
    keyed_from,
    table_with,
    type_text,
    wait_for,
)


def success(page: Page, text: str) -> None:
    expect(page.get_by_test_id("stAlertContentSuccess").filter(has_text=text)).to_be_visible()


def test_the_quality_of_the_data_is_seen_filtered_and_taken_away(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/data")
    expect_chart(page, "presence")
    wait_for(page, lambda: len(table_with(page, "Sensor", "There and good")) > 3, "a row a sensor")
    choose_option(keyed(page, "period"), "Last 24 hours")
    page.wait_for_url("**period=24h*")
    choose_option(keyed(page, "machine"), "Pump 2")
    page.wait_for_url("**machine=Pump*")
    wait_for(page, lambda: len(table_with(page, "Sensor", "There and good")) == 3, "the sensors of one machine")
    page.reload()
    settled(page)
    expect(keyed(page, "period").locator("input")).to_have_value("Last 24 hours")
    screenshot(page, "data_quality")
    keyed(page, "view").get_by_role("radio", name="One sensor").click()
    page.wait_for_url("**view=one*")
    for chart in ("series", "distribution"):
        expect_chart(page, chart)
    screenshot(page, "one_sensor")
    keyed(page, "view").get_by_role("radio", name="Export").click()
    page.wait_for_url("**view=export*")
    with page.expect_download() as download:
        keyed(page, "export").get_by_role("button").click()
    content = download.value.path().read_text()
    assert content.splitlines()[0] == '"sensor","timestamp","value","quality"'
    assert '"Pump 2 light"' in content
    expect_no_error(page)


def test_a_sensor_is_added_and_an_event_begun_and_ended(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/sensors")
    settled(page)
    type_text(keyed(page, "acting_name").locator("input"), "Ana")
    expand(page, "Add a sensor")
    type_text(keyed_from(page, "display_name_new").locator("input"), "Saw heat")
    for beginning, text in (("equipment_new", "Saw"), ("sensor_type_new", "temperature")):
        choice = keyed_from(page, beginning).locator("input")
        choice.click()
        choice.press_sequentially(text, delay=20)
        page.get_by_role("option").filter(has_text=text).first.click()
        expect(choice).to_have_value(text)
    type_text(keyed_from(page, "warning_high_new").locator("input"), "60,5")
    type_text(keyed_from(page, "critical_high_new").locator("input"), "50")
    keyed_from(page, "submit_sensor_new").get_by_role("button").click()
    error = page.get_by_test_id("stAlertContentError")
    expect(error).to_contain_text("High warning limit (60.5) is above High critical limit (50.0)")
    type_text(keyed_from(page, "critical_high_new").locator("input"), "70")
    keyed_from(page, "submit_sensor_new").get_by_role("button").click()
    success(page, "The sensor Saw heat is added.")

    keyed(page, "view").get_by_role("radio", name="Events").click()
    page.wait_for_url("**view=events*")
    settled(page)
    choose_option(keyed(page, "machine"), "Saw")
    settled(page)
    expand(page, "Add an event")
    keyed_from(page, "submit_new_Saw").get_by_role("button").click()
    success(page, "The event is added.")
    page.get_by_role("button", name="End now").click()
    success(page, "The event is over.")
    expect(page.get_by_role("button", name="End now")).to_have_count(0)
    screenshot(page, "events")

    keyed(page, "view").get_by_role("radio", name="Who did what").click()
    wait_for(page, lambda: [row["Who"] for row in table_with(page, "Who", "Kind")] == ["Ana"] * 3, "her three acts")
    expect_no_error(page)
