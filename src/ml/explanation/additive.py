"""Contributions that are exact, for the estimators whose answer is a sum that can be taken apart.

Trees give path-dependent Shapley values (`trees`), LightGBM its own of the same kind, linear models weight times
distance from the training mean (Lundberg & Lee 2017, "A unified approach to interpreting model predictions", NeurIPS).
What is not here is estimated (`sampled`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from src.ml.explanation.trees import Floats, sum_of_trees

Scale = Literal["probability", "score", "value"]
"""Of what the contributions are parts: a probability, a class's score (log-odds, say), or the target's own value."""

_FORESTS = {"RandomForest", "ExtraTrees"}
MOST_STEPS = 15_000_000
"""Nodes times passes over them: about a second, and a forest laid out takes room. Of a larger one it is estimated."""
_AGREE = 1e-4
"""How far a sum may be from the model's own answer, relative to its parts; models compute with seven digits."""


@dataclass(frozen=True)
class Additive:
    """How to take an answer apart.

    Attributes
    ----------
    kind : {"trees", "linear"}
    scale : Scale
    split : callable
        From a prepared row, shape (n_columns,), and the place of a class (0 for a value) to the base and the
        contribution of each column.
    answer : callable
        What they must add up to, from the same.
    """

    kind: Literal["trees", "linear"]
    scale: Scale
    split: Callable[[NDArray[Any], int], tuple[float, Floats]]
    answer: Callable[[NDArray[Any], int], float]

    def agrees(self, row: NDArray[Any], output: int, base: float, parts: Floats) -> bool:
        """Whether the parts add up to what the model itself says."""
        size = abs(base) + float(np.abs(parts).sum())
        return abs(base + float(parts.sum()) - self.answer(row, output)) <= _AGREE * max(size, 1e-12)


def additive_for(estimator: Any, background: NDArray[Any] | None) -> Additive | None:
    """Return the way to take an estimator's answers apart exactly, if there is one.

    Parameters
    ----------
    estimator : fitted estimator
        The last step of a pipeline.
    background : array, shape (n_rows, n_columns), optional
        Prepared training rows: a linear model's contributions are counted from their mean.
    """
    name = type(estimator).__name__
    family = name.removesuffix("Classifier").removesuffix("Regressor")
    if name.startswith("LGBM"):
        return _boosted_leaves(estimator)
    if family == "DecisionTree" or family in _FORESTS:
        members = [estimator] if family == "DecisionTree" else estimator.estimators_
        return None if _steps(members) > MOST_STEPS else _mean_of_trees(estimator, members)
    if family == "GradientBoosting":
        return _boosted_trees(estimator)
    if name == "AdaBoostClassifier" and estimator.algorithm == "SAMME.R" and hasattr(estimator.estimators_[0], "tree_"):
        return _adaptive_trees(estimator)
    if name == "RANSACRegressor":
        estimator = estimator.estimator_
    if hasattr(estimator, "coef_") and hasattr(estimator, "intercept_") and background is not None:
        return _linear(estimator, background)
    return None


def _steps(members: Any) -> int:
    """The work of taking trees apart: laying a node out takes as long as ten passes over it."""
    return int(sum(member.tree_.node_count for member in members)) * (10 + (members[0].n_features_in_ + 1) // 2)


def _mean_of_trees(estimator: Any, members: Any) -> Additive:
    is_classifier = hasattr(estimator, "classes_")
    trees = [member.tree_ for member in members]
    values = [tree.value[:, 0, :] for tree in trees]
    if is_classifier:
        values = [value / value.sum(axis=1, keepdims=True) for value in values]
    added = sum_of_trees(trees, [value / len(trees) for value in values])

    def answer(row: NDArray[Any], output: int) -> float:
        given = _named(estimator, row.reshape(1, -1))
        return float(estimator.predict_proba(given)[0, output] if is_classifier else estimator.predict(given)[0])

    def split(row: NDArray[Any], output: int) -> tuple[float, Floats]:
        return float(added.base[output]), added.contributions(_single(row), output)

    return Additive("trees", "probability" if is_classifier else "value", split, answer)


def _boosted_trees(estimator: Any) -> Additive:
    stages = estimator.estimators_  # shape (n_stages, n_outputs)
    outputs = [
        sum_of_trees(
            [member.tree_ for member in stages[:, place]],
            [estimator.learning_rate * member.tree_.value[:, 0, :] for member in stages[:, place]],
        )
        for place in range(stages.shape[1])
    ]
    zero = np.zeros((1, estimator.n_features_in_))
    start = _raw(estimator, zero)[0] - [
        sum(estimator.learning_rate * member.predict(zero)[0] for member in stages[:, place])
        for place in range(stages.shape[1])
    ]

    def split(row: NDArray[Any], output: int) -> tuple[float, Floats]:
        place, sign = _binary(output, len(outputs), estimator)
        added = outputs[place]
        return sign * float(added.base[0] + start[place]), sign * added.contributions(_single(row), 0)

    return Additive("trees", _scale(estimator), split, _score_of(estimator))


def _adaptive_trees(estimator: Any) -> Additive:
    """AdaBoost, SAMME.R (Zhu et al. 2009): each tree adds the centred logarithm of its probabilities."""
    classes, total = len(estimator.classes_), float(estimator.estimator_weights_.sum())
    trees = [member.tree_ for member in estimator.estimators_]
    values = []
    for tree in trees:
        shares = tree.value[:, 0, :] / tree.value[:, 0, :].sum(axis=1, keepdims=True)
        logs = np.log(np.clip(shares, np.finfo(float).eps, None))
        values.append((classes - 1) * (logs - logs.mean(axis=1, keepdims=True)) / total)
    if classes == 2:
        values = [value[:, 1:] - value[:, :1] for value in values]
    added = sum_of_trees(trees, values)

    def split(row: NDArray[Any], output: int) -> tuple[float, Floats]:
        place, sign = _binary(output, added.values.shape[1], estimator)
        return sign * float(added.base[place]), sign * added.contributions(_single(row), place)

    return Additive("trees", "score", split, _score_of(estimator))


def _boosted_leaves(estimator: Any) -> Additive:
    booster, columns = estimator.booster_, estimator.n_features_in_

    def split(row: NDArray[Any], output: int) -> tuple[float, Floats]:
        parts = np.asarray(booster.predict(row.reshape(1, -1), pred_contrib=True, num_threads=1)).reshape(
            -1, columns + 1
        )
        place, sign = _binary(output, len(parts), estimator)
        return sign * float(parts[place, -1]), sign * parts[place, :-1]

    def answer(row: NDArray[Any], output: int) -> float:
        raw = np.asarray(booster.predict(row.reshape(1, -1), raw_score=True, num_threads=1)).reshape(-1)
        place, sign = _binary(output, len(raw), estimator)
        return sign * float(raw[place])

    return Additive("trees", _scale(estimator), split, answer)


def _linear(estimator: Any, background: NDArray[Any]) -> Additive:
    weights = np.atleast_2d(np.asarray(estimator.coef_, float))
    start = np.broadcast_to(np.ravel(estimator.intercept_), len(weights))
    mean = background.astype(float).mean(axis=0)

    def split(row: NDArray[Any], output: int) -> tuple[float, Floats]:
        place, sign = _binary(output, len(weights), estimator)
        base = float(weights[place] @ mean + start[place])
        return sign * base, sign * weights[place] * (row.astype(float) - mean)

    return Additive("linear", _scale(estimator), split, _score_of(estimator))


def _binary(output: int, columns: int, estimator: Any) -> tuple[int, float]:
    """Where a class's score is: with two classes there is one score, and it counts against the first class."""
    if columns > 1 or not hasattr(estimator, "classes_"):
        return output, 1.0
    return 0, 1.0 if output == 1 else -1.0


def _scale(estimator: Any) -> Scale:
    return "score" if hasattr(estimator, "classes_") else "value"


def _score_of(estimator: Any) -> Callable[[NDArray[Any], int], float]:
    def answer(row: NDArray[Any], output: int) -> float:
        raw = _raw(estimator, row.reshape(1, -1))
        place, sign = _binary(output, raw.shape[1], estimator)
        return sign * float(raw[0, place])

    return answer


def _raw(estimator: Any, rows: NDArray[Any]) -> Floats:
    """Decision values or predicted values, shape (n_rows, n_outputs)."""
    answer = estimator.decision_function if hasattr(estimator, "classes_") else estimator.predict
    return np.asarray(answer(_named(estimator, rows)), float).reshape(len(rows), -1)


def _named(estimator: Any, rows: NDArray[Any]) -> Any:
    """Rows with the names that an estimator was fitted with, if it was; without them it would warn."""
    names = getattr(estimator, "feature_names_in_", None)
    return rows if names is None else pd.DataFrame(rows, columns=names)


def _single(row: NDArray[Any]) -> Floats:
    """A row as trees see it: rounded to seven digits, then compared in full."""
    return row.astype(np.float32).astype(float)
