"""What a model does on rows that nobody trained on, ready to be drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.evaluation.metrics import classification_metrics, regression_metrics

MOST_CURVE_POINTS = 200
MOST_SCATTER_POINTS = 1_000


@dataclass(frozen=True)
class Curves:
    """ROC and precision-recall curve of one class against the rest; each list has the same length within a curve."""

    label: str
    false_positive_rate: list[float]
    true_positive_rate: list[float]
    recall: list[float]
    precision: list[float]


@dataclass(frozen=True)
class Holdout:
    """Metrics on the holdout and what its pictures are drawn from.

    Attributes
    ----------
    rows : int
        Number of rows held out.
    metrics : dict
        As in `src.evaluation.metrics`.
    labels : list of str
        Classes, in the order of `confusion`; empty for regression.
    confusion : list of list of int
        Rows are actual classes, columns predicted ones.
    curves : list of Curves
        One for a binary target (its second class), else one a class; empty without scores.
    actual, predicted : list of float
        For regression: at most 1,000 rows, evenly picked.
    """

    rows: int
    metrics: dict[str, float | None]
    labels: list[str]
    confusion: list[list[int]]
    curves: list[Curves]
    actual: list[float]
    predicted: list[float]


def holdout_of_classes(
    actual: NDArray[Any], predicted: NDArray[Any], scores: NDArray[Any] | None, classes: NDArray[Any]
) -> Holdout:
    """Evaluate predicted classes; parameters as in `classification_metrics`."""
    from sklearn.metrics import confusion_matrix

    return Holdout(
        rows=len(actual),
        metrics=classification_metrics(actual, predicted, scores, classes),
        labels=[str(label) for label in classes],
        confusion=confusion_matrix(actual, predicted, labels=classes).tolist(),
        curves=_curves(actual, scores, classes),
        actual=[],
        predicted=[],
    )


def holdout_of_values(actual: NDArray[np.float64], predicted: NDArray[np.float64]) -> Holdout:
    """Evaluate predicted values; parameters as in `regression_metrics`."""
    picked = np.linspace(0, len(actual) - 1, min(len(actual), MOST_SCATTER_POINTS)).astype(int)
    return Holdout(
        rows=len(actual),
        metrics=regression_metrics(actual, predicted),
        labels=[],
        confusion=[],
        curves=[],
        actual=actual[picked].tolist(),
        predicted=predicted[picked].tolist(),
    )


def _curves(actual: NDArray[Any], scores: NDArray[Any] | None, classes: NDArray[Any]) -> list[Curves]:
    if scores is None:
        return []
    if scores.ndim == 1:
        return _curve(actual == classes[1], scores, classes[1])
    wanted = [1] if len(classes) == 2 else range(len(classes))
    return [curve for i in wanted for curve in _curve(actual == classes[i], scores[:, i], classes[i])]


def _curve(is_class: NDArray[np.bool_], scores: NDArray[Any], label: Any) -> list[Curves]:
    from sklearn.metrics import precision_recall_curve, roc_curve

    if is_class.all() or not is_class.any():
        return []  # a curve needs rows of both kinds
    false_positive, true_positive, _ = roc_curve(is_class, scores)
    precision, recall, _ = precision_recall_curve(is_class, scores)
    return [
        Curves(
            str(label),
            *(_thinned(values) for values in (false_positive, true_positive)),
            *(_thinned(values) for values in (recall, precision)),
        )
    ]


def _thinned(values: NDArray[np.float64]) -> list[float]:
    picked = np.linspace(0, len(values) - 1, min(len(values), MOST_CURVE_POINTS)).astype(int)
    return np.round(values[picked], 5).tolist()
