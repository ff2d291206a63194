"""Sensors' models, trained in a browser and seen in their status."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.e2e.browser import screenshot, settled
from tests.e2e.plant import forecast_badly
from tests.e2e.server import Server
from tests.e2e.widgets import (
    choose_option,
    choose_several,
    expect_chosen,
    expect_no_error,
    keyed,
    table_with,
    type_text,
    wait_for,
)

CHOSEN = ["Press 1 light", "Pump 2 temperature"]


def test_two_sensors_are_trained_and_their_status_shows_it_and_which_got_worse(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/model_status")
    keyed(page, "train_without").get_by_role("button").click()
    page.wait_for_url("**/training?**which=without*")
    wait_for(page, lambda: len(table_with(page, "Sensor", "Can it be trained?")) > 3, "a row a sensor")
    choose_option(keyed(page, "which"), "Some sensors")
    page.wait_for_url("**which=some*")
    choose_several(keyed(page, "sensors"), CHOSEN)
    expect(page.get_by_text("2 sensors are chosen.")).to_be_visible()
    screenshot(page, "training_form")
    keyed(page, "start_training").get_by_role("button").click()
    page.wait_for_url("**job=*")
    page.reload()
    expect(page.get_by_test_id("stMetric").filter(has_text="Forecasters trained")).to_contain_text("2")
    settled(page)
    screenshot(page, "training_done")

    forecast_badly(server, CHOSEN[0])
    keyed(page, "go_model_status").get_by_role("button").click()
    page.wait_for_url("**/model_status*")

    def trained() -> list[str]:
        rows = table_with(page, "Sensor", "Detector", "Forecaster")
        return [row["Sensor"] for row in rows if row["Detector"].startswith("v1, ") and "v1, " in row["Forecaster"]]

    def states() -> list[tuple[str, str]]:
        return [(row["Sensor"], row["State"]) for row in table_with(page, "Sensor", "State")]

    choose_option(keyed(page, "machine"), "Press 1")
    wait_for(page, lambda: trained() == CHOSEN[:1], "the first one's models in the status")
    choose_option(keyed(page, "machine"), "Pump 2")
    wait_for(page, lambda: trained() == CHOSEN[1:], "the other one's models in the status")
    expect(keyed(page, "train_worse")).to_have_count(0)

    choose_option(keyed(page, "machine"), "Press 1")
    choose_option(keyed(page, "condition"), "worse than at training")
    wait_for(page, lambda: states() == [(CHOSEN[0], "worse than at training")], "the one that got worse")
    screenshot(page, "model_status_worse")
    keyed(page, "train_worse").get_by_role("button").click()
    page.wait_for_url("**/training?**which=some*")
    expect_chosen(keyed(page, "sensors"), CHOSEN[:1])
    expect_no_error(page)


def test_a_wrong_option_is_said_and_put_right(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/training")
    settled(page)
    page.locator("summary", has_text="Options").click()
    field = keyed(page, "contamination").locator("input")
    type_text(field, "0,9")
    expect(page.get_by_test_id("stAlertContentError")).to_contain_text("Give a number from 0.01 to 0.5.")
    expect(keyed(page, "start_training").get_by_role("button")).to_be_disabled()
    type_text(field, "0,2")
    expect(keyed(page, "start_training").get_by_role("button")).to_be_enabled()
    expect_no_error(page)
