"""Model status: without sensors, without models, with models in order, and with some that are not."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest

from src.database.engine import get_engine
from src.ml.ml_engine import create_ml_engine
from src.sensors.sensor_manager import create_sensor_manager
from tests.integration.pages.samples import click, open_page, run, shown
from tests.integration.sensor_samples import HOUR, add_sensor, store

HISTORY, SINCE = 200, 24


def figures(app) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def rows_of(app) -> dict[str, dict]:
    return {row["Sensor"]: row for row in app.dataframe[0].value.to_dict("records")}


def usual(first: int, count: int) -> list[float]:
    return [20 + 5 * math.sin((first + place) * math.pi / 12) for place in range(count)]


@pytest.fixture
def trained() -> dict[str, int]:
    """Two sensors that were trained a day ago; one has gone on as before, the other has jumped since; one untrained."""
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - (HISTORY + SINCE) * HOUR
    ids = {name: add_sensor(get_engine(), name) for name in ("steady", "jumped", "new")}
    engine = create_ml_engine()
    for name in ("steady", "jumped"):
        store(get_engine(), ids[name], usual(0, HISTORY), start=start, step=HOUR)
        engine.train_anomaly_detector(ids[name])
        engine.forecast_sensor(ids[name])
        offset = 0 if name == "steady" else 50
        since = [value + offset for value in usual(HISTORY, SINCE)]
        store(get_engine(), ids[name], since, start=start + HISTORY * HOUR, step=HOUR)
    store(get_engine(), ids["new"], usual(0, 60), start=start, step=HOUR)
    return ids


def test_without_sensors_it_offers_the_demo_plant(language, say):
    app = open_page("model_status", language)
    assert app.info[0].value == say("There are no sensors yet. Load the demo plant to try everything out.")
    assert app.button(key="load_demo")


def test_without_models_it_leads_to_the_training(plant, language, say):
    app = open_page("model_status", language)
    assert app.info[0].value == say("No sensor has a model yet. Train some first.")
    assert app.button(key="train_without").label == say("Train those without models")
    assert not app.dataframe


def test_it_shows_how_old_and_how_good_the_models_are(trained, language, say):
    app = open_page("model_status", language)
    assert figures(app) == {
        say("Sensors"): "3",
        say("With a detector"): "2",
        say("With a forecaster"): "2",
        say("Coverage"): {"en": "66.7%", "pt_BR": "66,7%"}[language],
        say("Drift"): "1",
        say("Worse"): "1",
    }
    table = app.dataframe[0].value
    assert table[say("Sensor")].tolist() == ["jumped", "new", "steady"]
    worse, without, in_order = table[say("State")].tolist()
    assert worse == f"{say('worse than at training')}, {say('with drift')}"
    assert (without, in_order) == (say("without models"), say("in order"))
    assert table[say("Detector")].tolist()[0].startswith("v1, ")
    assert table[say("Detector")].tolist()[1] == "—"
    assert table[say("Last to training")].tolist()[0] > 1.5
    assert table[say("Last to training")].tolist()[2] < 1.5
    assert "75" in table[say("Drift")].tolist()[0]
    assert any(say("Data as of {time}", time="").strip() in text for text in shown(app))


@pytest.mark.parametrize(("condition", "names"), [("without", ["new"]), ("drift", ["jumped"]), ("worse", ["jumped"])])
def test_the_url_says_which_are_looked_at(trained, condition, names):
    assert list(rows_of(open_page("model_status", condition=condition))) == names


def test_where_none_is_left_it_says_so(trained):
    engine = create_ml_engine()
    engine.train_anomaly_detector(trained["jumped"])
    engine.train_forecaster(trained["jumped"])
    app = open_page("model_status", condition="drift")
    assert "No sensor fits the filters." in [info.value for info in app.info]
    assert figures(app)["Drift"] == "0"


def test_what_was_trained_since_is_seen_at_once(trained):
    app = open_page("model_status")
    assert rows_of(app)["steady"]["Detector"].startswith("v1, ")
    create_ml_engine().train_anomaly_detector(trained["steady"])
    assert rows_of(run(app))["steady"]["Detector"].startswith("v2, ")


def test_a_forecaster_is_called_as_people_do(trained, language, say):
    create_ml_engine().train_forecaster(trained["new"], model="seasonal_naive")
    table = open_page("model_status", language).dataframe[0].value.set_index(say("Sensor"))
    assert table.loc["new", say("Forecaster")].startswith(f"v1, {say('Seasonal naive')}, ")


@pytest.mark.parametrize(
    ("button", "query"),
    [
        ("train_without", {"which": "without", "machine": "Saw"}),
        ("train_drift", {"which": "some", "sensors": "jumped"}),
        ("train_worse", {"which": "some", "sensors": "jumped"}),
    ],
)
def test_just_those_not_in_order_are_offered_for_training(trained, monkeypatch, button, query):
    gone: list[tuple[str, dict[str, str]]] = []
    monkeypatch.setattr("src.dashboard.time_series.status_page.go_to", lambda path, **to: gone.append((path, to)))
    click(open_page("model_status", machine="Saw"), button)
    if "sensors" in query:
        query = query | {"sensors": str(trained[query["sensors"]])}
    assert gone == [("training", query)]


def test_nonsense_in_the_url_does_no_harm(trained):
    app = open_page("model_status", machine="nowhere", condition="magic", model_status_page="-3")
    assert not app.error
    assert len(rows_of(app)) == 3


def test_sensors_out_of_use_are_left_out(trained):
    manager = create_sensor_manager()
    manager.set_enabled(manager.get_sensor(trained["new"]), False, actor="Ana")
    assert set(rows_of(open_page("model_status"))) == {"steady", "jumped"}


def test_times_are_those_of_the_readings(trained):
    newest = rows_of(open_page("model_status"))["steady"]["Newest reading"]
    assert datetime.fromisoformat(newest.replace(" UTC", "+00:00")) > datetime.now(UTC) - timedelta(hours=3)
