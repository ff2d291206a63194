"""Which features a model needs: how much worse it gets on the holdout when one column is shuffled.

Source: Breiman, "Random forests", Machine Learning 45 (2001); per column of the table and model-agnostic as in Fisher,
Rudin & Dominici, "All models are wrong, but many are useful", JMLR 20 (2019).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from pydantic import TypeAdapter

from src.errors import InvalidComparison
from src.evaluation.metrics import metrics_for
from src.ml.candidate_fitting import TrainingData, fit_pipeline, score_on
from src.ml.candidates import Candidate

REPEATS = 10
MOST_ROWS = 10_000


@dataclass(frozen=True)
class FeatureImportance:
    """How much worse the metric gets without one feature: mean and standard deviation over the repeats.

    Positive means worse, whichever way of the metric is better; about 0 means that the model does not need it.
    """

    name: str
    mean: float
    spread: float

    @property
    def is_needed(self) -> bool:
        """Whether the loss is clear: more than two standard deviations above nothing."""
        return self.mean > 2 * self.spread


@dataclass(frozen=True)
class Importance:
    """Permutation importance of a finalist's features.

    Attributes
    ----------
    metric : str
        What is measured.
    baseline : float
        The metric with nothing shuffled.
    rows, repeats : int
        Rows of the holdout that were used, and how often each column was shuffled.
    features : tuple of FeatureImportance
        The most important first.
    """

    metric: str
    baseline: float
    rows: int
    repeats: int
    features: tuple[FeatureImportance, ...] = ()

    def to_record(self) -> dict[str, Any]:
        """Return JSON-able values."""
        return _RECORD.dump_python(self, mode="json")

    @staticmethod
    def from_record(record: dict[str, Any]) -> Importance:
        """Rebuild what `to_record` gave."""
        return _RECORD.validate_python(record)


_RECORD = TypeAdapter(Importance)


def permutation_importance(
    data: TrainingData,
    candidate: Candidate,
    metric: str,
    *,
    repeats: int = REPEATS,
    on_progress: Callable[[Importance], None] | None = None,
) -> Importance:
    """Fit a candidate on the training part, then shuffle one column of the holdout after the other.

    Parameters
    ----------
    metric : str
        As in `src.evaluation.metrics`.
    on_progress : callable, optional
        Called with what there is, after each feature.

    Raises
    ------
    InvalidComparison
        The metric is not available for this candidate on this holdout.
    """
    pipeline = fit_pipeline(data, candidate, data.split.train)
    held = data.split.holdout
    picked = held[np.linspace(0, len(held) - 1, min(len(held), MOST_ROWS)).astype(int)]
    features, actual = data.features.iloc[picked], data.target[picked]

    def scored(table: pd.DataFrame) -> float | None:
        return score_on(data, pipeline, table, actual)[metric]

    baseline = scored(features)
    if baseline is None:
        raise InvalidComparison(
            "{metric} is not available for this model on the rows held out, so there is nothing to measure a feature "
            "by. Rank by another metric.",
            metric=metric,
        )
    sign = 1 if next(m for m in metrics_for(data.task) if m.name == metric).higher_is_better else -1
    random = np.random.default_rng(data.seed)
    importance = Importance(metric, baseline, len(picked), repeats)
    for name in features.columns:
        losses = []
        for _ in range(repeats):
            shuffled = features.assign(**{name: features[name].to_numpy()[random.permutation(len(features))]})
            worse = scored(shuffled)
            losses.append(np.nan if worse is None else sign * (baseline - worse))
        found = FeatureImportance(str(name), float(np.nanmean(losses)), float(np.nanstd(losses)))
        ranked = sorted((*importance.features, found), key=lambda each: -each.mean)
        importance = replace(importance, features=tuple(ranked))
        if on_progress:
            on_progress(importance)
    return importance
