"""Predictions for sensors in the database."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Engine

from src.config import get_settings
from src.database.engine import reading, writing
from src.database.identifiers import plain_identifier
from src.database.tables import ml_predictions
from src.errors import PredictionNotFound
from src.ml.sensor_prediction import (
    ModelType,
    SensorPrediction,
    checked_limit,
    checked_model_type,
    checked_prediction,
)
from src.ml.sensor_repositories.prediction_rows import COLUMNS, insert_new, said, says_the_same
from src.ml.sensor_repositories.prediction_summaries import (
    PredictionStatistics,
    ScoreSeries,
    prediction_statistics,
    score_series,
)
from src.sensors.existing import existing_sensors
from src.sensors.moments import as_utc, length_of_hours

_TABLE = ml_predictions.c


class PredictionRepository:
    """The predictions for sensors in the database that the settings name, or in another one."""

    def __init__(self, engine: Engine | None = None) -> None:
        self._engine = engine

    def save(self, prediction: SensorPrediction) -> SensorPrediction:
        """Keep one prediction and return it as it is kept; saying the same again adds nothing.

        Raises
        ------
        InvalidPrediction, InvalidPeriod
            As in `checked_prediction`.
        SensorNotFound
            There is no such sensor.
        """
        prediction = checked_prediction(prediction)
        with writing(self._engine) as connection:
            insert_new(connection, [prediction])
            statement = sa.select(*COLUMNS).where(*says_the_same(said(prediction)))
            return SensorPrediction(**connection.execute(statement).mappings().first() or {})

    def save_many(self, predictions: Iterable[SensorPrediction]) -> int:
        """Keep some predictions, all or none, and return how many were new; raises as `save` does."""
        checked = [checked_prediction(prediction) for prediction in predictions]
        if not checked:
            return 0
        with writing(self._engine) as connection:
            return insert_new(connection, checked)

    def get(self, prediction_id: int) -> SensorPrediction:
        """Return one prediction.

        Raises
        ------
        PredictionNotFound
            No prediction has that identifier.
        """
        found = self._select(_is(prediction_id), limit=1)
        if not found:
            raise _not_found(prediction_id)
        return found[0]

    def by_sensor(self, sensor_id: int, model_type: str | None = None, limit: int = 100) -> list[SensorPrediction]:
        """Return the predictions for a sensor, of one type of model or of both; the latest time spoken of first.

        Raises
        ------
        SensorNotFound
            There is no such sensor.
        InvalidPrediction
            The type of model or the limit cannot be.
        """
        limit, conditions = checked_limit(limit), _of_type(model_type)
        with reading(self._engine) as connection:
            (sensor_id,) = existing_sensors(connection, [sensor_id])
        return self._select(_TABLE.sensor_id == sensor_id, *conditions, limit=limit)

    def recent(self, hours: float = 24, model_type: str | None = None, limit: int = 100) -> list[SensorPrediction]:
        """Return what was predicted in the last hours, for all sensors.

        Raises
        ------
        InvalidPeriod, InvalidPrediction
            The number of hours, the type of model or the limit cannot be.
        """
        since = datetime.now(UTC) - length_of_hours(hours)
        return self._select(_TABLE.created_at >= since, *_of_type(model_type), limit=checked_limit(limit))

    def anomalies(
        self, sensor_id: int | None = None, *, since: datetime | None = None, limit: int = 100
    ) -> list[SensorPrediction]:
        """Return the anomalies of one sensor or of all, the latest first; raises as `by_sensor` does."""
        limit, conditions = checked_limit(limit), [_TABLE.is_anomaly, *_between(since)]
        if sensor_id is not None:
            with reading(self._engine) as connection:
                conditions.append(_TABLE.sensor_id.in_(existing_sensors(connection, [sensor_id])))
        return self._select(*conditions, limit=limit)

    def statistics(
        self, sensor_ids: Iterable[int] | None = None, *, since: datetime | None = None
    ) -> list[PredictionStatistics]:
        """Sum up the predictions by sensor and type of model, of some sensors or of all; raises as `by_sensor` does."""
        conditions = _between(since)
        with reading(self._engine) as connection:
            if sensor_ids is not None:
                conditions.append(_TABLE.sensor_id.in_(existing_sensors(connection, sensor_ids)))
            return prediction_statistics(connection, *conditions)

    def scores(self, sensor_id: int, *, since: datetime | None = None, until: datetime | None = None) -> ScoreSeries:
        """Return the anomaly scores kept for a sensor, from `since` (included) to `until` (not included)."""
        conditions = _of_type(ModelType.ANOMALY_DETECTOR) + _between(since, until)
        with reading(self._engine) as connection:
            (sensor_id,) = existing_sensors(connection, [sensor_id])
            return score_series(connection, sensor_id, *conditions)

    def update(self, prediction: SensorPrediction) -> SensorPrediction:
        """Put a prediction in place of the one with its identifier; raises `PredictionNotFound` and as `save` does."""
        after = checked_prediction(prediction)
        with writing(self._engine) as connection:
            existing_sensors(connection, [after.sensor_id], keep=True)
            statement = sa.update(ml_predictions).where(_is(after.prediction_id)).values(**said(after))
            row = connection.execute(statement.returning(*COLUMNS)).mappings().one_or_none()
        if row is None:
            raise _not_found(prediction.prediction_id)
        return SensorPrediction(**row)

    def delete(self, prediction_id: int) -> None:
        """Delete one prediction; raises `PredictionNotFound` where there is none."""
        with writing(self._engine) as connection:
            if not connection.execute(sa.delete(ml_predictions).where(_is(prediction_id))).rowcount:
                raise _not_found(prediction_id)

    def delete_old(self, days: float | None = None) -> int:
        """Delete what was predicted more than so many days ago, and return how many predictions these were.

        Parameters
        ----------
        days : float, optional
            FAROL_KEEP_PREDICTIONS_DAYS by default.
        """
        before = datetime.now(UTC) - kept_for(days)
        with writing(self._engine) as connection:
            return connection.execute(sa.delete(ml_predictions).where(_TABLE.created_at < before)).rowcount

    def _select(self, *conditions: sa.ColumnElement[bool], limit: int) -> list[SensorPrediction]:
        statement = sa.select(*COLUMNS).where(*conditions).limit(limit)
        newest_first = statement.order_by(_TABLE.prediction_timestamp.desc(), _TABLE.prediction_id.desc())
        with reading(self._engine) as connection:
            return [SensorPrediction(**row) for row in connection.execute(newest_first).mappings()]


def kept_for(days: float | None) -> timedelta:
    """Return for how long predictions are kept: so many days, or as many as the settings say."""
    return length_of_hours(24 * (get_settings().keep_predictions_days if days is None else days))


def _is(prediction_id: int | None) -> sa.ColumnElement[bool]:
    return _TABLE.prediction_id == plain_identifier(prediction_id)


def _not_found(prediction_id: int | None) -> PredictionNotFound:
    return PredictionNotFound("There is no prediction {prediction_id}.", prediction_id=prediction_id)


def _of_type(model_type: str | None) -> list[sa.ColumnElement[bool]]:
    return [] if model_type is None else [_TABLE.model_type == checked_model_type(model_type).value]


def _between(since: datetime | None, until: datetime | None = None) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if since is not None:
        found.append(_TABLE.prediction_timestamp >= as_utc(since))
    if until is not None:
        found.append(_TABLE.prediction_timestamp < as_utc(until))
    return found
