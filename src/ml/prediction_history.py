"""The predictions made by hand, kept in the database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import sqlalchemy as sa

from src.database.engine import reading, writing
from src.database.tables import predictions
from src.ml.prediction import Prediction


def record_prediction(model_name: str, model_version: int, inputs: Mapping[str, Any], prediction: Prediction) -> None:
    """Keep one prediction, with what went in and which model answered."""
    with writing() as connection:
        connection.execute(
            predictions.insert().values(
                model_name=model_name,
                model_version=model_version,
                predicted_at=datetime.now(UTC),
                inputs=dict(inputs),
                outcome=prediction.outcome,
                probabilities=prediction.probabilities,
                milliseconds=prediction.milliseconds,
            )
        )


def recent_predictions(model_name: str | None = None, limit: int = 100) -> pd.DataFrame:
    """Return the latest predictions, newest first.

    Returns
    -------
    DataFrame
        Columns ``predicted_at`` (UTC), ``model_name``, ``model_version``, ``inputs`` (dict), ``outcome``,
        ``probabilities`` (dict or None), ``milliseconds``.
    """
    columns = [column for column in predictions.columns if column.name != "prediction_id"]
    query = sa.select(*columns).order_by(predictions.c.predicted_at.desc(), predictions.c.prediction_id.desc())
    if model_name is not None:
        query = query.where(predictions.c.model_name == model_name)
    with reading() as connection:
        rows = connection.execute(query.limit(limit)).all()
    return pd.DataFrame(rows, columns=[column.name for column in columns])
