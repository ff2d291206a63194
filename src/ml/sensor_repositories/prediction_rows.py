"""Predictions for sensors as rows: written where nobody has said the same yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from src.database.identifiers import plain_identifier
from src.database.tables import ml_predictions
from src.ml.sensor_prediction import SensorPrediction
from src.sensors.existing import existing_sensors

COLUMNS = [ml_predictions.c[field.name] for field in fields(SensorPrediction)]
_SAID = [column for column in COLUMNS if column.name not in ("prediction_id", "created_at")]
_COUNTED = {"preserve_rowcount": True}  # SQLAlchemy forgets it of an INSERT otherwise


def insert_new(connection: Connection, predictions: Sequence[SensorPrediction]) -> int:
    """Insert those checked predictions that nobody has made yet, and return how many these are.

    The sensors are kept meanwhile, so that of two processes that predict the same at once one inserts it.

    Raises
    ------
    SensorNotFound
        One of the sensors does not exist.
    """
    existing_sensors(connection, [prediction.sensor_id for prediction in predictions], keep=True)
    given = {column.name: sa.cast(sa.bindparam(column.name, type_=column.type), column.type) for column in _SAID}
    now = sa.literal(datetime.now(UTC), ml_predictions.c.created_at.type)
    new = sa.select(*given.values(), sa.cast(now, now.type)).where(~sa.exists().where(*says_the_same(given)))
    statement = sa.insert(ml_predictions).from_select([*given, "created_at"], new)
    rows = [said(prediction) for prediction in predictions]
    return connection.execute(statement, rows, execution_options=_COUNTED).rowcount


def said(prediction: SensorPrediction) -> dict[str, Any]:
    """Return what a checked prediction says, by column."""
    values = asdict(prediction)
    values["sensor_id"] = plain_identifier(prediction.sensor_id)
    return {column.name: values[column.name] for column in _SAID}


def says_the_same(values: Mapping[str, Any]) -> list[sa.ColumnElement[bool]]:
    """Return the conditions that a row says this: plainly equal where the index needs it, else equal or both null."""
    return [
        column.is_not_distinct_from(values[column.name]) if column.nullable else column == values[column.name]
        for column in _SAID
    ]
