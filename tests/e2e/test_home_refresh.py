"""Home, left open: it goes on by itself."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
from playwright.sync_api import Page, expect

from src.database.engine import engine_for, writing
from src.sensors.readings import add_readings
from src.sensors.sensor_manager import create_sensor_manager
from tests.e2e.browser import settled
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
    engine = engine_for(server.environment["FAROL_DATABASE_URL"])
    (sensor,) = create_sensor_manager(engine).find(["Compressor 6 light"])
    now = pd.Timestamp(datetime.now(UTC))
    readings = {"sensor_id": [sensor.sensor_id], "timestamp": [now], "value": 777.7, "data_quality": 0}
    with writing(engine) as connection:
        add_readings(connection, pd.DataFrame(readings))
    engine.dispose()
    expect(page.get_by_text("777.7")).to_have_count(0)
    page.clock.fast_forward("00:35")
    expect(page.get_by_text("777.7")).to_be_visible()
    settled(page)
    assert page.evaluate(_SCROLLED) == before
    expect_no_error(page)
