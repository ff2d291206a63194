"""Data quality: empty, well, one sensor, and filters from the URL."""

from __future__ import annotations

import pandas as pd
import pytest

from src.database.engine import writing
from src.sensors.readings import add_readings, read_readings
from src.sensors.sensor_fields import SensorDescription
from src.sensors.sensor_manager import create_sensor_manager
from tests.integration.pages.samples import as_read, open_page, run, shown, the_error


def figures(app) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def test_without_readings_it_offers_the_demo_plant(language, say):
    create_sensor_manager().add(SensorDescription(display_name="one", equipment="Saw", sensor_type="lux"))
    app = open_page("data", language)
    assert app.info[0].value == say("There are no readings yet. Load the demo plant to try everything out.")
    assert app.button(key="load_demo").label == say("Load the demo plant")
    assert not app.metric


def test_it_shows_what_is_there(plant, language, say):
    app = open_page("data", language, period="all")
    count = f"{len(read_readings()):,}"
    assert figures(app)[say("Sensors")] == "12"
    assert figures(app)[say("Readings")] == (count if language == "en" else count.replace(",", "."))
    assert figures(app)[say("There and good")].startswith("9")
    assert app.dataframe[0].value[say("Sensor")].tolist()[:2] == ["Press 1 light", "Press 1 temperature"]
    assert not app.error


def test_filters_come_from_the_url(plant):
    app = open_page("data", machine="Pump 2", period="24h")
    assert (figures(app)["Sensors"], figures(app)["Silent sensors"]) == ("3", "0")
    ids = [sensor.sensor_id for sensor in create_sensor_manager().get_all_sensors()]
    chosen = {"sensors": f"{ids[0]},{ids[5]},999,x", "sensor": str(ids[5])}
    app = open_page("data", **chosen)
    assert app.dataframe[0].value["Sensor"].tolist() == ["Press 1 light", "Pump 2 vibration"]
    app = open_page("data", view="one", **chosen)
    assert app.selectbox(key="sensor").value == str(ids[5])


def test_some_days_in_the_wrong_order_are_refused(plant):
    app = open_page("data", **{"period": "custom", "from": "2026-03-02", "to": "2026-03-01"})
    assert "not after its start" in the_error(app)
    assert not app.metric


def test_days_without_readings_say_so(plant):
    app = open_page("data", **{"view": "one", "period": "custom", "from": "2020-03-01", "to": "2020-03-02"})
    assert figures(app)["Readings"] == "0"
    assert "It has no readings in this period. Choose a longer one." in [info.value for info in app.info]


@pytest.mark.parametrize(
    "query",
    [
        {"period": "never", "machine": "nowhere", "sensors": ",,²,-1", "sensor": "0"},
        {"period": "custom", "from": "yesterday", "to": "9999-99-99"},
        {"period": "custom", "from": "0001-01-01", "to": "9999-12-31"},
        {"quality_page": "-1", "view": "everything"},
        {"view": "export", "format": "exe"},
    ],
)
def test_nonsense_in_the_url_does_no_harm(plant, query):
    app = open_page("data", **query)
    assert not app.error
    assert app.metric


def test_names_and_units_with_power_are_shown_letter_by_letter():
    one = create_sensor_manager().add(
        SensorDescription(display_name="=1+1 <b>*x*</b>", equipment="[a](b)", sensor_type="$x$", unit="<i>")
    )
    times = pd.date_range("2026-03-01", periods=9, freq="10min", tz="UTC")
    frame = pd.DataFrame({"sensor_id": one.sensor_id, "timestamp": times, "value": 1.0, "data_quality": [0] * 8 + [9]})
    with writing() as connection:
        add_readings(connection, frame)
    for view in ("all", "one", "export"):
        app = open_page("data", period="all", view=view)
        assert ("code 9 1" in " ".join(shown(app))) is (view != "export")
        assert not app.error


def test_what_is_new_is_seen_at_once(plant):
    app = open_page("data", period="all")
    before = figures(app)["Readings"]
    one = create_sensor_manager().get_all_sensors()[0]
    newest = read_readings([one.sensor_id])["timestamp"].max()
    frame = pd.DataFrame(
        {"sensor_id": [one.sensor_id], "timestamp": [newest + pd.Timedelta("1us")], "value": 1.0, "data_quality": 0}
    )
    with writing() as connection:
        add_readings(connection, frame)
    assert figures(run(app))["Readings"] != before


def test_more_than_a_browser_should_be_sent_is_for_the_command_line(plant, monkeypatch):
    monkeypatch.setattr("src.dashboard.data.export_view.MOST_READINGS", 10)
    app = open_page("data", view="export", machine="Pump 2", period="24h")
    assert app.code[0].value.startswith("python -m src data export --out readings.csv '--sensor=Pump 2 light'")
    assert any("That is more than 10 readings" in as_read(info.value) for info in app.info)
