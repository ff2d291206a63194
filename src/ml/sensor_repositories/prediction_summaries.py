"""What the predictions for sensors amount to: statistics, and anomaly scores over time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import sqlalchemy as sa
from sqlalchemy import Connection

from src.database.tables import ml_predictions

_TABLE = ml_predictions.c


@dataclass(frozen=True)
class PredictionStatistics:
    """What the predictions of one type for one sensor amount to.

    Attributes
    ----------
    predictions, anomalies : int
        All of them, and those that say that something is not normal.
    mean_score, highest_score : float, optional
        Of the anomaly scores; None where there are none.
    first, last : datetime
        The earliest and the latest time that is spoken of, in UTC.
    """

    sensor_id: int
    model_type: str
    predictions: int
    anomalies: int
    mean_score: float | None
    highest_score: float | None
    first: datetime
    last: datetime


@dataclass(frozen=True)
class ScoreSeries:
    """The anomaly scores of one sensor as they were kept, in the order of time; of several for one time the last.

    Attributes
    ----------
    timestamps : ndarray of datetime64[us], shape (n,)
        In UTC.
    scores : ndarray of float64, shape (n,)
        0 to 1.
    """

    sensor_id: int
    timestamps: np.ndarray
    scores: np.ndarray


def prediction_statistics(connection: Connection, *conditions: sa.ColumnElement[bool]) -> list[PredictionStatistics]:
    """Sum up some predictions by sensor and type of model."""
    statement = (
        sa.select(
            _TABLE.sensor_id,
            _TABLE.model_type,
            sa.func.count().label("predictions"),
            sa.func.count().filter(_TABLE.is_anomaly).label("anomalies"),
            sa.func.avg(_TABLE.anomaly_score).label("mean_score"),
            sa.func.max(_TABLE.anomaly_score).label("highest_score"),
            sa.func.min(_TABLE.prediction_timestamp).label("first"),
            sa.func.max(_TABLE.prediction_timestamp).label("last"),
        )
        .where(*conditions)
        .group_by(_TABLE.sensor_id, _TABLE.model_type)
        .order_by(_TABLE.sensor_id, _TABLE.model_type)
    )
    return [PredictionStatistics(**row) for row in connection.execute(statement).mappings()]


def score_series(connection: Connection, sensor_id: int, *conditions: sa.ColumnElement[bool]) -> ScoreSeries:
    """Read the anomaly scores of one sensor."""
    statement = (
        sa.select(_TABLE.prediction_timestamp, _TABLE.anomaly_score)
        .where(_TABLE.sensor_id == sensor_id, _TABLE.anomaly_score.is_not(None), *conditions)
        .order_by(_TABLE.prediction_timestamp, _TABLE.prediction_id)
    )
    last = {row.prediction_timestamp: row.anomaly_score for row in connection.execute(statement)}
    times = [time.replace(tzinfo=None) for time in last]  # they are in UTC, and NumPy knows no zones
    return ScoreSeries(sensor_id, np.array(times, "datetime64[us]"), np.array(list(last.values()), float))
