"""Importing readings in a browser: refused with the reasons, mended, tried, imported, and there."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from src.database.engine import engine_for, reading
from tests.e2e.accessibility import complaints
from tests.e2e.server import Server
from tests.e2e.widgets import expect_no_error, keyed, table_with, upload, wait_for

ROWS = [f"Press 1 temperature,2020-01-01T{hour:02}:00:00Z,{20 + hour / 4}" for hour in range(24)]


def file(*rows: str) -> bytes:
    return "\n".join(["tag,when,value", *rows, ""]).encode()


def stored_before_2021(server: Server) -> int:
    engine = engine_for(f"sqlite:///{server.folder / 'data' / 'farol.db'}")
    with reading(engine) as connection:
        count = connection.exec_driver_sql(
            "SELECT COUNT(*) FROM sensor_readings WHERE timestamp < 1609459200000000"
        ).scalar()
    engine.dispose()
    return count or 0


def test_a_file_is_refused_then_mended_tried_and_imported(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/import")
    upload(page, "bad.csv", file(*ROWS, "Press 1 temprature,2020-01-02T00:00:00Z,1", ROWS[0].replace("20.0", '"20,0"')))
    expect(keyed(page, "check")).to_be_visible()
    assert complaints(page) == []
    keyed(page, "check").get_by_role("button").click()
    problems = page.get_by_role("listitem").filter(has_text="Row 2")
    expect(problems).to_have_count(2)
    expect(problems.first).to_contain_text("Is 'Press 1 temperature' meant?")
    expect(problems.last).to_contain_text("'20,0' has a comma")

    keyed(page, "back").get_by_role("button").click()
    upload(page, "good.csv", file(*ROWS))
    rows = wait_for(page, lambda: table_with(page, "tag", "when", "value"), "the first rows")
    assert rows[0] == {"tag": "Press 1 temperature", "when": "2020-01-01T00:00:00Z", "value": "20.0"}
    keyed(page, "check").get_by_role("button").click()
    expect(keyed(page, "import")).to_be_visible()
    assert stored_before_2021(server) == 0
    page.reload()
    keyed(page, "import").get_by_role("button").click()
    expect(page.get_by_text("The readings are in the database.")).to_be_visible()
    assert stored_before_2021(server) == 24
    assert complaints(page) == []
    keyed(page, "go_data").get_by_role("button").click()
    page.wait_for_url("**/data?period=custom&from=2020-01-01&to=2020-01-0*&sensors=*")
    wait_for(page, lambda: len(table_with(page, "Sensor", "There and good")) == 1, "the quality of what was imported")
    expect_no_error(page)
