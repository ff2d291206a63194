"""What the API says of sensors, saved models and jobs: as the engine says it, and forecasts once for all who ask."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline

from src.api.sensor_answers import MOST_WAITING, SensorAnswers
from src.database.engine import reading, writing
from src.database.tables import forecasts, sensors
from src.jobs import queue
from src.ml.anomaly_verdicts import Verdict, add_verdict
from src.ml.forecast_ledger import read_forecasts
from src.ml.ml_engine import MLEngine
from src.ml.preparation import make_preparation
from src.ml.signature import Signature, as_model_input, describe_features
from src.notes import Note
from src.sensors.sensor_manager import create_sensor_manager
from src.utils.model_store import default_store
from tests.integration.api_clients import api_client, error_of
from tests.integration.sensor_samples import HOUR, add_sensor, store
from tests.integration.watched_sensors import newest_hour, store_latest, watched_sensor


@pytest.fixture
def sensor(engine: sa.Engine) -> int:
    return watched_sensor(engine, left_out=1)


@pytest.fixture
def api(engine: sa.Engine) -> Iterator[TestClient]:
    with api_client() as client:
        yield client


@pytest.fixture
def issued(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int, str]]:
    """What the engine was really asked to forecast."""
    asked: list[tuple[int, int, str]] = []
    forecast = MLEngine.forecast_sensor

    def noted(self: MLEngine, sensor_id: int, periods: int = 24, model: str = "auto") -> dict:
        asked.append((sensor_id, periods, model))
        return forecast(self, sensor_id, periods, model)

    monkeypatch.setattr(MLEngine, "forecast_sensor", noted)
    return asked


def forecast_of(api: TestClient, sensor: int, **asked: object) -> dict:
    answer = api.get(f"/api/v1/sensors/{sensor}/forecast", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


class TestSensors:
    def test_they_are_listed_with_their_newest_good_reading(self, api, engine, sensor):
        silent = add_sensor(engine, "Saw light", enabled=False)
        store(engine, sensor, [99.0], start=newest_hour(), quality=2)
        body = api.get("/api/v1/sensors").json()
        assert body["count"] == 2
        first, second = body["sensors"]
        assert (first["sensor_id"], first["display_name"], first["equipment"]) == (sensor, "Saw heat", "Saw")
        assert datetime.fromisoformat(first["newest_reading"]["timestamp"]) == newest_hour() - HOUR
        assert (second["sensor_id"], second["enabled"], second["newest_reading"]) == (silent, False, None)


class TestForecasts:
    def test_one_is_what_the_engine_says_and_is_kept_in_the_ledger(self, api, engine, sensor):
        body = forecast_of(api, sensor, periods=6)
        (kept,) = read_forecasts(sensor, engine=engine)
        assert body["forecast"]["forecasted_values"] == kept.value.tolist()
        assert body["forecast"]["upper_95"] == kept.high_95.tolist()
        assert datetime.fromisoformat(body["forecast"]["timestamps"][0]) == kept.first_target == newest_hour()
        assert (body["model"], body["model_version"]) == (kept.model, kept.model_version)
        assert {len(body["forecast"][name]) for name in ("timestamps", "lower_80", "upper_80", "trend")} == {6}
        assert body["metrics"]["mae"] > 0
        assert body["backtest"]["verdict"]

    def test_it_is_issued_once_while_nothing_has_changed(self, api, sensor, issued):
        first = forecast_of(api, sensor)
        assert forecast_of(api, sensor) == first
        assert issued == [(sensor, 24, "auto")]
        forecast_of(api, sensor, periods=3)
        forecast_of(api, sensor, model="seasonal_naive")
        assert issued[1:] == [(sensor, 3, "auto"), (sensor, 24, "seasonal_naive")]

    def test_a_new_reading_makes_it_a_new_one(self, api, engine, sensor, issued):
        first = forecast_of(api, sensor)
        store_latest(engine, sensor, [80.0])
        second = forecast_of(api, sensor)
        assert len(issued) == 2
        assert second["forecast"]["timestamps"][0] > first["forecast"]["timestamps"][0]

    def test_so_does_a_new_version_of_the_model_but_not_one_of_another_sensor(self, api, engine, sensor, issued):
        other = watched_sensor(engine, "Drill heat")
        first = forecast_of(api, sensor)
        MLEngine(engine).train_forecaster(other)
        assert forecast_of(api, sensor) == first
        MLEngine(engine).train_forecaster(sensor)
        assert forecast_of(api, sensor)["model_version"] == 2
        assert len(issued) == 2

    def test_and_a_new_name_of_the_sensor(self, api, engine, sensor):
        forecast_of(api, sensor)
        with writing(engine) as connection:
            connection.execute(sa.update(sensors).values(display_name="Saw warmth"))
        assert forecast_of(api, sensor)["display_name"] == "Saw warmth"

    def test_a_sensor_that_was_deleted_is_not_served_from_memory(self, api, engine, sensor):
        forecast_of(api, sensor)
        create_sensor_manager(engine).delete(sensor, actor="")
        error_of(api.get(f"/api/v1/sensors/{sensor}/forecast"), 404)

    def test_those_who_ask_at_once_get_one_and_the_same(self, sensor, issued):
        answers, found = SensorAnswers(), []
        threads = [
            threading.Thread(target=lambda: found.append(answers.forecast(sensor, 24, "auto"))) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 8
        assert len(set(found)) == 1
        assert issued == [(sensor, 24, "auto")]

    def test_too_little_to_learn_from_is_said(self, api, engine):
        sensor = add_sensor(engine)
        assert error_of(api.get(f"/api/v1/sensors/{sensor}/forecast"), 409)["code"] == "no_readings"
        store(engine, sensor, [1.0, 2.0])
        assert error_of(api.get(f"/api/v1/sensors/{sensor}/forecast"), 409)["code"] == "invalid_series"
        assert error_of(api.get(f"/api/v1/sensors/{sensor}/anomalies"), 409)["code"] == "invalid_reading_values"

    @pytest.mark.parametrize("asked", [{"periods": 0}, {"periods": 1_001}, {"model": "auto_arima"}, {"periods": "x"}])
    def test_what_cannot_be_asked_is_refused(self, api, sensor, asked):
        error_of(api.get(f"/api/v1/sensors/{sensor}/forecast", params=asked), 422)

    def test_only_so_many_wait_for_the_engine(self, api, sensor):
        answers = api.app.state.sensor_answers
        taken = [answers._turn() for _ in range(MOST_WAITING)]
        for turn in taken:
            turn.__enter__()
        answer = api.get(f"/api/v1/sensors/{sensor}/forecast")
        assert error_of(answer, 503)["code"] == "api_busy"
        assert int(answer.headers["Retry-After"]) > 0
        for turn in taken:
            turn.__exit__(None, None, None)
        forecast_of(api, sensor)


class TestAnomalies:
    def test_the_newest_reading_is_judged_and_alarms_of_the_period_are_listed(self, api, engine):
        sensor = watched_sensor(engine, hours=600, left_out=3)
        path = f"/api/v1/sensors/{sensor}/anomalies"
        calm = api.get(path).json()
        assert calm["now"]["is_anomaly"] is False
        store_latest(engine, sensor, [75.0, 76.0, 77.0])
        body = api.get(path).json()
        assert (body["now"]["value"], body["now"]["alarm_threshold"]) == (77.0, calm["now"]["alarm_threshold"])
        (alarm, *_) = body["alarms"]
        assert newest_hour() - 2 * HOUR <= datetime.fromisoformat(alarm["started_at"]) <= newest_hour()
        assert (alarm["alarms"], alarm["verdict"]) == (1, None)
        assert alarm["anomaly_score"] >= 0.6
        earlier = {"since": "2020-01-01T00:00:00Z", "until": (newest_hour() - 3 * HOUR).isoformat()}
        assert alarm not in api.get(path, params=earlier).json()["alarms"]

    def test_a_verdict_stands_beside_its_alarm(self, api, engine):
        sensor = watched_sensor(engine, hours=600, left_out=3)
        store_latest(engine, sensor, [75.0, 76.0, 77.0])
        path = f"/api/v1/sensors/{sensor}/anomalies"
        (alarm, *_) = api.get(path).json()["alarms"]
        start, end = (datetime.fromisoformat(alarm[name]) for name in ("started_at", "ended_at"))
        add_verdict(Verdict(sensor_id=sensor, started_at=start, ended_at=end, kind="real"), actor="", engine=engine)
        assert api.get(path).json()["alarms"][0]["verdict"] == "real"

    @pytest.mark.parametrize(
        "asked",
        [
            {"since": "2026-01-01T00:00:00"},
            {"since": "yesterday"},
            {"since": "1700000000"},
            {"since": "0001-01-01T00:00:00+14:00"},
            {"since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"},
            {"until": "1900-01-02T00:00:00Z", "since": "1900-01-03T00:00:00Z"},
        ],
    )
    def test_a_period_that_cannot_be_is_refused(self, api, sensor, asked):
        error_of(api.get(f"/api/v1/sensors/{sensor}/anomalies", params=asked), 422)


@pytest.fixture
def saved(engine: sa.Engine) -> None:
    """A classifier and a regressor, and one that nobody trusts."""
    rng = np.random.default_rng(5)
    table = pd.DataFrame(
        {
            "heat": rng.normal(20, 3, 120),
            "shift": rng.choice(["day", "night"], 120),
            "seen": pd.date_range("2026-01-01", periods=120, freq="h", tz="UTC"),
        }
    )
    features = as_model_input(table, list(table.columns))
    state = np.where(table["heat"] > 20, "hot", "ok")
    pipeline = make_pipeline(make_preparation(features), LogisticRegression(max_iter=5000)).fit(features, state)
    signature = Signature(describe_features(table), "state", "classification", ("hot", "ok"))
    details = {"signature": signature.to_dict()}
    metadata = {"model_type": "LogisticRegression", "task": "classification", "target": "state", "accuracy": 0.9}
    default_store().save(pipeline, "press", metadata, details=details)
    numbers = table[["heat"]]
    line = LinearRegression().fit(numbers, 2 * numbers["heat"])
    signature = Signature(describe_features(numbers), "double", "regression")
    default_store().save(line, "line", details={"signature": signature.to_dict()})
    (default_store().folder / "stranger.pkl").write_bytes(b"anything")


ROW = {"heat": 26.0, "shift": "day", "seen": "2026-01-02T00:00:00Z"}


@pytest.mark.usefixtures("saved")
class TestSavedModels:
    def test_they_are_listed(self, api):
        body = api.get("/api/v1/models").json()
        assert [each["name"] for each in body["models"]] == ["line", "press"]
        press = body["models"][1]
        assert (press["version"], press["task"], press["target"]) == (1, "classification", "state")
        assert press["metrics"]["accuracy"] == 0.9
        assert press["is_trusted"] is True

    def test_a_class_comes_with_its_probabilities_and_with_warnings(self, api):
        answer = api.post("/api/v1/models/press/predict", json={"rows": [ROW, ROW | {"heat": 5.0, "shift": "dawn"}]})
        body = answer.json()
        hot, cold = body["predictions"]
        assert (body["model"], body["version"], body["target"]) == ("press", 1, "state")
        assert (hot["outcome"], hot["warnings"]) == ("hot", [])
        assert sum(hot["probabilities"].values()) == pytest.approx(1)
        assert cold["outcome"] == "ok"
        assert len(cold["warnings"]) == 2

    def test_a_time_may_be_a_text_or_days_since_1970(self, api):
        days = 20_455.0
        asked = {"rows": [ROW, ROW | {"seen": days}]}
        one, other = api.post("/api/v1/models/press/predict", json=asked).json()["predictions"]
        assert one == other

    def test_a_value_is_a_number(self, api):
        body = api.post("/api/v1/models/line/predict", json={"rows": [{"heat": 10}]}).json()
        assert body["predictions"] == [
            {"outcome": pytest.approx(20.0), "probabilities": None, "warnings": body["predictions"][0]["warnings"]}
        ]

    def test_a_new_version_answers_at_once_and_the_old_one_can_be_asked(self, api):
        asked = {"rows": [{"heat": 10.0}]}
        path = "/api/v1/models/line/predict"
        assert api.post(path, json=asked).json()["version"] == 1
        line = LinearRegression().fit([[1.0], [2.0]], [3.0, 6.0])
        signature = Signature(describe_features(pd.DataFrame({"heat": [1.0, 2.0]})), "triple", "regression")
        default_store().save(line, "line", details={"signature": signature.to_dict()}, overwrite=True)
        second = api.post(path, json=asked).json()
        assert (second["version"], second["predictions"][0]["outcome"]) == (2, pytest.approx(30.0))
        assert api.post(path, json=asked | {"version": 1}).json()["predictions"][0]["outcome"] == pytest.approx(20.0)
        assert error_of(api.post(path, json=asked | {"version": 3}), 404)["code"] == "model_not_found"

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"heat": None}, "'heat' has no value"),
            ({"heat": "warm"}, "'heat' is 'warm'"),
            ({"heat": 1e300}, "larger than a model can take"),
            ({"seen": "yesterday"}, "'seen' is 'yesterday'"),
            ({"seen": "2026-01-02T00:00:00"}, "no time zone"),
            ({"colour": "red"}, "'colour'"),
        ],
        ids=str,
    )
    def test_a_row_that_the_model_cannot_take_is_refused_by_name(self, api, change, said):
        answer = api.post("/api/v1/models/press/predict", json={"rows": [ROW, ROW | change]})
        error = error_of(answer, 422)
        assert error["code"] == "invalid_prediction_input"
        assert said in error["message"]

    def test_a_feature_that_is_left_out_is_missed(self, api):
        for name in ROW:
            row = {key: value for key, value in ROW.items() if key != name}
            answer = api.post("/api/v1/models/press/predict", json={"rows": [row]})
            assert repr(name) in error_of(answer, 422)["message"]

    @pytest.mark.parametrize(("name", "status"), [("none", 404), ("registry", 404), ("..", 404), ("stranger", 409)])
    def test_a_model_that_is_not_there_or_not_trusted(self, api, name, status):
        error_of(api.post(f"/api/v1/models/{name}/predict", json={"rows": [ROW]}), status)


def test_a_job_is_shown_as_far_as_it_is(api, engine):
    job = queue.insert("ab12", "compare_models", Note("Compare {models}", {"models": 3}), {})
    queue.cancel(job.job_id)  # or it would be started
    body = api.get(f"/jobs/{job.job_id}").json()
    assert (body["job_id"], body["title"], body["state"]) == ("ab12", "Compare 3", "cancelled")
    assert datetime.fromisoformat(body["created_at"]) - job.created_at < timedelta(seconds=1)


def test_forecasts_of_all_models_can_be_asked_for(api, engine, sensor):
    for model in ("prophet", "auto_ets", "auto_theta", "mstl"):
        assert len(forecast_of(api, sensor, periods=2, model=model)["forecast"]["timestamps"]) == 2
    with reading(engine) as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(forecasts)) == 4
