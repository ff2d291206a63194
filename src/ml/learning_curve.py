"""Whether more data would help: scores of a candidate that was fitted on ever more of the rows."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, as_completed
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from pydantic import TypeAdapter

from src.errors import InvalidComparison
from src.evaluation.metrics import metrics_for
from src.evaluation.splits import smaller_part
from src.ml.candidate_fitting import TrainingData, fit_pipeline, score
from src.ml.candidates import Candidate
from src.notes import Note

SHARES = (0.1, 0.25, 0.4, 0.55, 0.7, 0.85, 1.0)
_LEAST_GAIN = 0.002
"""Of the metric's size: less is not worth collecting for."""
_RULED_OUT_GAIN = 0.01
"""Of the metric's size: where no more than this can be expected, there is enough."""

Verdict = Literal["more", "enough", "unsure"]


@dataclass(frozen=True)
class LearningPoint:
    """One size: mean over the folds, and standard deviation, of the metric on the fitting and on the scoring rows.

    Attributes
    ----------
    share : float
        Of the rows that a fold fits on, 0.1 to 1.
    rows : int
        How many rows that is, on average over the folds.
    by_fold : tuple of float or None
        The metric on each fold's scoring rows; None where there was none.
    """

    share: float
    rows: int
    train: float | None
    train_spread: float | None
    validation: float | None
    validation_spread: float | None
    by_fold: tuple[float | None, ...]


@dataclass(frozen=True)
class LearningCurve:
    """Points by ascending size; the last one is what the leaderboard has."""

    metric: str
    higher_is_better: bool
    points: tuple[LearningPoint, ...] = ()

    @property
    def verdict(self) -> tuple[Verdict, float]:
        """Whether more data would help, and what the last step brought (positive is better).

        The last step goes from 70% to all of the rows, compared within each fold. More would help if it brought more
        than a standard error of that difference, and 0.2% of the score; there is enough if that difference and its
        standard error are together within 1% of the score.
        """
        before = next((point for point in self.points if point.share == SHARES[-3]), None)
        if before is None or self.points[-1].share != 1.0:
            return "unsure", 0.0
        after = self.points[-1]
        pairs = [(a, b) for a, b in zip(after.by_fold, before.by_fold, strict=True) if a is not None and b is not None]
        if not pairs:
            return "unsure", 0.0
        steps = np.array([a - b for a, b in pairs]) * (1 if self.higher_is_better else -1)
        error = steps.std(ddof=1) / np.sqrt(len(steps)) if len(steps) > 1 else np.inf
        gain, size = float(steps.mean()), abs(after.validation or 0.0)
        if gain > max(error, _LEAST_GAIN * size):
            return "more", gain
        return "enough" if gain + error <= _RULED_OUT_GAIN * size else "unsure", gain

    def to_record(self) -> dict[str, Any]:
        """Return JSON-able values."""
        return _RECORD.dump_python(self, mode="json")

    @staticmethod
    def from_record(record: dict[str, Any]) -> LearningCurve:
        """Rebuild what `to_record` gave."""
        return _RECORD.validate_python(record)


_RECORD = TypeAdapter(LearningCurve)


@dataclass(frozen=True)
class _FoldScore:
    rows: int
    train: float | None
    validation: float | None


def learning_curve(
    data: TrainingData,
    candidate: Candidate,
    metric: str,
    executor: Executor,
    *,
    on_progress: Callable[[float, LearningCurve], None] | None = None,
) -> LearningCurve:
    """Fit a candidate on 10% to all of each fold's fitting rows, and score it on that fold's scoring rows.

    Of a split by time, a smaller table is one that begins later; of groups, one with fewer of them.

    Parameters
    ----------
    metric : str
        As in `src.evaluation.metrics`.
    executor : Executor
        Where to fit; each size and fold is a task.
    on_progress : callable, optional
        Called with the share that is done and the points that are complete, after each task.

    Raises
    ------
    InvalidComparison
        No fold has a score at any size.
    """
    higher = next(m for m in metrics_for(data.task) if m.name == metric).higher_is_better
    curve = LearningCurve(metric, higher)
    places = [(share, fold) for share in SHARES[::-1] for fold in range(len(data.split.folds))]  # slow ones first
    futures: dict[Future[_FoldScore | None], tuple[float, int]] = {
        executor.submit(score_with_fewer_rows, data, candidate, metric, *place): place for place in places
    }
    scores: dict[float, dict[int, _FoldScore | None]] = {share: {} for share in SHARES}
    for done, future in enumerate(as_completed(futures), 1):
        share, fold = futures[future]
        scores[share][fold] = future.result()
        if len(scores[share]) == len(data.split.folds):
            points = (*curve.points, _point(share, [each for _, each in sorted(scores[share].items())]))
            curve = replace(curve, points=tuple(sorted(points, key=lambda point: point.share)))
        if on_progress:
            on_progress(done / len(places), curve)
    if all(point.validation is None for point in curve.points):
        raise InvalidComparison("{metric} is not available for this model. Rank by another metric.", metric=metric)
    return curve


def score_with_fewer_rows(
    data: TrainingData, candidate: Candidate, metric: str, share: float, fold: int
) -> _FoldScore | None:
    """What a worker does: one size on one fold; None where so few rows hold a single class."""
    fitting, scoring = data.split.folds[fold]
    stratified = data.task == "classification"
    rows = smaller_part(data.split, fitting, data.target, share, stratified=stratified, seed=data.seed)
    if stratified and len(np.unique(data.target[rows])) < 2:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the leaderboard has those of all rows, and so few rows have many
        try:
            pipeline = fit_pipeline(data, candidate, rows)
            train, validation = (score(data, pipeline, part)[metric] for part in (rows, scoring))
        except ValueError:  # fewer rows than it looks for neighbours, or than it divides a class into: too few
            if share == 1:
                raise
            return None
        return _FoldScore(len(rows), train, validation)


def _point(share: float, folds: Sequence[_FoldScore | None]) -> LearningPoint:
    train = [fold.train for fold in folds if fold is not None and fold.train is not None]
    validation = [fold.validation for fold in folds if fold is not None and fold.validation is not None]
    rows = [fold.rows for fold in folds if fold is not None]
    return LearningPoint(
        share,
        round(float(np.mean(rows))) if rows else 0,
        *_mean_and_spread(train),
        *_mean_and_spread(validation),
        by_fold=tuple(None if fold is None else fold.validation for fold in folds),
    )


def _mean_and_spread(values: Sequence[float]) -> tuple[float | None, float | None]:
    return (float(np.mean(values)), float(np.std(values))) if values else (None, None)


def what_it_says(curve: LearningCurve) -> Note:
    """Say in one sentence whether more data would help."""
    verdict, gain = curve.verdict
    values = {"metric": curve.metric, "gain": abs(gain), "rows": curve.points[-1].rows if curve.points else 0}
    if verdict == "more":
        return Note("More data would help: the last 30% of the rows made {metric} better by {gain:.2g}.", values)
    if verdict == "enough":
        return Note("More data of this kind would hardly help: {metric} no longer gets better with more rows.", values)
    return Note("Whether more data would help cannot be told: {metric} differs too much from fold to fold.", values)
