"""How rows are divided: a holdout that nobody trains on, and folds for cross-validation on the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from src.errors import InvalidComparison

Rows = NDArray[np.int64]
SplitKind = Literal["random", "time", "group"]


@dataclass(frozen=True)
class Split:
    """Row positions of the training part, the holdout, and the folds.

    Attributes
    ----------
    train, holdout : array of int
        Positions in the table.
    folds : tuple of (array of int, array of int)
        Fitting and scoring rows of each fold, as positions in the table, all within `train`.
    kind : {"random", "time", "group"}
        How rows are kept apart.
    blocks : array of int, shape (n_rows of the table,), optional
        Number of each row's moment, in order, or of its group: rows of one block stay together. None for random.
    """

    train: Rows
    holdout: Rows
    folds: tuple[tuple[Rows, Rows], ...]
    kind: SplitKind = "random"
    blocks: Rows | None = None


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
        "time",
        np.unique(times, return_inverse=True)[1],
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
    folds_in_train = _within(train, splitter.split(train, target[train], groups[train]))
    return Split(train, held, folds_in_train, "group", np.unique(groups, return_inverse=True)[1])


def _within(train: Rows, folds: Any) -> tuple[tuple[Rows, Rows], ...]:
    return tuple((train[fitting], train[scoring]) for fitting, scoring in folds)


def inner_folds(split: Split, rows: Rows, target: NDArray[Any], *, stratified: bool, folds: int) -> list[Any]:
    """Divide some of the rows once more, random ones at random and groups whole, so that each is scored once.

    For rows by time there is no such division that looks back only: see `forward_folds`.

    Returns
    -------
    list of (array of int, array of int)
        Fitting and scoring rows, as positions in `rows`.

    Raises
    ------
    InvalidComparison
        All rows are of one group.
    """
    from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold

    if split.blocks is None:
        splitter = StratifiedKFold(folds) if stratified else KFold(folds)
        return list(splitter.split(rows, target[rows]))
    groups = split.blocks[rows]
    count = len(np.unique(groups))
    if count < 2:
        raise InvalidComparison("All rows to fit on are of one group, so they cannot be divided once more.")
    return list(GroupKFold(min(folds, count)).split(rows, groups=groups))


def forward_folds(
    split: Split, rows: Rows, target: NDArray[Any], *, stratified: bool, folds: int
) -> list[tuple[Rows, Rows]]:
    """Divide some of the rows by time into earlier and later ones, several times, each later part once.

    Parameters
    ----------
    stratified : bool
        Each earlier part must have every class of the rows, and so must the later parts together.

    Returns
    -------
    list of (array of int, array of int)
        Earlier and later rows, as positions in the table; those without every class earlier are left out.

    Raises
    ------
    InvalidComparison
        There are too few moments, or classes that are not both earlier and later.
    """
    from sklearn.model_selection import TimeSeriesSplit

    assert split.blocks is not None
    ordered = rows[np.argsort(split.blocks[rows], kind="stable")]
    moments, starts = np.unique(split.blocks[ordered], return_index=True)
    ends = np.append(starts[1:], len(ordered))
    parts: list[tuple[Rows, Rows]] = []
    if len(moments) > folds:
        parts = [
            (ordered[: ends[earlier[-1]]], ordered[starts[later[0]] : ends[later[-1]]])
            for earlier, later in TimeSeriesSplit(folds).split(moments)
        ]
    if stratified:
        known = np.unique(target[rows])
        parts = [part for part in parts if np.isin(known, target[part[0]]).all()]
        if parts and not np.isin(known, target[np.concatenate([later for _, later in parts])]).all():
            parts = []
    if not parts:
        raise InvalidComparison("The rows cannot be divided by time so that each class is both earlier and later.")
    return parts


def smaller_part(split: Split, rows: Rows, target: NDArray[Any], share: float, *, stratified: bool, seed: int) -> Rows:
    """Pick a share of some rows, as a smaller table would have had them.

    Of rows by time the latest, of groups whole ones, else rows at random; what a smaller share picks, a larger one
    picks too.
    """
    if share >= 1:
        return rows
    if split.kind == "time":
        assert split.blocks is not None
        moments = split.blocks[rows]
        ordered = rows[np.argsort(moments, kind="stable")]
        return ordered[len(ordered) - max(int(len(ordered) * share), 1) :]
    shuffled = np.random.default_rng(seed).permutation(rows)
    if split.kind == "group":
        assert split.blocks is not None
        groups = split.blocks[shuffled]
        names, first, counts = np.unique(groups, return_index=True, return_counts=True)
        order = np.argsort(first)
        wanted = np.searchsorted(np.cumsum(counts[order]), share * len(rows)) + 1
        return rows[np.isin(split.blocks[rows], names[order][:wanted])]
    if not stratified:
        return shuffled[: max(int(len(rows) * share), 1)]
    picked = [of_class[: max(int(len(of_class) * share), 1)] for of_class in _by_class(shuffled, target)]
    return np.concatenate(picked)


def _by_class(rows: Rows, target: NDArray[Any]) -> list[Rows]:
    return [rows[target[rows] == label] for label in np.unique(target[rows])]
