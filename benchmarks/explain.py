"""Explaining one answer, candidate by candidate: time, and where the library shap does the same, the ratio to it.

What is wanted: what contributed within 100 ms for 100 trees of depth 15, and within 200 ms where it is estimated.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

ROWS = 8_000
ROUNDS = 5
SLOW = {"gpc", "rbfsvm", "kr", "svm", "tr", "ard", "ransac"}


def main() -> None:
    """Fit each candidate on a table of three classes, and of values, and explain a row of it."""
    warnings.simplefilter("ignore")
    from src.ml.candidates import CLASSIFIERS, REGRESSORS

    print(f"{'':26}{'make':>8} {'why':>8} {'all':>8}   of shap (ms, but the ratio)")
    for candidate in CLASSIFIERS:
        if candidate.id not in SLOW:
            _explain(candidate, _classes)
    for candidate in REGRESSORS:
        if candidate.id not in SLOW:
            _explain(candidate, _values)


def _table() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    return pd.DataFrame(rng.normal(size=(ROWS, 6)), columns=list("abcdef"))


def _signal(table: pd.DataFrame) -> np.ndarray:
    noise = np.random.default_rng(3).normal(0, 0.3, len(table))
    return (table["a"] + table["b"] * table["c"] + noise).to_numpy()


def _classes(table: pd.DataFrame) -> np.ndarray:
    return np.select([_signal(table) > 1, _signal(table) > -0.5], ["high", "middle"], "low")


def _values(table: pd.DataFrame) -> np.ndarray:
    return _signal(table)


def _explain(candidate: Any, target_of: Callable[[pd.DataFrame], np.ndarray]) -> None:
    from sklearn.pipeline import Pipeline

    from src.ml.explanation import Explainer
    from src.ml.preparation import make_preparation
    from src.ml.saved_models import LoadedModel
    from src.ml.signature import Signature, as_model_input, describe_features
    from src.ml.training_cases import cases_as_details, pack_cases

    table = _table()
    target = target_of(table)
    features = as_model_input(table, list(table.columns))
    estimator = candidate.make(1)
    if hasattr(estimator, "estimators_") or candidate.id in ("rf", "et"):
        estimator.set_params(max_depth=15)
    model = Pipeline([("prepare", make_preparation(features)), ("estimator", estimator)]).fit(features, target)
    classes = () if target.dtype == float else tuple(np.unique(target).tolist())
    signature = Signature(describe_features(table), "y", "classification" if classes else "regression", classes)
    saved = LoadedModel("m", 1, "", {}, cases_as_details(pack_cases(features, target)), model, signature)
    made, explainer = _timed(lambda: Explainer(saved), 1)
    row = as_model_input(table.iloc[[3]], signature)
    why, contributions = _timed(lambda: explainer._contributions(row, explainer._outcomes(row)[0]), ROUNDS)
    whole, _ = _timed(lambda: explainer.explain(table.iloc[3].to_dict()), ROUNDS)
    ratio = _ratio_to_shap(model[-1], features.to_numpy(np.float32)[3:4], why)
    task = "class" if classes else "value"
    print(f"{task:6}{candidate.id:10}{contributions.method:10}{made:8.1f} {why:8.1f} {whole:8.1f}   {ratio}")


def _ratio_to_shap(estimator: Any, row: np.ndarray, ours: float) -> str:
    """Ours is timed with everything around it; of theirs only what its explainer takes for the row."""
    import shap

    try:
        explainer = shap.TreeExplainer(estimator)
    except shap.utils._exceptions.InvalidModelError:
        return ""
    theirs, _ = _timed(lambda: explainer.shap_values(row), ROUNDS)
    return f"{ours / theirs:.2f} (shap {theirs:.1f})"


def _timed(work: Callable[[], Any], rounds: int) -> tuple[float, Any]:
    """The quickest of some rounds in milliseconds, and what came out."""
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        outcome = work()
        times.append((time.perf_counter() - started) * 1000)
    return min(times), outcome


if __name__ == "__main__":
    main()
