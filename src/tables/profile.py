"""What a table holds, and what is suggested to be learnt from what."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from src.errors import InvalidTable
from src.notes import Note

Kind = Literal["number", "category", "boolean", "time", "row_number", "text"]
Task = Literal["classification", "regression"]

TOP_VALUES = 5
MANY_CATEGORIES = 100
"""A text column with more different values than this is free text or an identifier, not a category."""
MANY_CLASSES = 20
_FEWEST_NUMBERED_ROWS = 10  # four rows that happen to say 1, 2, 3, 4 do not number anything
_TARGET_NAMES = ("target", "label", "class", "state", "status", "outcome", "y")
_IDENTIFIER = re.compile(r"(^|_|\b)(id|uuid|guid|key)$|[a-z]I[dD]$", re.IGNORECASE)


@dataclass(frozen=True)
class ColumnProfile:
    """One column.

    Attributes
    ----------
    name : str
    kind : str
        number, category, boolean, time, row_number (whole numbers that rise by one) or text (free text, identifiers).
    missing, unique : int
        Cells without a value; different values.
    minimum, maximum : float, Timestamp or None
        For numbers, row numbers and times.
    mean : float or None
        For numbers.
    top : tuple of (value, rows)
        The most frequent values of a category or boolean, at most `TOP_VALUES`.
    identifier : bool
        A number that only tells rows apart.
    """

    name: str
    kind: Kind
    missing: int
    unique: int
    minimum: float | pd.Timestamp | None = None
    maximum: float | pd.Timestamp | None = None
    mean: float | None = None
    top: tuple[tuple[object, int], ...] = ()
    identifier: bool = False


@dataclass(frozen=True)
class TableProfile:
    """A table: its number of rows, and its columns in their order."""

    rows: int
    columns: tuple[ColumnProfile, ...]

    def column(self, name: str) -> ColumnProfile:
        """Return the profile of one column.

        Raises
        ------
        InvalidTable
            There is no such column.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise _no_column(name, [column.name for column in self.columns])


class SuggestedTask(NamedTuple):
    """A task and the reason for it."""

    task: Task
    reason: Note


@dataclass(frozen=True)
class SuggestedFeatures:
    """Columns to predict from, and the reason why each of the others is left out."""

    features: list[str]
    left_out: dict[str, Note] = field(default_factory=dict)

    @property
    def notes(self) -> tuple[Note, ...]:
        """The reasons, in the order of the columns."""
        return tuple(self.left_out.values())


def profile_table(frame: pd.DataFrame) -> TableProfile:
    """Describe every column of a table.

    Parameters
    ----------
    frame : DataFrame
        As `src.tables.reader.read_table` or the training table gives it.
    """
    return TableProfile(len(frame), tuple(_profile_column(str(name), frame[name]) for name in frame.columns))


def _profile_column(name: str, column: pd.Series) -> ColumnProfile:
    missing, unique = int(column.isna().sum()), _different_values(name, column)
    kind = _kind(column, missing, unique)
    if kind in ("category", "boolean"):
        top = column.value_counts().head(TOP_VALUES)
        return ColumnProfile(name, kind, missing, unique, top=tuple(zip(top.index, top.tolist(), strict=True)))
    if kind == "text" or unique == 0:
        return ColumnProfile(name, kind, missing, unique)
    if kind == "time":
        return ColumnProfile(name, kind, missing, unique, column.min(), column.max())
    return ColumnProfile(
        name,
        kind,
        missing,
        unique,
        float(column.min()),
        float(column.max()),
        mean=float(column.mean()) if kind == "number" else None,
        identifier=_is_identifier(name, column, missing, unique),
    )


def _different_values(name: str, column: pd.Series) -> int:
    try:
        return int(column.nunique())
    except TypeError:  # lists and the like, from Parquet or Python
        kind = type(column.dropna().iloc[0]).__name__
        raise InvalidTable(
            "The column {name!r} holds values of the type {kind}, not single values. Leave it out.",
            name=name,
            kind=kind,
        ) from None


def _kind(column: pd.Series, missing: int, unique: int) -> Kind:
    if pd.api.types.is_bool_dtype(column):
        return "boolean"
    if pd.api.types.is_datetime64_any_dtype(column):
        return "time"
    if pd.api.types.is_numeric_dtype(column):
        return "row_number" if _rises_by_one(column, missing) else "number"
    present = len(column) - missing
    if 0 < unique <= 2 and set(column.dropna().astype(str).str.lower().unique()) <= {"true", "false"}:
        return "boolean"
    if unique > MANY_CATEGORIES or (unique > 10 and unique * 2 > present):
        return "text"
    return "category"


def _rises_by_one(column: pd.Series, missing: int) -> bool:
    if missing or len(column) < _FEWEST_NUMBERED_ROWS or not pd.api.types.is_integer_dtype(column):
        return False
    return bool((np.diff(column.to_numpy(dtype=np.int64)) == 1).all())


def _is_identifier(name: str, column: pd.Series, missing: int, unique: int) -> bool:
    """Whole numbers, each once, that are called an identifier or are row numbers in another order."""
    if missing or unique < len(column) or len(column) < _FEWEST_NUMBERED_ROWS:
        return False
    if not pd.api.types.is_integer_dtype(column):
        return False
    return bool(_IDENTIFIER.search(name)) or int(column.max()) - int(column.min()) + 1 == len(column)


def class_balance(frame: pd.DataFrame, target: str) -> dict[str, int]:
    """Count the rows of each class, the largest class first; rows without a class are not counted.

    Raises
    ------
    InvalidTable
        There is no such column.
    """
    if target not in frame.columns:
        raise _no_column(target, [str(name) for name in frame.columns])
    return {str(value): int(rows) for value, rows in frame[target].value_counts().items()}


def suggest_target(profile: TableProfile) -> str | None:
    """Suggest what to predict: a column with a telling name, else the last that can be predicted.

    Returns
    -------
    str or None
        None when no column can be a target.
    """
    usable = [column for column in profile.columns if _can_be_target(column)]
    for wanted in _TARGET_NAMES:
        for column in usable:
            if column.name.lower() == wanted:
                return column.name
    return usable[-1].name if usable else None


def _can_be_target(column: ColumnProfile) -> bool:
    return column.kind in ("number", "category", "boolean") and column.unique > 1 and not column.identifier


def suggest_task(target: pd.Series) -> SuggestedTask:
    """Suggest whether a target is a class or a quantity.

    Parameters
    ----------
    target : Series
        The target column; missing values are not looked at.
    """
    present = target.dropna()
    unique = int(present.nunique())
    values: dict[str, object] = {"target": str(target.name), "unique": unique}
    if pd.api.types.is_bool_dtype(target) or not pd.api.types.is_numeric_dtype(target):
        return SuggestedTask("classification", Note("{target!r} holds {unique} classes, not numbers.", values))
    if not bool((present == present.round()).all()):
        return SuggestedTask("regression", Note("{target!r} holds numbers with decimals.", values))
    if unique <= 2 or (unique <= MANY_CLASSES and unique * 5 <= len(present)):
        return SuggestedTask("classification", Note("{target!r} holds only {unique} whole numbers.", values))
    return SuggestedTask("regression", Note("{target!r} holds {unique:,} different numbers.", values))


def suggest_features(profile: TableProfile, target: str) -> SuggestedFeatures:
    """Suggest the columns to predict from, and say why the others are left out.

    Parameters
    ----------
    profile : TableProfile
    target : str
        Left out without a reason.

    Raises
    ------
    InvalidTable
        There is no such target.
    """
    profile.column(target)
    reasons = {column.name: _reason_to_leave_out(column) for column in profile.columns if column.name != target}
    return SuggestedFeatures(
        [name for name, reason in reasons.items() if reason is None],
        {name: reason for name, reason in reasons.items() if reason is not None},
    )


def _reason_to_leave_out(column: ColumnProfile) -> Note | None:
    values: dict[str, object] = {"name": column.name, "unique": column.unique}
    if column.unique == 0:
        return Note("{name!r} is left out: it has no values.", values)
    if column.kind == "time":
        return Note("{name!r} is left out: a time does not come again, so nothing can be learnt from it.", values)
    if column.kind == "row_number":
        return Note("{name!r} is left out: it numbers the rows.", values)
    if column.unique == 1 and not column.missing:
        return Note("{name!r} is left out: it is the same in every row.", values)
    if column.unique == 1 and column.kind == "number":  # a missing number is filled in, a missing category is one more
        return Note("{name!r} is left out: it is the same in every row that has a value.", values)
    if column.kind == "text":
        return Note("{name!r} is left out: free text or an identifier, {unique:,} different values.", values)
    if column.identifier:
        return Note("{name!r} is left out: an identifier, different in every row.", values)
    return None


def _no_column(name: str, names: Sequence[str]) -> InvalidTable:
    return InvalidTable(
        "There is no column {column!r}. Choose one of {names}.", column=name, names=", ".join(names[:20])
    )
