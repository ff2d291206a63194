"""Predict by hand: one row of values in, an answer out."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from src.database.tables import EPOCH
from src.errors import InvalidPredictionInput
from src.ml.signature import Feature, Signature, as_model_input
from src.notes import Note

LARGEST = float(np.finfo(np.float32).max)
"""What is beyond is infinite to the preparation step, and to scikit-learn's trees."""


@dataclass(frozen=True)
class Prediction:
    """An answer.

    Attributes
    ----------
    outcome : str or float
        The class, or the value in the target's unit.
    probabilities : dict, optional
        Probability of each class, the highest first; None where the model gives none.
    warnings : tuple of Note
        Inputs that are unlike what was seen in training.
    milliseconds : float
        How long the model took, for all rows that it was asked with.
    """

    outcome: str | float
    probabilities: dict[str, float] | None
    warnings: tuple[Note, ...]
    milliseconds: float


def predict_row(model: Any, signature: Signature, values: Mapping[str, Any]) -> Prediction:
    """Predict one row.

    Parameters
    ----------
    model : estimator
        With ``predict`` and possibly ``predict_proba``.
    signature : Signature
        What it takes.
    values : dict
        A value for each feature, by name.

    Raises
    ------
    InvalidPredictionInput
        A value is missing, or is not a finite number where one is needed; or the model's answer is none.
    """
    return _predicted(model, signature, [values])[0]


def predict_records(model: Any, signature: Signature, records: Sequence[Mapping[str, Any]]) -> list[Prediction]:
    """Predict some rows as another program sends them; the model is asked once for all of them.

    Parameters
    ----------
    records : sequence of dict
        A value for each feature, by name, and nothing else: None where a category is not known, and times as texts
        (ISO 8601 with a zone) or in days since 1970.

    Raises
    ------
    InvalidPredictionInput
        As in `predict_row`; or a row lacks a feature, or has what is none.
    """
    return _predicted(model, signature, [_as_sent(signature, values) for values in records])


def _as_sent(signature: Signature, values: Mapping[str, Any]) -> dict[str, Any]:
    for name in signature.names:
        if name not in values:
            raise InvalidPredictionInput("A row has no {name!r}, which the model takes.", name=name)
    for name in values:
        if name not in signature.names:
            raise InvalidPredictionInput(
                "A row has {name!r}, which the model does not take. It takes: {names}.",
                name=name,
                names=", ".join(map(repr, signature.names)),
            )
    return {f.name: _days(f.name, values[f.name]) if f.type == "time" else values[f.name] for f in signature.features}


def _days(name: str, value: Any) -> Any:
    """Return a time that is written as a text in days since 1970; anything else as it is."""
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return value
    if moment.tzinfo is None:
        raise InvalidPredictionInput("{name!r} is {value!r}, which has no time zone.", name=name, value=value)
    return (moment - EPOCH) / timedelta(days=1)


def _predicted(model: Any, signature: Signature, records: Sequence[Mapping[str, Any]]) -> list[Prediction]:
    rows = pd.DataFrame([{f.name: _checked(f, values) for f in signature.features} for values in records])
    started = time.perf_counter()
    outcomes, probabilities = predict_rows(model, signature, rows)
    milliseconds = (time.perf_counter() - started) * 1000
    is_value = signature.task == "regression"
    if is_value and not np.isfinite(outcomes.astype(float)).all():
        raise InvalidPredictionInput("The model's answer to these values is no finite number.")
    return [
        Prediction(
            float(outcomes[place]) if is_value else str(outcomes[place]),
            None if probabilities is None else _highest_first(probabilities, place),
            tuple(note for feature in signature.features if (note := _novelty(feature, values.get(feature.name)))),
            milliseconds,
        )
        for place, values in enumerate(records)
    ]


def _highest_first(probabilities: pd.DataFrame, place: int) -> dict[str, float]:
    shares = probabilities.to_numpy()[place]
    order = np.argsort(-shares, kind="stable")
    return {str(probabilities.columns[column]): float(shares[column]) for column in order}


def predict_rows(
    model: Any, signature: Signature, rows: pd.DataFrame
) -> tuple[np.ndarray[Any, Any], pd.DataFrame | None]:
    """Predict many rows.

    Where the signature has a threshold, it decides; the model's own ``predict`` knows nothing of it.

    Returns
    -------
    outcomes : array, shape (n_rows,)
        Classes or values.
    probabilities : DataFrame, shape (n_rows, n_classes), or None
        One column a class.

    Raises
    ------
    InvalidPredictionInput
        The model refuses the values; one saved without a signature may take others than numbers.
    """
    try:
        return _answers(model, signature, rows)
    except (TypeError, ValueError) as error:
        if isinstance(error, InvalidPredictionInput):
            raise
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise InvalidPredictionInput("The model cannot take these values: {reason}", reason=reason) from error


def _answers(model: Any, signature: Signature, rows: pd.DataFrame) -> tuple[np.ndarray[Any, Any], pd.DataFrame | None]:
    prepared: Any = as_model_input(rows, signature)
    if not hasattr(model, "feature_names_in_"):
        prepared = prepared.to_numpy()  # fitted without names; with them it would warn
    outcomes = np.asarray(model.predict(prepared)).ravel()
    if not hasattr(model, "predict_proba"):
        if signature.threshold is not None:
            raise InvalidPredictionInput("The model is to decide by a threshold, and it gives no probabilities.")
        return outcomes, None
    shares = np.asarray(model.predict_proba(prepared))
    classes = signature.classes if len(signature.classes) == shares.shape[1] else model.classes_
    probabilities = pd.DataFrame(shares, columns=[str(label) for label in classes], index=rows.index)
    return _decided(outcomes, probabilities, signature), probabilities


def _decided(outcomes: np.ndarray[Any, Any], probabilities: pd.DataFrame, signature: Signature) -> np.ndarray[Any, Any]:
    """Give a row the positive class from the threshold on, where the signature has one."""
    if signature.threshold is None:
        return outcomes
    (other,) = (label for label in signature.classes if label != signature.positive)
    is_positive = probabilities[str(signature.positive)].to_numpy() >= signature.threshold
    return np.where(is_positive, np.array(signature.positive), np.array(other))


def what_if(
    model: Any, signature: Signature, values: Mapping[str, Any], feature: str, grid: Sequence[float]
) -> pd.DataFrame:
    """Predict while one input moves and the others stay.

    Returns
    -------
    DataFrame, shape (len(grid), …)
        Column ``value`` (of the input), ``outcome``, and one column a class with its probability where there are any.
    """
    rows = pd.DataFrame([{**values, feature: value} for value in grid])
    outcomes, probabilities = predict_rows(model, signature, rows)
    table = pd.DataFrame({"value": list(grid), "outcome": outcomes})
    return table if probabilities is None else pd.concat([table, probabilities], axis=1)


def guess_signature(model: Any) -> Signature:
    """Make a signature for a model that was saved without one, from what scikit-learn keeps in an estimator.

    Raises
    ------
    InvalidPredictionInput
        The model does not tell how many features it takes.
    """
    names = getattr(model, "feature_names_in_", None)
    count = getattr(model, "n_features_in_", None)
    classes = getattr(model, "classes_", ())
    if type(model).__module__.startswith("pycaret.") and names is not None:
        names = names[:-1]  # its pipelines count the target among the features, and the classes by their number
        encoder = getattr(model, "named_steps", {}).get("label_encoding")
        classes = classes if encoder is None else encoder.transformer.classes_
    if names is None and count is None:
        raise InvalidPredictionInput("This model does not say which values it takes, so it cannot be used by hand.")
    if names is None:
        names = [f"feature {number}" for number in range(1, int(count) + 1)]  # type: ignore[arg-type]
    features = tuple(Feature(str(name), "number") for name in names)
    labels = tuple(np.asarray(classes).tolist())
    return Signature(features, "prediction", "classification" if labels else "regression", labels)


def _checked(feature: Feature, values: Mapping[str, Any]) -> Any:
    value = values.get(feature.name)
    if feature.type == "category":
        return None if value is None else str(value)
    if value is None:
        raise InvalidPredictionInput("{name!r} has no value. Type a number.", name=feature.name)
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise InvalidPredictionInput(
            "{name!r} is {value!r}, which is no number.", name=feature.name, value=value
        ) from None
    if not np.isfinite(number):
        raise InvalidPredictionInput(
            "{name!r} is {value!r}, which is no finite number.", name=feature.name, value=value
        )
    if abs(number) > LARGEST:
        raise InvalidPredictionInput(
            "{name!r} is {value!r}, which is larger than a model can take.", name=feature.name, value=value
        )
    return number


def _novelty(feature: Feature, value: Any) -> Note | None:
    if feature.type == "category":
        if feature.categories and value is not None and str(value) not in feature.categories:
            return Note("{name}: {value!r} was not seen in training.", {"name": feature.name, "value": value})
        return None
    if feature.minimum is None or feature.maximum is None or feature.minimum <= float(value) <= feature.maximum:
        return None
    return Note(
        "{name}: {value:g} is outside the range seen in training, {minimum:g} to {maximum:g}.",
        {"name": feature.name, "value": float(value), "minimum": feature.minimum, "maximum": feature.maximum},
    )
