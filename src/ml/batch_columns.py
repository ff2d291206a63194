"""The columns of a file as a model takes them: each by its name and by the type that the signature says.

A cell that says nothing, or that a value is missing, is missing as in training. One that cannot be read as its column's
type is refused with row and column, for a type is known here and no column can turn into text.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from src.errors import InvalidPredictionInput, InvalidTable
from src.ml.prediction import LARGEST
from src.ml.signature import Feature, Signature
from src.notes import Note
from src.tables.column import MISSING_WORDS
from src.tables.streaming import Chunk

_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_TIME = r"^\d{4}[-/]\d{2}[-/]\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}(:?\d{2})?)?)?$"
_NOTHING = pa.scalar(None, pa.string())
_SHOWN = 40
_NANOSECONDS_A_DAY = 86_400e9


def check_names(signature: Signature, columns: Sequence[str]) -> None:
    """Check that a file has every column that a model needs; in any order, with any others.

    Raises
    ------
    InvalidPredictionInput
        Names all that are missing, and what they may be called instead.
    """
    missing = [name for name in signature.names if name not in columns]
    if not missing:
        return
    free = [column for column in columns if column not in signature.names]
    likeness = [(_likeness(column, name), column, name) for column in free[:_SHOWN] for name in missing[:_SHOWN]]
    _, column, name = max(likeness, default=(0.0, columns[0], missing[0]), key=lambda pair: pair[0])
    raise InvalidPredictionInput(
        "The file lacks columns that the model needs ({count}): {missing}. It has: {columns}. Rename them, such as "
        "{example}, or choose another model.",
        count=len(missing),
        missing=", ".join(map(repr, missing)),
        columns=", ".join(map(repr, columns[:_SHOWN])),
        example=f"{column!r} → {name!r}",
    )


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one.casefold(), other.casefold()).ratio()


def model_columns(signature: Signature, columns: Sequence[str], chunk: Chunk) -> pd.DataFrame:
    """Return the features of some rows, for `predict_rows`.

    Parameters
    ----------
    signature : Signature
    columns : sequence of str
        Names of the chunk's columns.

    Returns
    -------
    DataFrame, shape (n_rows, n_features)
        Float64 (times in days since 1970, truths as 0 and 1), or text; NaN where a value is missing.

    Raises
    ------
    InvalidTable
        The first cell that is not of its column's type, with its row.
    """
    place = {name: number for number, name in enumerate(columns)}
    return pd.DataFrame(
        {f.name: _read(f, chunk.cells[place[f.name]], chunk.rows) for f in signature.features}, copy=False
    )


def _read(feature: Feature, cells: pa.Array, rows: NDArray[np.int64]) -> NDArray[Any]:
    if pa.types.is_dictionary(cells.type):
        cells = cells.dictionary_decode()
    is_text = pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type)
    if feature.type == "category":
        return _categories(feature, cells)
    if is_text:
        trimmed = pc.utf8_trim_whitespace(cells.cast(pa.string()))
        nothing = pc.or_kleene(pc.is_in(trimmed, MISSING_WORDS), pc.equal(trimmed, ""))
        known = pc.if_else(nothing, _NOTHING, trimmed)
        values = {"time": _times_in_text, "boolean": _truths_in_text}.get(feature.type, _numbers_in_text)(
            feature.name, known, rows
        )
    else:
        values = _typed(feature, cells)
    wrong = np.isinf(values) | (np.abs(values) > LARGEST)
    if wrong.any():
        raise InvalidTable(
            "Row {row}, column {column!r}: {value} is infinite, or larger than a model can take. Mend the cell.",
            column=feature.name,
            **_first(cells, rows, wrong),
        )
    return values


def _categories(feature: Feature, cells: pa.Array) -> NDArray[Any]:
    if pa.types.is_boolean(cells.type):  # truths of which some are missing are a category, in the words of training
        words = {known.casefold(): known for known in feature.categories}
        cells = pc.if_else(cells, words.get("true", "True"), words.get("false", "False"))
    values = pc.cast(cells, pa.string()).to_numpy(zero_copy_only=False).astype(object)
    empty = pd.isna(values) | (values == "")
    values[empty] = np.nan
    return values


def _numbers_in_text(name: str, known: pa.Array, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    wrong = _misfits(known, _NUMBER)
    if wrong.any():
        raise InvalidTable(
            "Row {row}, column {column!r}: {value!r} is no number. Write numbers as 1234.5, or leave the cell empty.",
            column=name,
            **_first(known, rows, wrong),
        )
    return pc.cast(known, pa.float64()).to_numpy(zero_copy_only=False)


def _truths_in_text(name: str, known: pa.Array, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    lower = pc.utf8_lower(known)
    wrong = _misfits(lower, r"^(true|false|1|0|1\.0|0\.0)$")
    if wrong.any():
        raise InvalidTable(
            "Row {row}, column {column!r}: {value!r} is neither true nor false. Mend the cell.",
            column=name,
            **_first(known, rows, wrong),
        )
    truths = pc.is_in(lower, pa.array(["true", "1", "1.0"]))
    return pc.if_else(pc.is_valid(known), pc.cast(truths, pa.float64()), np.nan).to_numpy(zero_copy_only=False)


def _times_in_text(name: str, known: pa.Array, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    wrong = _misfits(known, _TIME)
    stamps = pc.if_else(pa.array(wrong), _NOTHING, pc.replace_substring(known, "/", "-"))
    times = pd.to_datetime(stamps.to_pandas(), utc=True, format="ISO8601", errors="coerce")
    wrong = times.isna().to_numpy() & np.asarray(pc.is_valid(known))
    if wrong.any():
        raise InvalidTable(
            "Row {row}, column {column!r}: {value!r} is no time beyond doubt. Write times as 2024-12-31T12:30:00Z.",
            column=name,
            **_first(known, rows, wrong),
        )
    return _days(times)


def _typed(feature: Feature, cells: pa.Array) -> NDArray[np.float64]:
    kind = cells.type
    if pa.types.is_null(kind):
        return np.full(len(cells), np.nan)
    if feature.type == "time":
        if not (pa.types.is_timestamp(kind) or pa.types.is_date(kind)):
            raise _wrong_type(feature.name, kind, Note("times"))
        return _days_of_stamps(cells)
    if pa.types.is_boolean(kind):
        cells = pc.cast(cells, pa.uint8())
    elif not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
        raise _wrong_type(feature.name, kind, Note("numbers"))
    return pc.cast(cells, pa.float64(), safe=False).to_numpy(zero_copy_only=False)


def _days_of_stamps(cells: pa.Array) -> NDArray[np.float64]:
    """Days since 1970, also of years that pandas has no room for; the others exactly as in training."""
    if pa.types.is_date(cells.type):
        cells = pc.cast(cells, pa.timestamp("ms"))
    nanoseconds = {"s": 1e9, "ms": 1e6, "us": 1e3, "ns": 1.0}[cells.type.unit]
    counts = pc.cast(pc.cast(cells, pa.int64()), pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return counts * nanoseconds / _NANOSECONDS_A_DAY


def _days(times: pd.Series) -> NDArray[np.float64]:
    return ((times - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(days=1)).to_numpy(dtype=float)


def _misfits(known: pa.Array, pattern: str) -> NDArray[np.bool_]:
    """Where a cell says something that does not fit a pattern."""
    return ~np.asarray(pc.fill_null(pc.match_substring_regex(known, pattern), True))


def _first(cells: pa.Array, rows: NDArray[np.int64], wrong: NDArray[np.bool_]) -> dict[str, Any]:
    """Row and value of the first cell where a mask holds."""
    place = int(np.argmax(wrong))
    text = str(cells[place].as_py())
    return {"row": int(rows[place]), "value": text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"}


def _wrong_type(name: str, kind: pa.DataType, wanted: Note) -> InvalidTable:
    return InvalidTable(
        "Column {column!r} holds values of type {kind}, and the model takes {wanted} there. Convert it.",
        column=name,
        kind=str(kind),
        wanted=wanted,
    )
