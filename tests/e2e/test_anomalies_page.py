"""Anomaly detection in a browser: a stretch dragged across is judged, a mark clicked, a threshold adopted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.e2e.browser import screenshot, settled
from tests.e2e.plant import add_reading, sensor_id_of
from tests.e2e.server import Server, running_server
from tests.e2e.widgets import expect_chart, expect_no_error, keyed, keyed_from, table_with, type_text, wait_for

DAYS = 28


@pytest.fixture(scope="module")
def server(chromium_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A dashboard with weeks enough for alarms."""
    with running_server(tmp_path_factory.mktemp("anomalies"), days=DAYS) as server:
        yield server


def open_anomalies(page: Page, server: Server, query: str = "") -> None:
    page.goto(f"{server.url}/anomalies?{query}")
    settled(page)
    expect_chart(page, "anomalies")


def drag_across(page: Page, first: float, last: float) -> None:
    """Drag over the series, from one share of its width to another."""
    plot = keyed(page, "anomalies").locator(".nsewdrag").first
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + first * box["width"], box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + last * box["width"], box["y"] + 60, steps=5)
    page.mouse.up()


def success(page: Page, text: str) -> None:
    expect(page.get_by_test_id("stAlertContentSuccess").filter(has_text=text)).to_be_visible()


def verdicts(page: Page) -> list[tuple[str, str]]:
    return [(row["Verdict"], row["Note"]) for row in table_with(page, "From", "Verdict", "Note")]


def test_a_stretch_dragged_across_is_judged_and_stays_so(page: Page, server: Server) -> None:
    open_anomalies(page, server)
    type_text(keyed(page, "acting_name").locator("input"), "Ana")
    settled(page)
    keyed(page, "mouse").get_by_role("radio", name="Drag across a stretch").click()
    settled(page)
    drag_across(page, 0.6, 0.7)
    page.wait_for_url("**stretch=*")
    settled(page)
    stretch = page.url
    keyed_from(page, "verdict_note").locator("textarea").fill("bearing *loud*")
    keyed(page, "verdict_planned").get_by_role("button").click()  # straight from the note, which has not been left
    success(page, "Kept as planned.")
    page.reload()
    settled(page)
    expect(keyed(page, "verdict_card")).to_contain_text("said by Ana")
    expect(keyed_from(page, "verdict_note").locator("textarea")).to_have_value("bearing *loud*")
    wait_for(page, lambda: ("planned", "bearing *loud*") in verdicts(page), "the verdict is in the table")
    screenshot(page, "anomalies_verdict")

    keyed(page, "close_verdict").get_by_role("button").click()
    expect(keyed(page, "verdict_card")).to_have_count(0)
    keyed(page, "mouse").get_by_role("radio", name="Drag across a stretch").click()
    settled(page)
    drag_across(page, 0.6, 0.7)  # the same once more
    page.wait_for_url(stretch)
    settled(page)
    keyed(page, "take_back").get_by_role("button").click()
    success(page, "The verdict is taken back.")
    keyed(page, "undo_verdict").get_by_role("button").click()
    success(page, "That is undone.")
    wait_for(page, lambda: ("planned", "bearing *loud*") in verdicts(page), "the verdict is there again")
    expect_no_error(page)


def is_taken(page: Page, mark: Locator) -> bool:
    """Click a mark, as people do again where a chart that was just being drawn has not seen it."""
    click_mark(page, mark)
    with suppress(PlaywrightTimeout):
        page.wait_for_url("**stretch=*", timeout=3_000)
    return "stretch=" in page.url


def click_mark(page: Page, mark: Locator) -> None:
    page.mouse.move(0, 0)
    mark.scroll_into_view_if_needed()
    mark.hover(force=True)
    expect(keyed(page, "anomalies").locator(".hoverlayer > *").first).to_be_attached()  # Plotly has seen the mouse
    box = mark.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def test_a_mark_is_clicked(page: Page, server: Server) -> None:
    mark = keyed(page, "anomalies").locator(".scatterlayer .trace .points path").first
    for sensor in range(1, 19):  # some sensor has raised an alarm
        open_anomalies(page, server, f"sensor={sensor}")
        settled(page)
        if mark.count():
            break
    wait_for(page, lambda: is_taken(page, mark), "the stretch around the mark in the URL")
    expect(keyed(page, "verdict_card")).to_be_visible()
    expect_no_error(page)


def test_a_threshold_is_moved_adopted_and_given_back(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/anomalies?view=threshold")
    expect_chart(page, "replay")
    slider = keyed_from(page, "replay_").get_by_role("slider")
    slider.focus()
    for _press in range(3):
        slider.press("ArrowRight")
    page.wait_for_url("**threshold=*")
    settled(page)
    expect(keyed(page, "adopt").get_by_role("button")).to_be_enabled()
    screenshot(page, "anomalies_threshold")
    keyed(page, "adopt").get_by_role("button").click()
    success(page, "raises alarms from")
    expect(keyed(page, "adopt").get_by_role("button")).to_be_disabled()
    page.reload()
    settled(page)
    expect(slider).to_have_attribute("aria-valuetext", re.compile(r"^(?!1\.4 ).* \(now\)$"))
    expect(keyed(page, "state")).to_contain_text("Normal")
    expect_no_error(page)


def test_what_is_new_is_said_by_itself_and_shown_on_demand(page: Page, server: Server) -> None:
    page.clock.install()
    open_anomalies(page, server, f"sensor={sensor_id_of(server, 'Press 1 light')}")
    settled(page)
    expect(keyed(page, "refresh")).to_have_count(0)
    add_reading(server, "Press 1 light", 123.4)
    page.clock.fast_forward("00:35")
    expect(page.get_by_test_id("stMetric").filter(has_text="Value")).to_contain_text("123.4")
    keyed(page, "refresh").get_by_role("button").click()
    expect(keyed(page, "refresh")).to_have_count(0)
    expect(page.get_by_test_id("stMetric").filter(has_text="Value")).to_contain_text("123.4")
    expect_no_error(page)
