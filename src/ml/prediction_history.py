"""The predictions made by hand, kept in the database: what was asked, what was answered, and what it really was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import sqlalchemy as sa

from src.database.activities import record_activity
from src.database.engine import reading, writing
from src.database.json_scalars import is_json_text, json_number, json_text
from src.database.tables import predictions
from src.errors import InvalidPredictionInput, PredictionNotFound
from src.ml.prediction import Prediction
from src.notes import Note

ROLLING = 50
"""Answers that a point of the line of running accuracy is the mean of."""
_LONGEST_LABEL = 200


@dataclass(frozen=True)
class HistoryFilter:
    """Which predictions; None is all of them.

    Attributes
    ----------
    outcome : str, optional
        The class that was predicted.
    since, until : datetime, optional
        UTC-aware; the first moment that counts, and the first one after.
    is_answered : bool, optional
        Whether somebody has said what it really was.
    """

    model_name: str | None = None
    outcome: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    is_answered: bool | None = None

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """The same for a query."""
        table = predictions.c
        found: list[sa.ColumnElement[bool]] = []
        if self.model_name is not None:
            found.append(table.model_name == self.model_name)
        if self.outcome is not None:
            found.append(json_text(table.outcome) == self.outcome)
        if self.since is not None:
            found.append(table.predicted_at >= self.since)
        if self.until is not None:
            found.append(table.predicted_at < self.until)
        if self.is_answered is not None:
            found.append(table.actual_at.is_not(None) if self.is_answered else table.actual_at.is_(None))
        return found


@dataclass(frozen=True)
class Scores:
    """How good a model was in use, by what people said it really was.

    Attributes
    ----------
    answers : int
        Predictions that somebody has answered.
    correct : int, optional
        How many were right; None for values.
    mean_error : float, optional
        Mean absolute error, in the target's unit; None for classes.
    """

    model_name: str
    model_version: int
    answers: int
    correct: int | None
    mean_error: float | None

    @property
    def accuracy(self) -> float | None:
        """Share of right answers; None for values."""
        return None if self.correct is None else self.correct / self.answers


def record_prediction(
    model_name: str, model_version: int, inputs: Mapping[str, Any], prediction: Prediction, predicted_by: str = ""
) -> None:
    """Keep one prediction, with what went in, which model answered, and who asked."""
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
                predicted_by=predicted_by[:_LONGEST_LABEL],
            )
        )


def recent_predictions(model_name: str | None = None, limit: int = 100) -> pd.DataFrame:
    """Return the latest predictions, newest first; columns as in `find_predictions`."""
    return find_predictions(HistoryFilter(model_name), limit=limit)


def find_predictions(wanted: HistoryFilter, *, limit: int | None = None, offset: int = 0) -> pd.DataFrame:
    """Return predictions, the newest first.

    Returns
    -------
    DataFrame
        Columns ``prediction_id``, ``model_name``, ``model_version``, ``predicted_at`` (UTC), ``inputs`` (dict),
        ``outcome`` (text or number), ``probabilities`` (dict or None), ``milliseconds``, ``predicted_by``,
        ``actual`` (text, number or None), ``actual_by``, ``actual_at``.
    """
    query = (
        sa.select(predictions)
        .where(*wanted.conditions())
        .order_by(predictions.c.predicted_at.desc(), predictions.c.prediction_id.desc())
        .offset(offset)
    )
    with reading() as connection:
        rows = connection.execute(query if limit is None else query.limit(limit)).all()
    names = [column.name for column in predictions.columns]
    # As objects: a None among numbers would become NaN.
    return pd.DataFrame(
        {name: pd.Series([row[place] for row in rows], dtype=object) for place, name in enumerate(names)}
    )


def count_predictions(wanted: HistoryFilter) -> int:
    """Count the predictions that `find_predictions` would return."""
    with reading() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(predictions).where(*wanted.conditions())) or 0


def predicted_models() -> list[str]:
    """Return the names of all models that were asked, whether they are still there or not."""
    with reading() as connection:
        return list(
            connection.scalars(sa.select(predictions.c.model_name).distinct().order_by(predictions.c.model_name))
        )


def predicted_classes(model_name: str | None = None) -> list[str]:
    """Return the classes that were answered, of one model or of all; a model of values has none."""
    query = sa.select(json_text(predictions.c.outcome)).where(is_json_text(predictions.c.outcome)).distinct()
    if model_name is not None:
        query = query.where(predictions.c.model_name == model_name)
    with reading() as connection:
        return sorted(connection.scalars(query))


def set_actual(prediction_id: int, actual: str | float | None, actor: str = "") -> str | float | None:
    """Say what it really was, or, with None, take back what was said.

    Parameters
    ----------
    actual : str or float, optional
        A class where a class was predicted, else a value in the target's unit.
    actor : str
        Who says so.

    Returns
    -------
    str, float or None
        What was said before.

    Raises
    ------
    PredictionNotFound
        No prediction has that identifier.
    InvalidPredictionInput
        A class for a value or the other way round, an empty class, or no finite number.
    """
    with writing() as connection:
        row = connection.execute(
            sa.select(predictions).where(predictions.c.prediction_id == prediction_id).with_for_update()
        ).one_or_none()
        if row is None:
            raise PredictionNotFound("There is no prediction {prediction_id}.", prediction_id=prediction_id)
        said = None if actual is None else _checked(actual, is_class=isinstance(row.outcome, str))
        if said == row.actual and type(said) is type(row.actual):
            return row.actual
        connection.execute(
            sa.update(predictions)
            .where(predictions.c.prediction_id == prediction_id)
            .values(
                actual=sa.null() if said is None else said,
                actual_by=None if said is None else actor[:_LONGEST_LABEL],
                actual_at=None if said is None else datetime.now(UTC),
            )
        )
        action = (
            Note("took back what prediction {number} really was", {"number": prediction_id})
            if said is None
            else Note("said that prediction {number} really was {actual}", {"number": prediction_id, "actual": said})
        )
        record_activity(actor, "model", row.model_name, action, connection)
    return row.actual


def _checked(actual: str | float, *, is_class: bool) -> str | float:
    if is_class:
        text = str(actual).strip()
        if not isinstance(actual, str) or not text or len(text) > _LONGEST_LABEL or "\0" in text:
            raise InvalidPredictionInput("{actual!r} is no class. Choose or type one.", actual=actual)
        return text
    if isinstance(actual, str | bool) or actual != actual or abs(actual) == float("inf"):
        raise InvalidPredictionInput("{actual!r} is no finite number.", actual=actual)
    return float(actual)


def scores_of_models(wanted: HistoryFilter) -> list[Scores]:
    """Return how good each version of each model was, by the answers; the best known first.

    The sums are made in the database.
    """
    table = predictions.c
    is_class = is_json_text(table.outcome)
    right = sa.case((is_class & (json_text(table.outcome) == json_text(table.actual)), 1), else_=0)
    error = sa.case((~is_class, sa.func.abs(json_number(table.outcome) - json_number(table.actual))))
    query = (
        sa.select(
            table.model_name,
            table.model_version,
            sa.func.count().label("answers"),
            sa.func.sum(right).label("correct"),
            sa.func.avg(error).label("mean_error"),
        )
        .where(table.actual_at.is_not(None), *wanted.conditions())
        .group_by(table.model_name, table.model_version)
        .order_by(sa.func.count().desc(), table.model_name, table.model_version.desc())
    )
    with reading() as connection:
        rows = connection.execute(query).all()
    return [
        Scores(
            row.model_name,
            row.model_version,
            row.answers,
            int(row.correct) if row.mean_error is None else None,
            None if row.mean_error is None else float(row.mean_error),
        )
        for row in rows
    ]


def running_scores(wanted: HistoryFilter, *, limit: int = 2_000) -> pd.DataFrame:
    """Return how the score of each model went: over the latest `ROLLING` answers at each moment.

    Parameters
    ----------
    limit : int
        Of so many answers, the latest.

    Returns
    -------
    DataFrame
        Columns ``predicted_at`` (UTC), ``model_name``, ``model_version``, ``score`` (a share of right answers, or a
        mean absolute error) and ``is_share``; in the order of time.
    """
    table = predictions.c
    query = (
        sa.select(table.predicted_at, table.model_name, table.model_version, table.outcome, table.actual)
        .where(table.actual_at.is_not(None), *wanted.conditions())
        .order_by(table.predicted_at.desc(), table.prediction_id.desc())
        .limit(limit)
    )
    with reading() as connection:
        rows = connection.execute(query).all()[::-1]
    answers = pd.DataFrame(
        [
            (row.predicted_at, row.model_name, row.model_version, _score(row), isinstance(row.outcome, str))
            for row in rows
        ],
        columns=["predicted_at", "model_name", "model_version", "score", "is_share"],
    )
    rolled = answers.groupby(["model_name", "is_share"])["score"].rolling(ROLLING, min_periods=1).mean()
    return answers.assign(score=rolled.droplevel([0, 1]).reindex(answers.index) if len(answers) else answers["score"])


def _score(row: Any) -> float:
    if isinstance(row.outcome, str):
        return float(row.outcome == row.actual)
    return abs(float(row.outcome) - float(row.actual))


def history_table(history: pd.DataFrame) -> pd.DataFrame:
    """Return predictions with a column for each input and each probability, as one takes them elsewhere.

    Parameters
    ----------
    history : DataFrame
        As `find_predictions` returns it.
    """
    inputs = pd.DataFrame(history["inputs"].tolist(), index=history.index).add_prefix("input_")
    shares = pd.DataFrame([row or {} for row in history["probabilities"]], index=history.index)
    kept = history.drop(columns=["inputs", "probabilities"])
    return pd.concat([kept, inputs, shares.add_prefix("probability_")], axis=1)
