"""How rows are divided: a holdout that nobody trains on, and folds for cross-validation on the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.errors import InvalidComparison

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Split:
    """Row positions of the training part, the holdout, and the folds.

    Attributes
    ----------
    train, holdout : array of int
        Positions in the table.
    folds : tuple of (array of int, array of int)
        Fitting and scoring rows of each fold, as positions in the table, all within `train`.
    """

    train: Rows
    holdout: Rows
    folds: tuple[tuple[Rows, Rows], ...]


def split_random(target: NDArray[Any], *, stratified: bool, folds: int, holdout: float, seed: int) -> Split:
    """Divide rows at random; with `stratified`, each part has the same share of each class.

    The rows and folds are those of PyCaret's `setup(session_id=seed)` and `compare_models(fold=folds)`:
    one shuffled split, then folds in the shuffled order.
    """
    from sklearn.model_selection import KFold, StratifiedKFold, train_test_split

    positions = np.arange(len(target))
    train, held = train_test_split(
        positions, test_size=holdout, random_state=seed, shuffle=True, stratify=target if stratified else None
    )
    splitter = StratifiedKFold(folds) if stratified else KFold(folds)
    return Split(train, held, _within(train, splitter.split(train, target[train])))


def split_by_time(times: NDArray[Any], *, folds: int, holdout: float) -> Split:
    """Hold out the latest rows; each fold trains on what came before the rows it is scored on.

    Rows of the same moment, of several machines say, are never on both sides of a border.
    """
    from sklearn.model_selection import TimeSeriesSplit

    order = np.argsort(times, kind="stable")
    border = int(np.searchsorted(times[order], times[order[int(len(order) * (1 - holdout))]], side="left"))
    train, held = order[:border], order[border:]
    moments, starts = np.unique(times[train], return_index=True)
    if len(moments) < folds + 1:
        raise InvalidComparison(
            "There are too few different times to hold out the latest rows. Choose another split or more data."
        )
    ends = np.append(starts[1:], len(train))
    return Split(
        train,
        held,
        tuple(
            (train[: ends[fitting[-1]]], train[starts[scoring[0]] : ends[scoring[-1]]])
            for fitting, scoring in TimeSeriesSplit(folds).split(moments)
        ),
    )


def split_by_group(
    target: NDArray[Any], groups: NDArray[Any], *, stratified: bool, folds: int, holdout: float, seed: int
) -> Split:
    """Keep each group (a machine, say) on one side: in the holdout or not, and in one fold.

    Raises
    ------
    InvalidComparison
        Fewer groups than parts to put them in.
    """
    from sklearn.model_selection import GroupKFold, GroupShuffleSplit, StratifiedGroupKFold

    count = len(np.unique(groups))
    if count < 3:
        raise InvalidComparison(
            "The grouping column has {count} different values; at least 3 are needed. Choose another split.",
            count=count,
        )
    train, held = next(GroupShuffleSplit(1, test_size=holdout, random_state=seed).split(target, groups=groups))
    parts = min(folds, len(np.unique(groups[train])))
    splitter = StratifiedGroupKFold(parts) if stratified else GroupKFold(parts)
    return Split(train, held, _within(train, splitter.split(train, target[train], groups[train])))


def _within(train: Rows, folds: Any) -> tuple[tuple[Rows, Rows], ...]:
    return tuple((train[fitting], train[scoring]) for fitting, scoring in folds)
