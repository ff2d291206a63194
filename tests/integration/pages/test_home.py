"""Home: empty, well, with machines that need attention, and with something to do next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from src.database.engine import writing
from src.sensors.events import Event, add_events
from src.sensors.readings import add_readings
from src.sensors.sensor_manager import SensorDescription, add_sensors
from tests.integration.pages.samples import click, open_page, put_running_job, shown

NOW = datetime.now(UTC)


def _key_figures(app) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def _fail(equipment: str) -> None:
    with writing() as connection:
        add_events(connection, [Event(equipment, "failure", NOW - timedelta(hours=1), NOW + timedelta(hours=1))])


def test_without_sensors_home_offers_the_demo_plant_and_an_import(language, say):
    app = open_page("home", language)
    assert app.title[0].value == say("Home")
    assert app.info[0].value == say(
        "There are no sensors yet. Load the demo plant to try everything out, or import readings of your own."
    )
    assert app.button(key="load_demo").label == say("Load the demo plant")
    assert app.button(key="go_import").label == say("Import readings")
    assert not app.metric


def test_the_demo_plant_is_loaded_at_the_press_of_a_button():
    app = click(open_page("home"), "load_demo")
    assert app.success[0].value == "The demo plant is loaded."
    assert app.metric[0].value == "6"
    assert not app.info


def test_home_says_how_much_there_is(plant, model, language, say):
    put_running_job()
    figures = _key_figures(open_page("home", language))
    assert figures[say("Machines")] == "4"
    assert figures[say("Sensors")] == "12"
    assert figures[say("Readings")].replace(".", "").replace(",", "") == str(3 * 144 * 12)
    assert figures[say("Saved models")] == "1"
    assert figures[say("Jobs running")] == "1"


def test_home_shows_each_machine_with_its_state_and_readings(plant, language, say):
    app = open_page("home", language)
    texts = shown(app)
    assert {"Press 1", "Pump 2", "Fan 3", "Mixer 4"} <= set(texts)
    assert set(texts) & {say(state) for state in ("normal", "warning", "failure")}
    for quantity, unit in (("Light", "lx"), ("Temperature", "°C"), ("Vibration", "mm/s")):
        assert any(f"{say(quantity)} " in text and unit in text for text in texts)
    assert app.button(key="go_train").label == say("Train and compare")


def test_the_machines_of_one_state_are_chosen_in_the_url(plant):
    _fail("Fan 3")
    texts = shown(open_page("home", state="failure"))
    assert "Fan 3" in texts
    assert "Press 1" not in texts
    assert {"Fan 3", "Press 1"} <= set(shown(open_page("home", state="nonsense")))


def test_machines_that_need_attention_come_first(plant):
    _fail("Mixer 4")
    names = [text for text in shown(open_page("home")) if text in ("Press 1", "Pump 2", "Fan 3", "Mixer 4")]
    assert names[0] == "Mixer 4"


def _put_gearbox(values: list[float], until: datetime) -> None:
    """A machine with one sensor, that sent a reading every ten minutes until some time."""
    description = SensorDescription(display_name="oil", equipment="Gearbox", sensor_type="oil", warning_high=1.0)
    times = pd.date_range(end=until, periods=len(values), freq="10min")
    with writing() as connection:
        (sensor,) = add_sensors(connection, [description])
        readings = {"sensor_id": sensor.sensor_id, "timestamp": times, "value": values, "data_quality": 0}
        add_readings(connection, pd.DataFrame(readings))


def test_a_value_beyond_a_limit_is_marked(language, say):
    _put_gearbox([0.5, 2.0], NOW)
    assert any(say("beyond the warning limit") in text for text in shown(open_page("home", language)))


def test_a_value_within_the_limits_is_not_marked():
    _put_gearbox([2.0, 0.5], NOW)
    assert not any("beyond" in text for text in shown(open_page("home")))


@pytest.mark.parametrize(("late", "stale"), [(timedelta(minutes=29), False), (timedelta(minutes=31), True)])
def test_data_is_said_to_be_stale_once_three_readings_have_not_come(late, stale, language, say):
    _put_gearbox([0.5] * 4, datetime.now(UTC) - late)
    texts = " ".join(shown(open_page("home", language)))
    assert (say("no reading came since when one was due") in texts) is stale


def test_with_a_saved_model_home_suggests_to_ask_it(plant, model, language, say):
    app = open_page("home", language)
    assert app.button(key="go_predict").label == say("Predict by hand")


def test_while_a_job_runs_home_suggests_to_look_at_it(plant, language, say):
    put_running_job()
    assert open_page("home", language).button(key="go_jobs").label == say("Jobs")
