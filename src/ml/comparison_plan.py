"""From a table and a person's choices to what is compared: features, target, rows, folds, candidates."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from src.errors import InvalidComparison
from src.evaluation.metrics import default_metric, metrics_for
from src.evaluation.splits import Split, split_by_group, split_by_time, split_random
from src.ml.candidate_fitting import TrainingData
from src.ml.candidates import Candidate, Task, choose_candidates
from src.ml.ensembles import EnsembleKind
from src.ml.signature import Signature, as_model_input, describe_features
from src.notes import Note
from src.tables.profile import profile_table, suggest_features, suggest_task

FEWEST_ROWS = 20
_SAME_CORRELATION = 0.999999
_LARGEST_ROUNDING = 1e-3
"""Of the target's standard deviation."""
_FIRST_UNSURE_INTEGER = 2.0**53
"""From here on neighbouring whole numbers are the same float."""


@dataclass(frozen=True)
class Choices:
    """What a person chooses for a comparison; JSON-able, so that a page, a job and the command line share it.

    Attributes
    ----------
    target : str
        Column to predict.
    features : list of str, optional
        Columns to predict from; none means all that are suggested (no time stamps, row numbers or identifiers).
    task : {"classification", "regression"}, optional
        None means as the target suggests.
    sort : str, optional
        Metric to rank by; none means Accuracy, or R2 for regression.
    n_select : int
        How many of the best are evaluated on the holdout and can be saved.
    fold : int
        Folds of the cross-validation.
    turbo : bool
        Leave out the candidates that are slow with many rows.
    include : list of str, optional
        Identifiers of the candidates to compare.
    split : str
        ``random`` (stratified for classes), ``time``, or ``group:COLUMN``.
    holdout : float
        Share of the rows that is held out.
    budget : float, optional
        Seconds after which what is done is the result.
    seed : int
        Seed of everything random.
    max_rows : int, optional
        Use at most so many rows, evenly picked.
    refit : bool
        Fit the best on the whole table as well, so that they can be saved; a look at the leaderboard needs no such fit.
    units : dict
        Unit of each column, where known.
    source : str
        Where the table comes from, for the saved model's record.
    ensemble : {"none", "blend", "stack"}
        One more candidate, made of the best of the others: see `src.ml.ensembles`.
    ensemble_size : int
        How many of the best it is made of.
    """

    target: str
    features: list[str] | None = None
    task: Task | None = None
    sort: str | None = None
    n_select: int = 5
    fold: int = 5
    turbo: bool = True
    include: list[str] | None = None
    split: str = "random"
    holdout: float = 0.3
    budget: float | None = None
    seed: int = 42
    max_rows: int | None = None
    refit: bool = True
    units: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    ensemble: EnsembleKind = "none"
    ensemble_size: int = 3


_CHOICES = TypeAdapter(Choices)


@dataclass(frozen=True)
class ComparisonPlan:
    """Everything that is settled before the first fit."""

    choices: Choices
    data: TrainingData
    candidates: tuple[Candidate, ...]
    metric: str
    signature: Signature
    fingerprint: dict[str, Any]
    notes: tuple[Note, ...]


def plan_comparison(table: pd.DataFrame, choices: Choices) -> ComparisonPlan:
    """Settle what is compared.

    Parameters
    ----------
    table : DataFrame, shape (n_rows, n_columns)
        Training table; one column is the target.
    choices : Choices
        What the person chose.

    Raises
    ------
    InvalidComparison
        A choice does not fit the table or another choice; the message names both.
    """
    choices = _of_the_right_types(choices)
    _check_names(table)
    _check_choices(table, choices)
    notes: list[Note] = []
    table = _usable_rows(table, choices, notes)
    task = choices.task or suggest_task(table[choices.target])[0]
    metric = _metric(task, choices.sort)
    features = _features(table, choices, notes)
    target = _target(table[choices.target], task)
    classes = np.unique(target) if task == "classification" else np.array([])
    _check_classes(target, classes, task, choices)
    notes.extend(_giveaways(table[features], target, task))
    split = _split(table, target, task, choices, notes)
    model_input = as_model_input(table, features)
    return ComparisonPlan(
        choices,
        TrainingData(model_input, target, classes, task, split, choices.seed),
        choose_candidates(task, choices.include, turbo=choices.turbo),
        metric,
        Signature(
            describe_features(table[features], choices.units),
            choices.target,
            task,
            tuple(classes.tolist()),
            choices.units.get(choices.target, ""),
        ),
        _fingerprint(table, [*features, choices.target], choices.source),
        tuple(notes),
    )


def time_column(table: pd.DataFrame) -> str | None:
    """Return the first time column of a table, if there is one."""
    times = [str(name) for name in table.columns if pd.api.types.is_datetime64_any_dtype(table[name])]
    return times[0] if times else None


def _of_the_right_types(choices: Choices) -> Choices:
    try:
        return _CHOICES.validate_python(vars(choices))
    except ValidationError as error:
        first = error.errors()[0]
        raise InvalidComparison(
            "{name} is {value!r}: {reason}.", name=first["loc"][0], value=first["input"], reason=first["msg"]
        ) from None


def _check_names(table: pd.DataFrame) -> None:
    """A file's names are checked when it is read; a frame from Python may have any."""
    for name in table.columns:
        if not isinstance(name, str):
            raise InvalidComparison(
                "The column name {name!r} is not text. Rename the columns first: table.rename(columns=str).", name=name
            )
    for name in table.columns[table.columns.duplicated()]:
        raise InvalidComparison("The table has two columns called {name!r}. Give each its own name.", name=name)


def _check_choices(table: pd.DataFrame, choices: Choices) -> None:
    for name in [choices.target, *(choices.features or [])]:
        if name not in table.columns:
            raise InvalidComparison(
                "There is no column {name!r}. The table has: {columns}.",
                name=name,
                columns=", ".join(map(str, table.columns)),
            )
    if choices.features is not None and not choices.features:
        raise InvalidComparison("No features are chosen. Choose at least one column to predict from.")
    if choices.target in (choices.features or []):
        raise InvalidComparison("{name!r} is the target and cannot be a feature as well.", name=choices.target)
    for name, times in Counter(choices.features or []).items():
        if times > 1:
            raise InvalidComparison("The feature {name!r} is chosen twice. Choose it once.", name=name)
    _check_number("fold", choices.fold, 2, 50)
    _check_number("n_select", choices.n_select, 1, 50)
    _check_number("ensemble_size", choices.ensemble_size, 2, 10)
    _check_number("holdout", choices.holdout, 0.05, 0.9)
    _check_number("seed", choices.seed, 0, 2**32 - 1)
    if choices.budget is not None:
        _check_number("budget", choices.budget, 1, 7 * 24 * 3600)
    if choices.max_rows is not None:
        _check_number("max_rows", choices.max_rows, FEWEST_ROWS, 10**9)


def _check_number(name: str, value: float, lowest: float, highest: float) -> None:
    if not lowest <= value <= highest:  # also true of NaN
        raise InvalidComparison(
            "{name} is {value}; it must be between {lowest} and {highest}.",
            name=name,
            value=value,
            lowest=lowest,
            highest=highest,
        )


def _usable_rows(table: pd.DataFrame, choices: Choices, notes: list[Note]) -> pd.DataFrame:
    known = table[choices.target].notna()
    if not known.all():
        notes.append(Note("{count:,} rows without a target are left out.", {"count": int((~known).sum())}))
        table = table[known]
    if len(table) < FEWEST_ROWS:
        raise InvalidComparison(
            "Only {rows} rows have a target; at least {fewest} are needed.", rows=len(table), fewest=FEWEST_ROWS
        )
    if choices.max_rows and len(table) > choices.max_rows:
        notes.append(
            Note("{used:,} of {rows:,} rows are used, evenly picked.", {"used": choices.max_rows, "rows": len(table)})
        )
        table = table.iloc[np.linspace(0, len(table) - 1, choices.max_rows).astype(int)]
    return table.reset_index(drop=True)


def _metric(task: Task, sort: str | None) -> str:
    names = {metric.name.casefold(): metric.name for metric in metrics_for(task)}
    wanted = (sort or default_metric(task)).casefold()
    if wanted in ("prec", "prec."):  # as PyCaret's tables have it
        wanted = "precision"
    if wanted not in names:
        raise InvalidComparison(
            "{sort!r} is no metric for {task}. Choose from: {names}.",
            sort=sort,
            task=task,
            names=", ".join(names.values()),
        )
    return names[wanted]


def _features(table: pd.DataFrame, choices: Choices, notes: list[Note]) -> list[str]:
    group = choices.split.removeprefix("group:") if choices.split.startswith("group:") else None
    features = choices.features
    if features is None:
        suggestion = suggest_features(profile_table(table), choices.target)
        features = [name for name in suggestion.features if name != group]
        notes.extend(suggestion.notes)
    if not features:
        raise InvalidComparison("No column is left to predict from. Choose the features yourself.")
    for name in features:
        if table[name].isna().all():
            raise InvalidComparison("The feature {name!r} has no values. Leave it out.", name=name)
        if pd.api.types.is_numeric_dtype(table[name]) and np.isinf(table[name].to_numpy(float, na_value=np.nan)).any():
            raise InvalidComparison("The feature {name!r} has infinite values. Mend the data.", name=name)
    return features


def _target(column: pd.Series, task: Task) -> NDArray[Any]:
    if task == "regression":
        if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
            raise InvalidComparison(
                "The target {name!r} is not a number, so it cannot be a regression. Choose classification.",
                name=str(column.name),
            )
        values = column.to_numpy(dtype=float)
        if not np.isfinite(values).all():
            raise InvalidComparison("The target {name!r} has infinite values. Mend the data.", name=str(column.name))
        if values.min() == values.max():
            raise InvalidComparison(
                "The target {name!r} is {value:g} in every row; there is nothing to learn. Choose another target.",
                name=str(column.name),
                value=float(values[0]),
            )
        return _seven_digits(values, str(column.name))
    if pd.api.types.is_bool_dtype(column):
        return column.to_numpy(dtype=bool)
    if pd.api.types.is_signed_integer_dtype(column):
        return column.to_numpy(dtype=np.int64)
    if pd.api.types.is_numeric_dtype(column):
        values = column.to_numpy(dtype=float)
        whole = np.all((values == np.round(values)) & (np.abs(values) < _FIRST_UNSURE_INTEGER))
        return values.astype(np.int64) if whole else values.astype(str)
    return column.astype(str).to_numpy(dtype=object).astype(str)


def _seven_digits(values: NDArray[Any], name: str) -> NDArray[Any]:
    """Round as PyCaret does, so that scores agree with it; most candidates compute with no more digits either."""
    rounded = values.astype(np.float32).astype(float)
    if np.abs(rounded - values).max() > _LARGEST_ROUNDING * values.std():
        raise InvalidComparison(
            "The target {name!r} varies too little for its size: models compute with seven digits. Subtract {lowest:g} "
            "from it first.",
            name=name,
            lowest=float(values.min()),
        )
    return rounded


def _check_classes(target: NDArray[Any], classes: NDArray[Any], task: Task, choices: Choices) -> None:
    if task == "regression":
        return
    if len(classes) < 2:
        raise InvalidComparison(
            "The target {name!r} has one class only ({label}); there is nothing to tell apart.",
            name=choices.target,
            label=classes[0],
        )
    if len(classes) > 100:
        raise InvalidComparison(
            "The target {name!r} has {count} classes; at most 100 can be compared. Is it a regression?",
            name=choices.target,
            count=len(classes),
        )
    counts = {label: int((target == label).sum()) for label in classes}
    rare = min(counts, key=lambda label: counts[label])
    if choices.split == "random" and counts[rare] < 2:
        raise InvalidComparison(
            "Class {label!r} of {name!r} has one row; it needs at least 2 to be on both sides of a split.",
            label=str(rare),
            name=choices.target,
        )


def _giveaways(features: pd.DataFrame, target: NDArray[Any], task: Task) -> list[Note]:
    """Say which features hold the target in other words: a score with them is not one to be had in use."""
    same = _same_value if task == "regression" else _same_class
    return [
        Note(
            "{name!r} says the same as the target in other words. Leave it out if it is not known beforehand.",
            {"name": name},
        )
        for name in features
        if same(features[name], target)
    ]


def _same_class(feature: pd.Series, target: NDArray[Any]) -> bool:
    """Whether each value goes with one class, and each class with one value; a missing one may be a value, or a gap."""
    known = feature.notna().to_numpy()
    if known.mean() >= 0.5 and len(np.unique(target[known])) > 1 and _one_to_one(feature[known], target[known]):
        return True
    return not known.all() and _one_to_one(feature, target)


def _one_to_one(feature: pd.Series, target: NDArray[Any]) -> bool:
    values, classes = pd.factorize(feature, use_na_sentinel=False)[0], pd.Series(target).factorize()[0]
    return bool((values == classes).all())


def _same_value(feature: pd.Series, target: NDArray[Any]) -> bool:
    """Whether the target is the feature in another unit."""
    if not pd.api.types.is_numeric_dtype(feature) or feature.nunique() < 3:
        return False
    values = feature.to_numpy(dtype=float, na_value=np.nan)
    known = np.isfinite(values)
    with np.errstate(invalid="ignore", divide="ignore"):  # a target that is constant where the feature is known
        return bool(abs(np.corrcoef(values[known], target[known])[0, 1]) > _SAME_CORRELATION)


def _split(table: pd.DataFrame, target: NDArray[Any], task: Task, choices: Choices, notes: list[Note]) -> Split:
    stratified = task == "classification"
    if choices.split == "random":
        split = split_random(
            target, stratified=stratified, folds=choices.fold, holdout=choices.holdout, seed=choices.seed
        )
    elif choices.split == "time":
        column = time_column(table)
        if column is None:
            raise InvalidComparison("There is no time column to split by. Choose another split.")
        if table[column].isna().any():
            raise InvalidComparison("The time column {name!r} has empty cells, so rows have no order.", name=column)
        split = split_by_time(table[column].to_numpy(), folds=choices.fold, holdout=choices.holdout)
    elif choices.split.startswith("group:"):
        split = _group_split(table, target, stratified, choices, notes)
    else:
        raise InvalidComparison(
            "{split!r} is no way to split. Choose random, time, or group:COLUMN.", split=choices.split
        )
    return _usable_folds(split, target, notes) if stratified else split


def _group_split(
    table: pd.DataFrame, target: NDArray[Any], stratified: bool, choices: Choices, notes: list[Note]
) -> Split:
    column = choices.split.removeprefix("group:")
    if column not in table.columns:
        raise InvalidComparison("There is no column {name!r} to group by.", name=column)
    if column == choices.target:
        raise InvalidComparison(
            "{name!r} is the target and cannot be the group: each class would be on one side only.", name=column
        )
    groups = table[column].astype(str).to_numpy()
    split = split_by_group(
        target, groups, stratified=stratified, folds=choices.fold, holdout=choices.holdout, seed=choices.seed
    )
    if len(split.folds) < choices.fold:
        notes.append(
            Note(
                "{folds} folds instead of {wanted}: there are no more groups.",
                {"folds": len(split.folds), "wanted": choices.fold},
            )
        )
    return split


def _usable_folds(split: Split, target: NDArray[Any], notes: list[Note]) -> Split:
    """Leave out folds whose fitting rows hold a single class: no classifier can learn from them."""
    if len(np.unique(target[split.train])) < 2:
        raise InvalidComparison(
            "The training part of this split holds a single class. Choose another split or more data."
        )
    folds = tuple(fold for fold in split.folds if len(fold[1]) and len(np.unique(target[fold[0]])) > 1)
    if not folds:
        raise InvalidComparison("Each fold of this split holds a single class. Choose another split or more data.")
    left_out = len(split.folds) - len(folds)
    if left_out:
        notes.append(Note("{count} folds hold a single class and are left out.", {"count": left_out}))
    return replace(split, folds=folds)


def _fingerprint(table: pd.DataFrame, columns: list[str], source: str) -> dict[str, Any]:
    """Tell which data this was: rows, columns, time span, and a hash of the values used."""
    hashed = pd.util.hash_pandas_object(table[columns], index=False).to_numpy()
    times = time_column(table)
    return {
        "source": source,
        "rows": len(table),
        "columns": columns,
        "sha256": hashlib.sha256(hashed.tobytes()).hexdigest(),
        "from": table[times].min().isoformat() if times else None,
        "to": table[times].max().isoformat() if times else None,
    }
