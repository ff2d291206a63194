"""Compare candidates on a training table: rank them by cross-validation, keep the best on an untouched holdout.

Requirement document 000. The metrics are those that PyCaret 3.3.2 computes for the same rows and folds.
"""

from __future__ import annotations

import hashlib
import pickle
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import BeforeValidator, TypeAdapter

from src.config import get_settings
from src.errors import FarolError, InvalidComparison, NoLeaderboard
from src.evaluation.holdout import Holdout
from src.evaluation.metrics import metrics_for
from src.ml.candidate_fitting import (
    FittedCandidate,
    FoldScores,
    are_workers_up,
    cross_validate,
    fit_for_good,
    together,
)
from src.ml.candidates import Candidate, Task
from src.ml.comparison_plan import Choices, ComparisonPlan, plan_comparison
from src.ml.ensembles import choose_members, make_ensemble
from src.ml.signature import Signature
from src.ml.training_cases import pack_cases
from src.ml.workers import open_workers
from src.notes import Note, read_note

State = Literal["waiting", "done", "failed", "skipped"]
Phase = Literal["starting", "comparing", "finishing", "done"]


def _as_note(reason: Any) -> Any:
    """Records of comparisons from before reasons were notes have them as text."""
    return read_note(reason) if isinstance(reason, str) else reason


@dataclass(frozen=True)
class CandidateResult:
    """One row of the leaderboard.

    Attributes
    ----------
    metrics, spread : dict
        Mean and standard deviation over the folds, by metric; None where a metric is not available.
    fit_seconds : float, optional
        Mean time to fit one fold.
    reason : Note, optional
        Why it failed; what a library says is in its own words.
    tied : bool
        Within one standard error of the best.
    members : tuple of str
        Of a blend or a stack: the identifiers of the candidates it is made of.
    """

    id: str
    name: str
    model_type: str
    state: State = "waiting"
    metrics: dict[str, float | None] = field(default_factory=dict)
    spread: dict[str, float | None] = field(default_factory=dict)
    standard_error: float | None = None
    fit_seconds: float | None = None
    reason: Annotated[Note | None, BeforeValidator(_as_note)] = None
    remarks: tuple[str, ...] = ()
    tied: bool = False
    members: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finalist:
    """One of the best: what it did on the holdout, and the pipeline fitted on the whole table."""

    id: str
    holdout: Holdout
    sha256: str
    artefact: bytes = field(default=b"", repr=False)

    def model(self) -> Any:
        """Return the fitted `sklearn.pipeline.Pipeline`."""
        return pickle.loads(self.artefact)


@dataclass(frozen=True)
class Comparison:
    """A comparison, finished or on its way.

    Attributes
    ----------
    candidates : tuple of CandidateResult
        Ranked: the best first, then those that wait, failed or were skipped.
    finalists : tuple of Finalist
        The best `n_select`, in order; empty until the end.
    progress : float
        0 to 1, by the expected work of each candidate.
    seconds_left : float, optional
        Expected time to the end.
    trained_at : str, optional
        When it was done, ISO 8601 in UTC.
    cases : bytes
        Rows of the training table to keep with a model, see `training_cases`; empty until the end.
    """

    task: Task
    metric: str
    target: str
    phase: Phase
    candidates: tuple[CandidateResult, ...]
    finalists: tuple[Finalist, ...]
    signature: Signature
    fingerprint: dict[str, Any]
    split: str
    folds: int
    train_rows: int
    holdout_rows: int
    seed: int
    workers: int
    notes: tuple[Note, ...] = ()
    progress: float = 0.0
    seconds_left: float | None = None
    seconds: float = 0.0
    budget_reached: bool = False
    trained_at: str | None = None
    cases: bytes = field(default=b"", repr=False)

    @property
    def ranked(self) -> tuple[CandidateResult, ...]:
        """The candidates that have a score, the best first."""
        return tuple(candidate for candidate in self.candidates if candidate.state == "done")

    @property
    def best(self) -> CandidateResult:
        """The first of the leaderboard."""
        return self.ranked[0]

    def stopped(self) -> Comparison:
        """Return what there is of it when nothing more will come: what still waited is skipped."""
        if self.phase == "done":
            return self
        return replace(self, phase="done", candidates=_without_waiting(self.candidates))

    @property
    def leaderboard(self) -> pd.DataFrame:
        """One row a candidate, the best first, with the mean and the standard deviation of each metric.

        Columns: ``Model``, then for each metric its mean and ``<metric> SD``, ``Fit time (s)``, ``Tied``, ``State``,
        ``Reason``; the index is the candidate's identifier. NaN where a metric is not available.
        """
        rows = {}
        for candidate in self.candidates:
            row: dict[str, Any] = {"Model": candidate.name}
            for metric in metrics_for(self.task):
                row[metric.name] = candidate.metrics.get(metric.name)
                row[f"{metric.name} SD"] = candidate.spread.get(metric.name)
            row |= {"Fit time (s)": candidate.fit_seconds, "Tied": candidate.tied, "State": candidate.state}
            rows[candidate.id] = row | {"Reason": str(candidate.reason or "")}
        table = pd.DataFrame.from_dict(rows, orient="index")
        numbers = [name for name in table.columns if name not in ("Model", "Tied", "State", "Reason")]
        return table.astype(dict.fromkeys(numbers, float))

    def to_record(self) -> dict[str, Any]:
        """Return JSON-able values, without the pickled pipelines and the training cases."""
        light = replace(
            self, cases=b"", finalists=tuple(replace(finalist, artefact=b"") for finalist in self.finalists)
        )
        return _RECORD.dump_python(light, mode="json")

    @staticmethod
    def from_record(record: dict[str, Any]) -> Comparison:
        """Rebuild what `to_record` gave."""
        return _RECORD.validate_python(record)


_RECORD = TypeAdapter(Comparison)
Progress = Callable[[Comparison], None]


def compare_models(
    data: pd.DataFrame,
    target: str,
    *,
    executor: Executor | None = None,
    on_progress: Progress | None = None,
    **choices: Any,
) -> Comparison:
    """Rank candidates by cross-validation and fit the best ones.

    Parameters
    ----------
    data : DataFrame, shape (n_rows, n_columns)
        Training table.
    target : str
        Column to predict.
    executor : concurrent.futures.Executor, optional
        Where to fit; one from `open_workers` when left out.
    on_progress : callable, optional
        Called with the comparison as it stands, each time a candidate is done.
    **choices
        Any of `Choices`: ``sort``, ``n_select=5``, ``fold=5``, ``turbo=True``, ``include``, ``features``, ``split``…

    Returns
    -------
    Comparison

    Raises
    ------
    InvalidComparison
        A choice does not fit the data.
    NoLeaderboard
        No candidate could be fitted, or none within the budget.

    Examples
    --------
    >>> comparison = compare_models(table, "state", sort="F1", split="time")  # doctest: +SKIP
    >>> comparison.leaderboard[["Model", "F1"]]  # doctest: +SKIP
    """
    if not isinstance(data, pd.DataFrame):
        raise InvalidComparison("The data is a {kind}; a pandas DataFrame is needed.", kind=type(data).__name__)
    with nullcontext(executor) if executor else open_workers() as pool:
        return _Run(plan_comparison(data, Choices(target=target, **choices)), on_progress or _tell_nobody).to_the_end(
            pool
        )


def _tell_nobody(_: Comparison) -> None:
    pass


class _Run:
    """The state of one comparison while it runs."""

    def __init__(self, plan: ComparisonPlan, tell: Progress) -> None:
        self.plan = plan
        self.tell = tell
        self.started = time.monotonic()
        self.slow_first = sorted(plan.candidates, key=lambda candidate: -candidate.cost)
        self.work_done = 0.0
        # A finalist is fitted twice, on the training part and on everything: two folds' worth of its cost.
        costs = sorted((candidate.cost for candidate in plan.candidates), reverse=True)
        data, choices = plan.data, plan.choices
        self.known = {candidate.id: candidate for candidate in plan.candidates}
        if choices.ensemble != "none":  # of members that are not known yet: the slowest, perhaps
            slowest = self.slow_first[: choices.ensemble_size]
            self.ensemble_cost = make_ensemble(choices.ensemble, data.task, slowest).cost
            costs.insert(0, self.ensemble_cost)
            self.known[choices.ensemble] = make_ensemble(choices.ensemble, data.task)
        self.work = sum(costs) + sum(costs[: choices.n_select]) * 2 / choices.fold
        results = tuple(CandidateResult(c.id, c.name, c.model_type) for c in self.known.values())
        self.comparison = Comparison(
            task=data.task,
            metric=plan.metric,
            target=choices.target,
            phase="starting",
            candidates=results,
            finalists=(),
            signature=plan.signature,
            fingerprint=plan.fingerprint,
            split=choices.split,
            folds=len(data.split.folds),
            train_rows=len(data.split.train),
            holdout_rows=len(data.split.holdout),
            seed=choices.seed,
            workers=get_settings().workers,
            notes=plan.notes,
        )

    def to_the_end(self, executor: Executor) -> Comparison:
        """Rank every candidate, then fit the best; tell of each step."""
        self._now()
        executor.submit(are_workers_up).add_done_callback(lambda _: self._workers_are_up())
        budget_reached = self._cross_validate(executor)
        if self.comparison.ranked and self.plan.choices.ensemble != "none":
            budget_reached = self._cross_validate_ensemble(executor, budget_reached)
        if not self.comparison.ranked:
            raise self._no_leaderboard(budget_reached)
        self._now(phase="finishing", budget_reached=budget_reached)
        finalists = self._fit_for_good(executor)
        cases = pack_cases(self.plan.data.features, self.plan.data.target) if self.plan.choices.refit else b""
        self._now(phase="done", finalists=finalists, progress=1.0, seconds_left=0.0, trained_at=_utc_now(), cases=cases)
        return self.comparison

    def _workers_are_up(self) -> None:
        if self.comparison.phase == "starting":
            self._now(phase="comparing")

    def _cross_validate(self, executor: Executor) -> bool:
        futures: dict[Future[FoldScores], Candidate] = {
            executor.submit(cross_validate, self.plan.data, candidate): candidate for candidate in self.slow_first
        }
        left = set(futures)
        for future in self._as_done(futures):
            self._take(futures[future], future)
            left.remove(future)
        return self._skip(left)

    def _cross_validate_ensemble(self, executor: Executor, budget_reached: bool) -> bool:
        """Rank the best together as one more; each fold is a task, for all workers wait for it."""
        kind, size = self.plan.choices.ensemble, self.plan.choices.ensemble_size
        waiting = next(result for result in self.comparison.candidates if result.id == kind)
        if budget_reached:
            return True
        try:
            members = choose_members(kind, [self.known[result.id] for result in self.comparison.ranked], size)
        except InvalidComparison as error:
            self._replace_result(replace(waiting, state="failed", reason=_reason(error)))
            return False
        ensemble = make_ensemble(kind, self.plan.data.task, members)
        self.known[kind] = ensemble
        named = replace(waiting, name=ensemble.name, members=tuple(member.id for member in members))
        self._replace_result(named, **self._pace())
        data = self.plan.data
        one_fold_each = [replace(data, split=replace(data.split, folds=(fold,))) for fold in data.split.folds]
        futures = [executor.submit(cross_validate, fold, ensemble) for fold in one_fold_each]
        if self._skip(set(futures) - set(self._as_done(futures))):
            return True
        self.work_done += self.ensemble_cost
        failures = [failure for future in futures if (failure := future.exception()) is not None]
        if failures:
            after = replace(named, state="failed", reason=_reason(failures[0]))
        else:
            after = _scored(named, together([future.result() for future in futures]), self.plan.metric)
        self._replace_result(after, **self._pace())
        return False

    def _as_done(self, futures: Iterable[Future[FoldScores]]) -> Iterator[Future[FoldScores]]:
        """Yield each future when it is done, until the budget is used up."""
        budget = self.plan.choices.budget
        waiting = set(futures)
        while waiting:
            left = None if budget is None else self.started + budget - time.monotonic()
            if left is not None and left <= 0:
                return
            done, waiting = wait(waiting, timeout=left, return_when=FIRST_COMPLETED)
            yield from done

    def _skip(self, left: set[Future[FoldScores]]) -> bool:
        """Give up what was not done in time; answer whether there was any."""
        for future in left:
            future.cancel()
        if left:
            self._now(candidates=_ranked(_without_waiting(self.comparison.candidates), self.plan))
        return bool(left)

    def _take(self, candidate: Candidate, future: Future[FoldScores]) -> None:
        error = future.exception()
        before = next(result for result in self.comparison.candidates if result.id == candidate.id)
        if error is not None:
            after = replace(before, state="failed", reason=_reason(error))
        else:
            after = _scored(before, future.result(), self.plan.metric)
        self.work_done += candidate.cost
        self._replace_result(after, phase="comparing", **self._pace())

    def _fit_for_good(self, executor: Executor) -> tuple[Finalist, ...]:
        chosen = self.comparison.ranked[: self.plan.choices.n_select]
        futures: dict[str, Future[FittedCandidate]] = {
            candidate.id: executor.submit(fit_for_good, self.plan.data, candidate, refit=self.plan.choices.refit)
            for candidate in sorted((self.known[result.id] for result in chosen), key=lambda candidate: -candidate.cost)
        }
        finalists = []
        for result in chosen:
            future = futures[result.id]
            if (error := future.exception()) is not None:
                self._replace_result(replace(result, state="failed", reason=_reason(error)))
                continue
            fitted = future.result()
            digest = hashlib.sha256(fitted.artefact).hexdigest()
            finalists.append(Finalist(result.id, fitted.holdout, digest, fitted.artefact))
            self.work_done += self.known[result.id].cost * 2 / self.plan.choices.fold
            self._now(**self._pace())
        return tuple(finalists)

    def _replace_result(self, changed: CandidateResult, **changes: Any) -> None:
        results = tuple(changed if result.id == changed.id else result for result in self.comparison.candidates)
        self._now(candidates=_ranked(results, self.plan), **changes)

    def _pace(self) -> dict[str, float]:
        elapsed = time.monotonic() - self.started
        done = min(self.work_done / self.work, 0.99)
        return {"progress": done, "seconds_left": elapsed * (1 - done) / done}

    def _now(self, **changes: Any) -> None:
        self.comparison = replace(self.comparison, seconds=time.monotonic() - self.started, **changes)
        self.tell(self.comparison)

    def _no_leaderboard(self, budget_reached: bool) -> NoLeaderboard:
        if budget_reached:
            return NoLeaderboard(
                "No candidate was done within {seconds} s. Raise the time budget or choose fewer rows or candidates.",
                seconds=self.plan.choices.budget,
            )
        first = next(result for result in self.comparison.candidates if result.state == "failed")
        return NoLeaderboard("All candidates failed. {name}: {reason}", name=first.name, reason=first.reason)


def _utc_now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _reason(error: BaseException) -> Note:
    if isinstance(error, FarolError):
        return Note.of(error)
    first_line = (str(error).strip() or "no message").splitlines()[0]
    return Note("{kind}: {reason}", {"kind": type(error).__name__, "reason": first_line})


def _scored(result: CandidateResult, scores: FoldScores, metric: str) -> CandidateResult:
    folds = {name: np.array([v for v in values if v is not None]) for name, values in scores.metrics.items()}
    ranking = folds[metric]
    return replace(
        result,
        state="done",
        metrics={name: float(values.mean()) if len(values) else None for name, values in folds.items()},
        spread={name: float(values.std()) if len(values) else None for name, values in folds.items()},
        standard_error=float(ranking.std(ddof=1) / np.sqrt(len(ranking))) if len(ranking) > 1 else None,
        fit_seconds=scores.fit_seconds,
        remarks=scores.remarks,
    )


def _without_waiting(results: tuple[CandidateResult, ...]) -> tuple[CandidateResult, ...]:
    return tuple(replace(result, state="skipped") if result.state == "waiting" else result for result in results)


def _ranked(results: tuple[CandidateResult, ...], plan: ComparisonPlan) -> tuple[CandidateResult, ...]:
    """Sort the best first; mark those within one standard error of it (Breiman et al. 1984, the one-SE rule)."""
    sign = -1 if next(m for m in metrics_for(plan.data.task) if m.name == plan.metric).higher_is_better else 1
    order = {"done": 0, "waiting": 1, "failed": 2, "skipped": 3}

    def rank(result: CandidateResult) -> tuple[int, float, float]:
        score = result.metrics.get(plan.metric)
        return order[result.state], np.inf if score is None else sign * score, result.fit_seconds or 0.0

    ranked = sorted(results, key=rank)
    best = ranked[0]
    best_score = best.metrics.get(plan.metric)
    if best.state != "done" or best_score is None or best.standard_error is None:
        return tuple(replace(result, tied=False) for result in ranked)
    return tuple(
        replace(
            result,
            tied=result.state == "done"
            and (score := result.metrics.get(plan.metric)) is not None
            and abs(score - best_score) <= best.standard_error,
        )
        for result in ranked
    )
