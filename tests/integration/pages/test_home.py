"""Home: empty, well, with machines that need attention, and with something to do next."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa

from src.database.app_state import change_state, get_state
from src.database.engine import writing
from src.database.tables import sensor_readings
from src.errors import ModelStoreUnavailable
from src.ml.ml_engine import MLEngine, create_ml_engine
from src.ml.sensor_models.store import SensorModels
from src.sensors.events import Event, add_events
from src.sensors.readings import add_readings, read_readings
from src.sensors.sensor_manager import Sensor, SensorDescription, add_sensors, create_sensor_manager
from tests.integration.pages.samples import click, open_page, put_running_job, shown, the_error

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
    assert figures[say("Readings")].replace(".", "").replace(",", "") == str(len(read_readings()))
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


def _train(sensors: Sequence[Sensor]) -> None:
    for sensor in sensors:
        create_ml_engine().train_anomaly_detector(sensor.sensor_id)


def _put_trained_gearbox(last: list[float], until: datetime = NOW) -> Sensor:
    """A machine whose sensor has gone up and down for two days, and has a detector; then come its last readings."""
    usual = [5 + math.sin(place / 8) for place in range(300)]
    _put_gearbox([value / 10 for value in usual], until - timedelta(minutes=10) * len(last))
    (sensor,) = create_sensor_manager().find(["oil"])
    _train([sensor])
    times = pd.date_range(end=until, periods=len(last), freq="10min")
    with writing() as connection:
        add_readings(
            connection,
            pd.DataFrame({"sensor_id": sensor.sensor_id, "timestamp": times, "value": last, "data_quality": 0}),
        )
    return sensor


def test_without_a_detector_nothing_is_said_of_anomalies(plant, language, say):
    app = open_page("home", language)
    assert _key_figures(app)[say("Anomalies now")] == _key_figures(app)[say("Open faults")] == "—"
    assert not any(say("score {score}", score="") in text for text in shown(app))


def test_a_normal_sensor_has_its_score_and_nothing_more(language, say):
    _put_trained_gearbox([0.5, 0.51, 0.52])
    app = open_page("home", language)
    assert _key_figures(app)[say("Anomalies now")] == _key_figures(app)[say("Open faults")] == "0"
    assert any(f"{say('score {score}', score='0')}" in text for text in shown(app))
    assert not app.get("page_link")


@pytest.mark.parametrize("last", [[0.8, 0.8], [0.7, 0.8, 0.9]], ids=["new", "going on"])
def test_an_anomaly_is_said_in_words_and_leads_to_the_sensor(last, model, monkeypatch, language, say):
    sensor = _put_trained_gearbox(last)
    app = open_page("home", language)
    assert _key_figures(app)[say("Anomalies now")] == "1"
    assert any(f"{say('anomaly')}, " in text for text in shown(app))
    (link,) = app.get("page_link")
    assert link.proto.label == say("Look at {sensor}", sensor="oil")
    assert link.proto.query_string == f"sensor={sensor.sensor_id}"
    gone: list[tuple[str, dict[str, str]]] = []
    monkeypatch.setattr("src.dashboard.operations.next_step.go_to", lambda path, **query: gone.append((path, query)))
    click(app, "go_anomalies")
    assert gone == [("anomalies", {"sensor": str(sensor.sensor_id)})]


def test_a_silent_sensor_is_an_open_fault(language, say):
    _put_trained_gearbox([0.5, 0.5], NOW - timedelta(hours=5))
    app = open_page("home", language)
    assert _key_figures(app)[say("Open faults")] == "1"
    assert _key_figures(app)[say("Anomalies now")] == "0"
    assert any(say("sensor fault") in text for text in shown(app))
    assert app.button(key="go_anomalies")


def test_machines_with_a_fault_come_before_those_without(plant):
    _put_trained_gearbox([0.5, 0.5], NOW - timedelta(hours=5))
    names = [text for text in shown(open_page("home")) if text in ("Press 1", "Gearbox")]
    assert names == ["Gearbox", "Press 1"]


def test_the_detectors_are_asked_once_for_all_sessions_and_never_trained(plant, monkeypatch):
    _train(create_sensor_manager().get_all_sensors()[:2])
    versions = SensorModels().versions()
    asked: list[bool] = []
    ask = MLEngine.detect_all

    def count(self: MLEngine, *args: Any, train: bool = True, **options: Any) -> Any:
        asked.append(train)
        return ask(self, *args, train=train, **options)

    monkeypatch.setattr(MLEngine, "detect_all", count)
    for _ in range(3):
        open_page("home")
    assert asked == [False]
    assert SensorModels().versions() == versions


def test_detectors_that_cannot_be_asked_leave_the_rest_of_home(plant, monkeypatch):
    _train(create_sensor_manager().get_all_sensors()[:1])

    def fail(*_args: Any, **_options: Any) -> None:
        raise ModelStoreUnavailable("The folder {folder!r} cannot be read.", folder="models")

    monkeypatch.setattr(MLEngine, "detect_all", fail)
    app = open_page("home")
    assert "cannot be read" in the_error(app)
    assert "Press 1" in shown(app)


def test_the_demo_plant_is_brought_up_to_now(plant):
    with writing() as connection:
        connection.execute(sa.delete(sensor_readings))
        state = get_state(connection, "demo_plant", for_change=True)
        assert state is not None
        change_state(connection, "demo_plant", dict(state) | {"end": state["end"] - 3})
    open_page("home")
    assert len(read_readings()) > 0


def test_where_there_is_no_demo_plant_nothing_is_added():
    _put_gearbox([0.5] * 4, NOW - timedelta(hours=1))
    open_page("home")
    assert len(read_readings()) == 4


def test_sensors_without_models_are_suggested_for_training(plant, model, language, say):
    app = open_page("home", language)
    assert app.button(key="go_training").label == say("Training")


def test_with_all_kinds_of_models_home_suggests_to_ask_one(model, language, say):
    _put_trained_gearbox([0.5, 0.51])
    assert open_page("home", language).button(key="go_predict").label == say("Predict by hand")


def test_while_a_job_runs_home_suggests_to_look_at_it(plant, language, say):
    put_running_job()
    assert open_page("home", language).button(key="go_jobs").label == say("Jobs")
