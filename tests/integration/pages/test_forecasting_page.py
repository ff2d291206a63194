"""Forecasting: empty, well, what cannot be forecast, and slow models as jobs."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from src.database.engine import get_engine
from src.errors import InvalidSeries
from src.jobs import Job, get_job, list_jobs, queue
from src.jobs.processes import this_host
from src.ml.ml_engine import create_ml_engine
from src.ml.sensor_models.forecast_job import KIND, parameters_for
from src.ml.sensor_models.forecast_report import forecast_components, forecast_report
from src.notes import Note
from src.sensors.sensor_fields import SensorDescription
from src.sensors.sensor_manager import Sensor, create_sensor_manager
from src.storage.json_values import json_dict
from tests.integration.pages.samples import as_read, click, open_page, run, shown, the_error
from tests.integration.sensor_samples import HOUR, store

VIEWS = ("metrics", "backtest", "components", "issued", "values")


def figures(app: AppTest) -> dict[str, str]:
    return {metric.label: as_read(metric.value) for metric in app.metric}


def add(name: str = "Saw heat", **more: Any) -> Sensor:
    values = {"display_name": name, "equipment": "Saw", "sensor_type": "temperature", "unit": "°C", **more}
    return create_sensor_manager().add(SensorDescription(**values))


def swing(hours: int) -> list[float]:
    """A day's swing of 10 around 50, coolest at the end."""
    before_end = np.arange(hours)[::-1]
    noise = np.random.default_rng(3).normal(0, 0.3, hours)
    return (50 - 10 * np.cos(2 * np.pi * before_end / 24) + noise).tolist()


def fill(sensor: Sensor, values: list[float], *, until: datetime | None = None) -> None:
    """Store a reading an hour, up to the last hour that is over."""
    end = until or datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    store(get_engine(), sensor.sensor_id, values, start=end - len(values) * HOUR, step=HOUR)


def test_without_sensors_it_offers_the_demo_plant(language, say):
    app = open_page("forecasting", language)
    assert app.info[0].value == say("There are no sensors yet. Load the demo plant to try everything out.")
    assert app.button(key="load_demo").label == say("Load the demo plant")
    assert not app.metric


@pytest.mark.parametrize("view", VIEWS)
def test_a_forecast_is_shown_with_what_it_rests_on(view, language, say):
    fill(add(), swing(400))  # of the plant it depends on the hour whether a model is worth it
    app = open_page("forecasting", language, view=view)
    assert figures(app)[say("Error against the naive")].endswith("%")
    assert " / " in figures(app)[say("Within the 80 / 95% band")]
    names = " ".join(shown(app))
    for text in ("forecast", "measured (hourly means)", "now"):
        assert say(text) in names
    assert say("{level}% band", level=80) in names
    assert any(
        say("{model}, version {version}", model=say("Median ensemble"), version=1) in text for text in shown(app)
    )
    assert not app.error
    what = {
        "metrics": lambda: "MASE" in figures(app),
        "backtest": lambda: say("Mean error of the naive") in figures(app),
        "components": lambda: say("Season of the day") in names,
        "issued": lambda: (
            app.info[-1].value
            == say("None of these hours is over yet. Each forecast is kept, and held against the readings that come.")
        ),
        "values": lambda: len(app.dataframe[0].value) == 24,
    }
    assert what[view]()


def test_the_url_says_what_is_shown(plant):
    sensor = create_sensor_manager().get_all_sensors()[4]
    query = {"sensor": str(sensor.sensor_id), "horizon": "48", "model": "seasonal_naive", "view": "values"}
    app = open_page("forecasting", **query)
    assert [app.selectbox(key=key).value for key in ("sensor", "horizon", "model")] == list(query.values())[:3]
    assert len(app.dataframe[0].value) == 48
    assert figures(app)["Error against the naive"] == "—"


def test_other_hours_are_typed_and_kept_in_the_url(plant):
    app = open_page("forecasting", horizon="5", view="values")
    assert (app.selectbox(key="horizon").value, app.text_input(key="hours").value) == ("custom", "5")
    assert len(app.dataframe[0].value) == 5
    app.text_input(key="hours").set_value("7")
    assert len(run(app).dataframe[0].value) == 7
    assert app.query_params["hours"] == "7"


@pytest.mark.parametrize(
    ("query", "hours"),
    [
        ({"horizon": ""}, 24),
        ({"horizon": "custom", "hours": ""}, 72),
        ({"horizon": "custom"}, 72),
        ({"sensor": ""}, 24),
    ],
)
def test_what_the_url_leaves_open_is_chosen(plant, query, hours):
    app = open_page("forecasting", view="values", **query)
    assert f"of {hours}" in " ".join(shown(app)) or len(app.dataframe[0].value) == hours
    assert not app.error


@pytest.mark.parametrize("hours", ["0", "100000", "abc", "-5", "1e3", "²", "24.5", "9" * 400])
def test_hours_that_cannot_be_forecast_are_refused_and_can_be_mended(plant, hours):
    app = open_page("forecasting", horizon=hours)
    assert "Choose a whole number from 1 to 2,160." in the_error(app)
    assert app.text_input(key="hours").value == hours
    assert not app.metric
    app.text_input(key="hours").set_value("12")
    assert run(app).metric
    assert not app.error


def test_an_unknown_sensor_is_named_and_another_one_shown(plant, language, say):
    app = open_page("forecasting", language, sensor="999", model="magic", view="everything")
    assert the_error(app).startswith(say("There is no sensor {sensor_id}.", sensor_id=999))
    assert app.selectbox(key="model").value == "auto"
    assert app.metric


def test_too_few_readings_are_said_so_with_a_way_out(language, say):
    fill(add(), swing(20))
    app = open_page("forecasting", language)
    assert "20" in the_error(app)
    assert app.button(key="go_import").label == say("Import readings")


def test_a_sensor_without_readings_is_said_so(language, say):
    add()
    app = open_page("forecasting", language)
    assert the_error(app).startswith(say("The sensor {name!r} has no good readings.", name="Saw heat"))
    assert app.button(key="go_import")


def test_nothing_is_forecast_for_a_sensor_out_of_use(language, say):
    used, unused = add("one"), add("two", enabled=False)
    for sensor in (used, unused):
        fill(sensor, swing(100))
    assert open_page("forecasting", language).selectbox(key="sensor").value == str(used.sensor_id)
    app = open_page("forecasting", language, sensor=str(unused.sensor_id))
    message = "{sensor} is out of use, and nothing is forecast for it. Take it into use, or choose another one."
    assert app.info[0].value == say(message, sensor="two")
    assert app.button(key="go_sensors")
    assert not app.metric


def test_a_limit_that_is_expected_to_be_crossed_is_told(language, say):
    fill(add(warning_high=55.0, critical_high=500.0), swing(400))
    app = open_page("forecasting", language)
    said = as_read(app.warning[0].value)
    expected = say(
        "{limit} ({value}) is expected to be crossed at {time}.",
        limit=say("High warning limit"),
        value="55 °C",
        time="|",
    )
    assert said.startswith(expected.split("|")[0])
    assert any(say("Too far off to be drawn: {limits}", limits="")[:12] in as_read(one.value) for one in app.caption)


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"warning_low": 45.0}, "is crossed now, and the coming hour is expected to be beyond it too."),
        ({"physical_max": 50.0}, "which cannot be: do not believe the forecast there."),
        ({"critical_high": 100.0}, "No limit is expected to be crossed in the 24 h ahead, not even by the 95% band."),
    ],
)
def test_each_limit_is_told_in_its_own_words(limits, said):
    fill(add(**limits), swing(400))
    app = open_page("forecasting")
    assert next(as_read(alert.value) for alert in (*app.warning, *app.success)).endswith(said)


def test_a_limit_that_only_a_band_reaches_is_told_more_quietly():
    fill(add(critical_low=25.0, warning_low=27.0), (np.random.default_rng(5).normal(50, 10, 600)).tolist())
    app = open_page("forecasting")
    assert not app.warning
    said = as_read(app.info[0].value)
    assert "band reaches it" in said


def test_a_sensor_without_limits_is_told_where_to_set_them(language, say):
    fill(add(), swing(100))
    app = open_page("forecasting", language)
    assert app.button(key="go_sensors").label == say("Set limits")
    assert not app.warning
    assert not app.success


def test_old_data_is_amber_and_the_line_is_at_its_end(language, say):
    fill(add(), swing(100), until=datetime(2026, 3, 1, tzinfo=UTC))
    app = open_page("forecasting", language)
    assert any("orange-badge" in caption.value for caption in app.caption)
    assert say("end of the data") in shown(app)
    assert say("now") not in shown(app)


def test_fresh_data_is_not_amber(plant):
    assert not any("orange-badge" in caption.value for caption in open_page("forecasting").caption)


def test_where_mape_is_meaningless_there_is_a_dash_and_the_reason(language, say):
    fill(add(), [0.0 if value < 42 else value for value in swing(200)])
    app = open_page("forecasting", language)
    assert figures(app)["MAPE"] == "—"
    reason = say("MAPE is meaningless here: some of the values are near zero. Look at MAE or MASE.")
    assert any(reason in as_read(caption.value) for caption in app.caption)


def test_past_forecasts_are_held_against_the_readings_that_came(language, say):
    sensor = add()
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    fill(sensor, swing(100), until=end - 5 * HOUR)
    open_page("forecasting", language)
    fill(sensor, [45.0] * 5, until=end)
    tables = [table.value for table in open_page("forecasting", language, view="issued").dataframe]
    assert tables[0][say("Hours ahead")].tolist() == [
        say("{low} to {high} h", low=a, high=b) for a, b in ((0, 1), (1, 3), (3, 6))
    ]
    assert tables[0][say("Hours compared")].tolist() == ["1", "2", "2"]
    assert tables[1][say("Model")].tolist() == [
        say("{model}, version {version}", model=say("Median ensemble"), version=1)
    ]


def test_a_sensor_that_never_moves_is_forecast_all_the_same(language, say):
    fill(add(), [5.0] * 300)
    app = open_page("forecasting", language)
    assert figures(app)[say("Error against the naive")] == "0%"
    assert figures(app)["MASE"] == "—"
    assert say("Seasonal naive") in " ".join(shown(app))
    assert " auto " not in " ".join(shown(app))


def test_new_readings_are_seen_at_once():
    sensor = add()
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    fill(sensor, swing(100), until=end - HOUR)
    app = open_page("forecasting", view="values")
    before = app.dataframe[0].value.iloc[0, 0]
    fill(sensor, [45.0], until=end)
    assert run(app).dataframe[0].value.iloc[0, 0] > before


def test_a_model_that_is_trained_anew_is_seen_at_once(plant):
    app = open_page("forecasting")
    assert any("version 1" in text for text in shown(app))
    create_ml_engine().train_forecaster(create_sensor_manager().get_all_sensors()[0].sensor_id)
    assert any("version 2" in text for text in shown(run(app)))


def test_names_and_units_with_power_are_shown_letter_by_letter():
    fill(add("=1+1 <b>*x*</b>", equipment="[a](b)", unit="<i>", warning_high=55.0), swing(400))
    for view in VIEWS:
        app = open_page("forecasting", view=view)
        assert not app.error
        assert "55 <i>" in as_read(app.warning[0].value)
        assert "\\<i\\>" in app.warning[0].value


def put_job(sensor: Sensor, model: str, **end: Any) -> Job:
    """Leave a job as its worker does."""
    job_id = secrets.token_hex(8)
    queue.insert(job_id, KIND, Note("Forecast"), parameters_for(sensor, 24, model))
    assert queue.claim_next(64, this_host()) is not None
    if end:
        assert queue.finish(job_id, **end)
    return get_job(job_id)


def put_finished(sensor: Sensor, model: str, **changed: Any) -> Job:
    """Leave a job that is done; what it says was made by a fast model, but for what is changed."""
    engine = create_ml_engine()
    report = replace(forecast_report(engine, sensor, 24, "auto"), **changed)
    parts = forecast_components(engine, sensor.sensor_id, "auto")
    record = {"report": report.to_record(), "components": parts.to_record()}
    return put_job(sensor, model, state="done", result=json_dict(record, "result"), progress=1.0)


@pytest.mark.parametrize("model", ["prophet", "auto_arima"])
def test_a_slow_model_is_asked_for_by_a_button_that_starts_a_job(plant, model):
    app = open_page("forecasting", model=model)
    assert ("some minutes" in app.info[0].value) is (model == "auto_arima")
    assert not list_jobs()
    app = click(app, "start_forecast")
    (job,) = list_jobs()
    sensor = create_sensor_manager().get_all_sensors()[0]
    assert job.parameters == parameters_for(sensor, 24, model)
    assert app.button(key=f"cancel_{job.job_id}")


def test_what_a_job_has_forecast_is_found_again(language, say):
    sensor = add(warning_high=55.0)
    fill(sensor, swing(400))
    put_finished(sensor, "prophet")
    for view in VIEWS:
        app = open_page("forecasting", language, model="prophet", view=view)
        assert say("Error against the naive") in figures(app)
        assert app.warning
        assert not app.error
    assert "start_forecast" not in [button.key for button in app.button]
    assert "start_forecast" in [button.key for button in open_page("forecasting", model="prophet", horizon="48").button]


def test_a_model_without_a_backtest_says_so(language, say):
    sensor = add()
    fill(sensor, swing(200))
    put_finished(sensor, "auto_arima", backtest=None, requested_model="auto_arima", is_calibrated=False)
    app = open_page("forecasting", language, model="auto_arima")
    assert say("Error against the naive") not in figures(app)
    assert " / " in figures(app)[say("Within the 80 / 95% band")]
    app = open_page("forecasting", language, model="auto_arima", view="backtest")
    text = "{model} has no backtest: it would be fitted eight times, for minutes each."
    assert app.info[0].value == say(text, model="AutoARIMA")


def test_limits_that_have_changed_since_a_job_count(language, say):
    sensor = add(warning_high=55.0)
    fill(sensor, swing(400))
    put_finished(sensor, "prophet")
    manager = create_sensor_manager()
    manager.update(sensor, SensorDescription(**{**description(sensor), "warning_high": 99.0}), actor="Ana")
    assert not open_page("forecasting", language, model="prophet").warning


def description(sensor: Sensor) -> dict[str, Any]:
    return {name: value for name, value in vars(sensor).items() if name != "sensor_id"}


def test_a_forecast_before_the_newest_readings_can_be_made_again(language, say):
    sensor = add()
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    fill(sensor, swing(100), until=end - 2 * HOUR)
    put_finished(sensor, "prophet")
    assert not open_page("forecasting", language, model="prophet").info
    fill(sensor, [45.0, 45.0], until=end)
    app = open_page("forecasting", language, model="prophet")
    assert app.info[0].value == say("Readings have come since this forecast was made.")
    assert app.button(key="start_forecast").label == say("Forecast again")
    assert app.metric


def test_a_job_that_failed_says_why_and_can_be_tried_again(plant, language, say):
    sensor = create_sensor_manager().get_all_sensors()[0]
    error = InvalidSeries("There are {count:,} values at different times.", count=3)
    job = put_job(sensor, "prophet", state="failed", error=error)
    app = open_page("forecasting", language, model="prophet")
    assert "3" in the_error(app)
    assert app.button(key=f"retry_{job.job_id}")


def test_a_new_sensor_does_not_get_the_forecast_of_a_deleted_one():
    sensor = add()
    fill(sensor, swing(100))
    put_finished(sensor, "prophet")
    create_sensor_manager().delete(sensor.sensor_id, actor="Ana")
    another = add("Saw noise")
    fill(another, swing(100))
    assert not open_page("forecasting", model="prophet", sensor=str(another.sensor_id)).metric


def test_the_page_of_jobs_opens_the_forecast(plant, language, say):
    sensor = create_sensor_manager().get_all_sensors()[1]
    put_job(sensor, "prophet")
    assert say("Open the forecast") in [button.label for button in open_page("jobs", language).button]
