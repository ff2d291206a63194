"""Metrics, one function a task. A metric that cannot be computed is None, never a number that looks like a score."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Metric:
    """What a metric is called and which way is better."""

    name: str
    higher_is_better: bool = True
    meaning: str = ""


CLASSIFICATION_METRICS = (
    Metric("Accuracy", meaning="Share of rows with the right class"),
    Metric("AUC", meaning="Area under the ROC curve; one class against the rest, weighted, where there are several"),
    Metric("Recall", meaning="Share of a class's rows that were found"),
    Metric("Precision", meaning="Share of the rows given a class that belong to it"),
    Metric("F1", meaning="Harmonic mean of precision and recall"),
    Metric("Kappa", meaning="Agreement beyond chance (Cohen)"),
    Metric("MCC", meaning="Correlation between predicted and actual class (Matthews)"),
)
REGRESSION_METRICS = (
    Metric("MAE", False, "Mean absolute error, in the target's unit"),
    Metric("MSE", False, "Mean squared error"),
    Metric("RMSE", False, "Root of the mean squared error, in the target's unit"),
    Metric("R2", True, "Share of the variance explained"),
    Metric("RMSLE", False, "Root mean squared error of the logarithms; for targets that are never negative"),
    Metric("MAPE", False, "Mean absolute error as a share of the actual value; meaningless near zero"),
)


def metrics_for(task: str) -> tuple[Metric, ...]:
    """Return the metrics of a task, the default one first."""
    return CLASSIFICATION_METRICS if task == "classification" else REGRESSION_METRICS


_TITLES = {metric.name.lower(): metric.name for metric in (*CLASSIFICATION_METRICS, *REGRESSION_METRICS)}


def metric_title(name: str) -> str:
    """Return a metric as people write it; the registry has it in lower case, and may have others than ours."""
    return _TITLES.get(name.lower(), name)


def default_metric(task: str) -> str:
    """Return the metric a leaderboard is sorted by unless told otherwise."""
    return "Accuracy" if task == "classification" else "R2"


def classification_metrics(
    actual: NDArray[Any], predicted: NDArray[Any], scores: NDArray[Any] | None, classes: NDArray[Any]
) -> dict[str, float | None]:
    """Score predicted classes.

    Parameters
    ----------
    actual, predicted : array, shape (n_rows,)
        Class labels.
    scores : array, shape (n_rows,) or (n_rows, n_classes), optional
        Decision values of the second class, or the probability of each of `classes`.
    classes : array, shape (n_classes,)
        All classes, sorted. With two, the second is the positive one; with more, metrics are weighted by class size.

    Returns
    -------
    dict of str to float or None
        Keys as in `CLASSIFICATION_METRICS`; None where a metric is not defined.
    """
    from sklearn import metrics

    binary = len(classes) == 2
    average: dict[str, Any] = {"average": "binary", "pos_label": classes[1]} if binary else {"average": "weighted"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn warns where a class is never predicted: the score is 0 then
        return {
            "Accuracy": float(metrics.accuracy_score(actual, predicted)),
            "AUC": _area_under_roc(actual, scores, classes),
            "Recall": float(metrics.recall_score(actual, predicted, zero_division=0, **average)),
            "Precision": float(metrics.precision_score(actual, predicted, zero_division=0, **average)),
            "F1": float(metrics.f1_score(actual, predicted, zero_division=0, **average)),
            "Kappa": _finite(metrics.cohen_kappa_score(actual, predicted)),
            "MCC": float(metrics.matthews_corrcoef(actual, predicted)),
        }


def _area_under_roc(actual: NDArray[Any], scores: NDArray[Any] | None, classes: NDArray[Any]) -> float | None:
    from sklearn.metrics import roc_auc_score

    if scores is None or len(np.unique(actual)) < len(classes):
        return None
    if len(classes) == 2:
        positive = scores if scores.ndim == 1 else scores[:, 1]
        return _finite(roc_auc_score(actual == classes[1], positive))
    if scores.ndim == 1 or not np.allclose(scores.sum(axis=1), 1.0, atol=1e-3):
        return None  # decision values of several classes are not comparable with each other
    return _finite(roc_auc_score(actual, scores, labels=classes, average="weighted", multi_class="ovr"))


def regression_metrics(actual: NDArray[np.float64], predicted: NDArray[np.float64]) -> dict[str, float | None]:
    """Score predicted values.

    Parameters
    ----------
    actual, predicted : array of float, shape (n_rows,)
        In the target's unit.

    Returns
    -------
    dict of str to float or None
        Keys as in `REGRESSION_METRICS`; RMSLE is None where an actual value is negative, R2 where all are equal.
    """
    error = predicted - actual
    squared = float(np.mean(error**2))
    total = float(np.sum((actual - actual.mean()) ** 2))
    log_error = np.log1p(np.abs(predicted)) - np.log1p(np.abs(actual))  # absolute values, as PyCaret has it
    nonzero = actual != 0
    return {
        "MAE": _finite(np.mean(np.abs(error))),
        "MSE": _finite(squared),
        "RMSE": _finite(np.sqrt(squared)),
        "R2": _finite(1 - np.sum(error**2) / total) if total > 0 else None,
        "RMSLE": _finite(np.sqrt(np.mean(log_error**2))) if actual.min() >= 0 else None,
        "MAPE": _finite(np.mean(np.abs(error[nonzero] / actual[nonzero]))) if nonzero.any() else None,
    }


def _finite(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None
