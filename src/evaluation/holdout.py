"""What a model does on rows that nobody trained on, ready to be drawn."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.evaluation.calibration import Calibration, brier_score, calibrations
from src.evaluation.metrics import classification_metrics, regression_metrics
from src.evaluation.thresholds import Decisions, ThresholdCounts, decisions_at, threshold_counts

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
    brier : float, optional
        As in `src.evaluation.calibration.brier_score`; None without probabilities, and in records from before it.
    calibration : list of Calibration
        One a class; empty without probabilities.
    thresholds : list of ThresholdCounts
        For a binary target, with each of its classes as the positive one; else, and without probabilities, empty.
    """

    rows: int
    metrics: dict[str, float | None]
    labels: list[str]
    confusion: list[list[int]]
    curves: list[Curves]
    actual: list[float]
    predicted: list[float]
    brier: float | None = None
    calibration: list[Calibration] = field(default_factory=list)
    thresholds: list[ThresholdCounts] = field(default_factory=list)


def holdout_of_classes(
    actual: NDArray[Any],
    predicted: NDArray[Any],
    scores: NDArray[Any] | None,
    classes: NDArray[Any],
    probabilities: NDArray[np.float64] | None = None,
) -> Holdout:
    """Evaluate predicted classes.

    Parameters
    ----------
    actual, predicted, scores, classes
        As in `classification_metrics`.
    probabilities : array, shape (n_rows, n_classes), optional
        In the order of `classes`; None where the model gives none.
    """
    from sklearn.metrics import confusion_matrix

    holdout = Holdout(
        rows=len(actual),
        metrics=classification_metrics(actual, predicted, scores, classes),
        labels=[str(label) for label in classes],
        confusion=confusion_matrix(actual, predicted, labels=classes).tolist(),
        curves=_curves(actual, scores, classes),
        actual=[],
        predicted=[],
    )
    if probabilities is None:
        return holdout
    return replace(
        holdout,
        brier=brier_score(actual, probabilities, classes),
        calibration=calibrations(actual, probabilities, classes),
        thresholds=threshold_counts(actual, probabilities, classes),
    )


def decided_by(holdout: Holdout, decisions: Decisions, positive: str) -> Holdout:
    """Return the same holdout with the decisions at a threshold, instead of for the more probable class.

    Parameters
    ----------
    decisions : Decisions
        As `decisions_at` gives them.
    positive : str
        The class that the threshold is for, one of the holdout's two.

    Returns
    -------
    Holdout
        With another confusion matrix, and metrics that follow from it; what follows from the probabilities stays.
    """
    of_second = decisions if holdout.labels[1] == positive else decisions.of_the_other()
    # As in `classification_metrics`: the second class is the positive one, and what is not defined is 0.
    scores = {name: value or 0.0 for name, value in of_second.metrics.items()}
    return replace(holdout, confusion=of_second.table, metrics={**holdout.metrics, **scores, **of_second.agreement})


def with_threshold(holdout: Holdout, positive: str, threshold: float) -> Holdout | None:
    """Return the holdout as a model with a threshold decides it; None where that threshold was not tried on it."""
    for counts in holdout.thresholds:
        if counts.label == positive and threshold in counts.thresholds:
            return decided_by(holdout, decisions_at(counts, counts.thresholds.index(threshold)), positive)
    return None


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
