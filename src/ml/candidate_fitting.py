"""What a worker does with one candidate: cross-validate it, or fit it for good. Results go back; nothing is written."""

from __future__ import annotations

import pickle
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from src.evaluation.holdout import Holdout, holdout_of_classes, holdout_of_values
from src.evaluation.metrics import classification_metrics, regression_metrics
from src.evaluation.splits import Rows, Split
from src.ml.candidates import Candidate, Task
from src.ml.ensembles import Ensemble, fit_ensemble
from src.ml.preparation import make_preparation

MOST_REMARKS = 3


@dataclass(frozen=True)
class TrainingData:
    """A training table, divided.

    Attributes
    ----------
    features : DataFrame, shape (n_rows, n_features)
        As `as_model_input` returns it.
    target : array, shape (n_rows,)
        Original labels, or float64 values.
    classes : array, shape (n_classes,)
        Sorted labels; empty for regression.
    """

    features: pd.DataFrame
    target: NDArray[Any]
    classes: NDArray[Any]
    task: Task
    split: Split
    seed: int


@dataclass(frozen=True)
class FoldScores:
    """Metrics of one candidate, one value a fold, and the mean time to fit in seconds."""

    metrics: dict[str, list[float | None]]
    fit_seconds: float
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class FittedCandidate:
    """A candidate on the holdout (fitted on the training part), and the pickled pipeline fitted on all rows, if any."""

    holdout: Holdout
    artefact: bytes = field(repr=False)


def are_workers_up() -> bool:
    """Answer, once a worker is there to do so."""
    return True


def cross_validate(data: TrainingData, candidate: Candidate) -> FoldScores:
    """Fit and score a candidate on each fold."""
    scores: list[dict[str, float | None]] = []
    seconds = 0.0
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for fitting, scoring in data.split.folds:
            started = time.perf_counter()
            pipeline = fit_pipeline(data, candidate, fitting)
            seconds += time.perf_counter() - started
            scores.append(score(data, pipeline, scoring))
    by_metric = {name: [fold[name] for fold in scores] for name in scores[0]}
    return FoldScores(by_metric, seconds / len(scores), _remarks(caught))


def together(folds: Sequence[FoldScores]) -> FoldScores:
    """Put the scores of several folds together that were computed apart."""
    metrics = {name: [value for fold in folds for value in fold.metrics[name]] for name in folds[0].metrics}
    remarks = dict.fromkeys(remark for fold in folds for remark in fold.remarks)
    return FoldScores(metrics, float(np.mean([fold.fit_seconds for fold in folds])), tuple(remarks)[:MOST_REMARKS])


def fit_for_good(data: TrainingData, candidate: Candidate, *, refit: bool) -> FittedCandidate:
    """Evaluate a candidate on the holdout, then, with `refit`, fit it on every row."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the same remarks as in cross-validation
        pipeline = fit_pipeline(data, candidate, data.split.train)
        holdout = _holdout(data, pipeline, data.split.holdout)
        if not refit:
            return FittedCandidate(holdout, b"")
        everything = np.arange(len(data.target))
        return FittedCandidate(holdout, pickle.dumps(fit_pipeline(data, candidate, everything), protocol=5))


def fit_pipeline(data: TrainingData, candidate: Candidate, rows: Rows) -> Any:
    """Fit a candidate, with the preparation before it, on some rows of the table."""
    from sklearn.pipeline import Pipeline

    if isinstance(candidate, Ensemble):
        return fit_ensemble(candidate, data, rows)
    steps = [("prepare", make_preparation(data.features)), ("estimator", candidate.make(data.seed))]
    return Pipeline(steps).fit(data.features.iloc[rows], data.target[rows])


def score(data: TrainingData, pipeline: Any, rows: Rows) -> dict[str, float | None]:
    """Score a fitted pipeline on some rows, by every metric of the task."""
    return score_on(data, pipeline, data.features.iloc[rows], data.target[rows])


def score_on(
    data: TrainingData, pipeline: Any, features: pd.DataFrame, actual: NDArray[Any]
) -> dict[str, float | None]:
    """Score a fitted pipeline on rows like those of the table, by every metric of the task."""
    if data.task == "regression":
        return regression_metrics(actual, pipeline.predict(features))
    return classification_metrics(
        actual, pipeline.predict(features), class_scores(pipeline, features, data.classes), data.classes
    )


def _holdout(data: TrainingData, pipeline: Any, rows: Rows) -> Holdout:
    features, actual = data.features.iloc[rows], data.target[rows]
    if data.task == "regression":
        return holdout_of_values(actual, pipeline.predict(features))
    scores = class_scores(pipeline, features, data.classes)
    is_shares = scores is not None and scores.ndim == 2
    shares = scores if is_shares else class_probabilities(pipeline, features, data.classes)
    return holdout_of_classes(actual, pipeline.predict(features), scores, data.classes, shares)


def class_scores(pipeline: Any, features: pd.DataFrame, classes: NDArray[Any]) -> NDArray[Any] | None:
    """Return how sure a classifier is of each class.

    Returns
    -------
    array, shape (n_rows, n_classes) or (n_rows,), or None
        Decision values of a binary classifier where it has any, as they are finer than probabilities near 0 and 1;
        else probabilities in the order of `classes`, 0 for a class that was not in the fitting rows; else None.
    """
    if hasattr(pipeline, "decision_function") and len(classes) == 2:
        return pipeline.decision_function(features)
    return class_probabilities(pipeline, features, classes)


def class_probabilities(pipeline: Any, features: pd.DataFrame, classes: NDArray[Any]) -> NDArray[np.float64] | None:
    """Return the probability of each class, shape (n_rows, n_classes); None where the classifier gives none."""
    if not hasattr(pipeline, "predict_proba"):
        return None
    shares = np.zeros((len(features), len(classes)))
    shares[:, np.searchsorted(classes, pipeline.classes_)] = pipeline.predict_proba(features)
    return shares


def _remarks(caught: list[warnings.WarningMessage]) -> tuple[str, ...]:
    lines = dict.fromkeys(str(warning.message).strip().splitlines()[0] for warning in caught)
    return tuple(lines)[:MOST_REMARKS]
