"""Predictions for sensors in both databases: kept, found, summed up, cleared away."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from src.config import get_settings
from src.database.engine import reading, writing
from src.database.tables import ml_predictions, sensors
from src.errors import InvalidPeriod, InvalidPrediction, PredictionNotFound, SensorNotFound
from src.ml.repositories import PredictionRepository
from src.ml.sensor_prediction import SensorPrediction
from tests.integration.sensor_samples import HOUR, NOON, add_sensor

NAN, INFINITY = float("nan"), float("inf")


@pytest.fixture
def kept(engine: sa.Engine) -> PredictionRepository:
    return PredictionRepository(engine)


@pytest.fixture
def saw(engine: sa.Engine) -> int:
    return add_sensor(engine)


def forecast(sensor_id: int, hours: float = 0, value: float = 55.2, **more) -> SensorPrediction:
    values = {"model_type": "FORECASTER", "prediction_timestamp": NOON + hours * HOUR, "forecasted_value": value}
    return SensorPrediction(**{"sensor_id": sensor_id} | values | more)


def anomaly(sensor_id: int, hours: float = 0, score: float = 0.9, **more) -> SensorPrediction:
    values = {"model_type": "ANOMALY_DETECTOR", "prediction_timestamp": NOON + hours * HOUR, "anomaly_score": score}
    return SensorPrediction(**{"sensor_id": sensor_id, "is_anomaly": score > 0.5} | values | more)


def age(engine: sa.Engine, prediction: SensorPrediction, days: float) -> None:
    with writing(engine) as connection:
        then = datetime.now(UTC) - timedelta(days=days)
        chosen = ml_predictions.c.prediction_id == prediction.prediction_id
        connection.execute(sa.update(ml_predictions).where(chosen).values(created_at=then))


class TestSaving:
    def test_a_prediction_comes_back_as_it_was_made(self, kept, saw):
        made = forecast(saw, confidence_low=51.0, confidence_high=59.4, model_version=3)
        saved = kept.save(made)
        assert saved == made == kept.get(saved.prediction_id)
        assert kept.by_sensor(saw, "FORECASTER", 100) == [made]
        assert datetime.now(UTC) - saved.created_at < timedelta(minutes=5)

    def test_a_time_without_a_zone_is_taken_as_utc(self, kept, saw):
        naive = datetime(2024, 3, 1, 12)  # noqa: DTZ001
        assert kept.save(forecast(saw, prediction_timestamp=naive)).prediction_timestamp == NOON

    def test_numbers_and_times_of_numpy_and_pandas_are_welcome(self, kept, saw):
        moment = pd.Timestamp("2024-03-01 09:00", tz="America/Sao_Paulo")
        made = anomaly(np.int64(saw), score=np.float32(0.5), is_anomaly=np.bool_(True), prediction_timestamp=moment)
        assert kept.save(replace(made, model_version=np.int64(2))) == anomaly(
            saw, score=0.5, is_anomaly=True, model_version=2
        )

    def test_saying_the_same_again_adds_nothing(self, kept, saw):
        one = kept.save(anomaly(saw))
        assert kept.save(anomaly(saw)).prediction_id == one.prediction_id
        assert kept.save_many([anomaly(saw), anomaly(saw, 1), anomaly(saw, 1), anomaly(saw, score=0.8)]) == 2
        assert len(kept.by_sensor(saw)) == 3

    def test_of_two_that_say_the_same_at_once_one_is_kept(self, engine, kept, saw):
        together = threading.Barrier(4)

        def save() -> None:
            together.wait()
            kept.save_many([anomaly(saw, hour) for hour in range(20)])

        threads = [threading.Thread(target=save) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(kept.by_sensor(saw)) == 20

    def test_a_thousand_sensors_in_one_call(self, engine, kept):
        ids = range(1, 1_102)
        with writing(engine) as connection:
            named = [
                {"sensor_id": key, "display_name": f"s{key}", "equipment": "Saw", "sensor_type": "x"} for key in ids
            ]
            connection.execute(sa.insert(sensors), named)
        assert kept.save_many(anomaly(key, score=key / 2_000) for key in ids) == 1_101
        assert sum(found.anomalies for found in kept.statistics(ids)) == 101
        assert len(kept.anomalies(limit=1_000)) == 101

    def test_nothing_to_save_is_nothing(self, kept):
        assert kept.save_many([]) == 0

    def test_with_one_that_cannot_be_nothing_is_kept(self, kept, saw):
        with pytest.raises(InvalidPrediction, match="forecasted_value is nan"):
            kept.save_many([forecast(saw), forecast(saw, 1, NAN)])
        with pytest.raises(InvalidPrediction, match="no type of model"):
            kept.save(forecast(saw, model_type="ORACLE"))
        assert kept.by_sensor(saw) == []

    def test_of_a_sensor_that_does_not_exist_nothing_is_kept_nor_of_the_others(self, kept, saw):
        for sensor_id in (404, 0, -1, 10**30, None, "saw"):
            with pytest.raises(SensorNotFound, match=f"There is no sensor {sensor_id}"):
                kept.save_many([forecast(saw), forecast(sensor_id)])
        assert kept.by_sensor(saw) == []


class TestFinding:
    def test_the_latest_time_comes_first_by_type_of_model(self, engine, kept, saw):
        other = add_sensor(engine, "Saw light")
        kept.save_many([forecast(saw, 1), forecast(saw, 3), forecast(saw, 2), anomaly(saw, 4), forecast(other, 9)])
        assert [found.prediction_timestamp for found in kept.by_sensor(saw, "FORECASTER")] == [
            NOON + 3 * HOUR,
            NOON + 2 * HOUR,
            NOON + HOUR,
        ]
        assert kept.by_sensor(saw, limit=1) == [anomaly(saw, 4)]
        assert kept.by_sensor(saw, limit=10**30) == kept.by_sensor(saw)
        assert len(kept.by_sensor(saw)) == 4

    def test_a_limit_that_asks_for_nothing_is_refused(self, kept, saw):
        for limit in (0, -1, 1.5, NAN, None, "10", True):
            for ask in (partial(kept.by_sensor, saw), kept.recent, kept.anomalies):
                with pytest.raises(InvalidPrediction, match="at least 1"):
                    ask(limit=limit)

    def test_what_is_asked_for_wrongly_is_named(self, kept, saw):
        with pytest.raises(InvalidPrediction, match="'ORACLE'"):
            kept.by_sensor(saw, "ORACLE")
        with pytest.raises(SensorNotFound, match="404"):
            kept.by_sensor(404)
        with pytest.raises(SensorNotFound, match="404"):
            kept.anomalies(404)
        with pytest.raises(SensorNotFound, match="404"):
            kept.scores(404)
        with pytest.raises(InvalidPeriod):
            kept.recent(hours=NAN)
        for identifier in (77, 10**30, None):
            with pytest.raises(PredictionNotFound, match=f"no prediction {identifier}"):
                kept.get(identifier)

    def test_recent_is_what_was_predicted_lately_whatever_it_speaks_of(self, engine, kept, saw):
        old = kept.save(forecast(saw, 1))
        kept.save_many([forecast(saw, 2), anomaly(saw, 3)])
        age(engine, old, 2)
        assert kept.recent() == [anomaly(saw, 3), forecast(saw, 2)]
        assert kept.recent(model_type="FORECASTER") == [forecast(saw, 2)]
        assert len(kept.recent(hours=49)) == 3

    def test_anomalies_are_what_was_said_to_be_one(self, engine, kept, saw):
        other = add_sensor(engine, "Saw light")
        kept.save_many([anomaly(saw, 1), anomaly(saw, 2, 0.1), anomaly(other, 3), anomaly(saw, 4, is_anomaly=None)])
        assert kept.anomalies() == [anomaly(other, 3), anomaly(saw, 1)]
        assert kept.anomalies(saw) == [anomaly(saw, 1)]
        assert kept.anomalies(since=NOON + 2 * HOUR) == [anomaly(other, 3)]

    def test_statistics_are_by_sensor_and_type_of_model(self, engine, kept, saw):
        other = add_sensor(engine, "Saw light")
        kept.save_many([anomaly(saw, 1, 0.9), anomaly(saw, 2, 0.1), forecast(saw, 5), anomaly(other, 3, 0.2)])
        of_saw = kept.statistics([saw])
        assert [(found.model_type, found.predictions, found.anomalies) for found in of_saw] == [
            ("ANOMALY_DETECTOR", 2, 1),
            ("FORECASTER", 1, 0),
        ]
        assert (of_saw[0].mean_score, of_saw[0].highest_score) == (pytest.approx(0.5), 0.9)
        assert (of_saw[0].first, of_saw[0].last) == (NOON + HOUR, NOON + 2 * HOUR)
        assert of_saw[1].mean_score is None
        assert [found.sensor_id for found in kept.statistics()] == [saw, saw, other]
        assert [found.model_type for found in kept.statistics(since=NOON + 4 * HOUR)] == ["FORECASTER"]

    def test_scores_are_in_the_order_of_time_and_the_last_word_counts(self, kept, saw):
        kept.save_many([anomaly(saw, 2, 0.2), anomaly(saw, 1, 0.1), forecast(saw, 1), anomaly(saw, 3, 0.3)])
        kept.save(anomaly(saw, 2, 0.9))
        scores = kept.scores(saw, since=NOON + HOUR, until=NOON + 3 * HOUR)
        assert scores.scores.tolist() == [0.1, 0.9]
        assert scores.timestamps.tolist() == [datetime(2024, 3, 1, 13), datetime(2024, 3, 1, 14)]  # noqa: DTZ001
        assert kept.scores(saw, since=NOON + 9 * HOUR).scores.size == 0


class TestChanging:
    def test_an_updated_prediction_takes_the_place_of_the_one_before(self, kept, saw):
        saved = kept.save(anomaly(saw))
        changed = kept.update(replace(saved, is_anomaly=False))
        assert (changed.is_anomaly, changed.prediction_id, changed.created_at) == (
            False,
            saved.prediction_id,
            saved.created_at,
        )
        assert kept.by_sensor(saw) == [changed]
        with pytest.raises(InvalidPrediction):
            kept.update(replace(saved, anomaly_score=NAN))
        assert kept.get(saved.prediction_id) == changed

    def test_a_deleted_prediction_is_gone(self, kept, saw):
        saved = kept.save(anomaly(saw))
        kept.delete(saved.prediction_id)
        assert kept.by_sensor(saw) == []
        for act in (
            lambda: kept.delete(saved.prediction_id),
            lambda: kept.update(saved),
            lambda: kept.update(anomaly(saw)),
        ):
            with pytest.raises(PredictionNotFound):
                act()

    def test_what_is_older_than_the_setting_is_cleared_away(self, engine, kept, saw, monkeypatch):
        old, new = kept.save(anomaly(saw, 1)), kept.save(anomaly(saw, 2))
        age(engine, old, 181)
        age(engine, new, 179)
        assert kept.delete_old() == 1
        assert kept.by_sensor(saw) == [new]
        monkeypatch.setenv("FAROL_KEEP_PREDICTIONS_DAYS", "100")
        get_settings.cache_clear()
        assert kept.delete_old() == 1

    def test_an_age_that_is_none_clears_nothing_away(self, kept, saw):
        kept.save(anomaly(saw))
        for days in (0, -1, NAN, INFINITY):
            with pytest.raises(InvalidPeriod):
                kept.delete_old(days)
        assert len(kept.by_sensor(saw)) == 1

    def test_the_search_by_sensor_goes_down_an_index(self, engine, kept):
        if engine.dialect.name != "sqlite":
            pytest.skip("PostgreSQL decides by statistics")
        with reading(engine) as connection:
            plan = connection.exec_driver_sql(
                "EXPLAIN QUERY PLAN SELECT * FROM ml_predictions WHERE sensor_id = 1 AND model_type = 'FORECASTER' "
                "ORDER BY prediction_timestamp DESC, prediction_id DESC LIMIT 100"
            ).all()
        assert [row.detail for row in plan] == [
            "SEARCH ml_predictions USING INDEX ix_ml_predictions_sensor_id_model_type_prediction_timestamp "
            "(sensor_id=? AND model_type=?)"
        ]
