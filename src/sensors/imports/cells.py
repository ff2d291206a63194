"""What the cells of a column say: numbers, times or quality codes, in text or in Parquet's types.

Here no column stays text: a cell that cannot be read is a problem of its row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from src.errors import InvalidReadings
from src.notes import Note
from src.sensors.imports.problems import RowProblems
from src.sensors.readings import DataQuality
from src.tables.number_columns import DECIMAL_COMMA, EXACT_INTEGER, MANY_DIGITS, NOT_ZERO, NUMBER, THOUSANDS
from src.tables.parquet import is_text
from src.tables.time_columns import DAY_OR_MONTH_FIRST, ISO_TIME, ZONE

_NO_TEXT = pa.scalar(None, pa.string())
_INFINITE = r"^[+-]?(?i:inf|infinity)$"
_MISSING = r"^[+-]?(?i:nan|na|n/a|#n/a|null|none|nil|-|--|\?)$"
_CODE = r"^[0-9]+(\.0+)?$"
_COUNT = r"^[+-]?\d+(\.\d*)?$"
_EARLIEST, _LATEST = (int(np.datetime64(f"{year}-01-01", "us").astype(np.int64)) for year in (1678, 2262))
_SHOWN_CHARACTERS = 40

Where = dict[str, object]
"""Row, column and value of a cell, for a note."""


@dataclass(frozen=True)
class Cells:
    """The cells of one column in some rows.

    Attributes
    ----------
    values : Array
        As written, but for blanks around a text; null where a cell is empty.
    rows : ndarray of int64
    """

    column: str
    values: pa.Array
    rows: np.ndarray
    problems: RowProblems

    @staticmethod
    def of(column: str, values: pa.Array, rows: np.ndarray, problems: RowProblems, longest: int) -> Cells:
        """Take the blanks from around texts, and refuse texts that are too long."""
        if is_text(values.type):
            trimmed = pc.utf8_trim_whitespace(values.cast(pa.string()))
            values = pc.if_else(pc.equal(trimmed, ""), _NO_TEXT, trimmed)
        cells = Cells(column, values, rows, problems)
        if is_text(values.type):
            cells.refuse(as_mask(pc.greater(pc.utf8_length(values), longest)), lambda at: _too_long(at, longest))
        return cells

    @property
    def is_text(self) -> bool:
        """Whether the cells are text."""
        return is_text(self.values.type)

    @property
    def empty(self) -> np.ndarray:
        """Where a cell is empty."""
        return as_mask(pc.is_null(self.values))

    def matches(self, pattern: str) -> np.ndarray:
        """Tell for each cell whether its text fits a pattern."""
        return as_mask(pc.match_substring_regex(self.values, pattern))

    def refuse(self, wrong: np.ndarray, note: Callable[[Where], Note]) -> None:
        """Note a problem of each cell where a mask holds."""
        self.problems.add_where(wrong, self.rows, lambda place: note(self._where(place)))

    def refuse_type(self, wanted: Note) -> InvalidReadings:
        """Make the error for a column of another type; `wanted` says of which it must be."""
        return InvalidReadings(
            "Column {column!r} holds values of type {kind}. {wanted}",
            column=self.column,
            kind=str(self.values.type),
            wanted=wanted,
        )

    def _where(self, place: int) -> Where:
        value = self.values[place].as_py()
        text = "" if value is None else str(value)
        if len(text) > _SHOWN_CHARACTERS:
            text = f"{text[: _SHOWN_CHARACTERS - 1]}…"
        return {"row": int(self.rows[place]), "column": self.column, "value": text}


def as_mask(mask: pa.Array) -> np.ndarray:
    """Return a mask without nulls."""
    return np.asarray(pc.fill_null(mask, False))


def _too_long(at: Where, longest: int) -> Note:
    return Note(
        "Row {row}, column {column!r}: the cell has more than {limit:,} characters. Shorten it, or look for a "
        "quotation mark that is never closed.",
        {**at, "limit": longest},
    )


def read_numbers(cells: Cells) -> np.ndarray:
    """Read numbers; NaN where a cell is empty, or refused.

    Raises
    ------
    InvalidReadings
        The column is of a type that holds no numbers.
    """
    if cells.is_text:
        return _numbers_in_text(cells)
    kind = cells.values.type
    if pa.types.is_null(kind):
        return np.full(len(cells.values), np.nan)
    if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)):
        raise cells.refuse_type(Note("Numbers are needed."))
    if pa.types.is_integer(kind):
        ends = pc.cast(cells.values, pa.float64(), safe=False)
        cells.refuse(as_mask(pc.greater(pc.abs(ends), EXACT_INTEGER)), _too_many_digits)
    numbers = pc.cast(cells.values, pa.float64(), safe=False)
    cells.refuse(as_mask(pc.invert(pc.is_finite(numbers))), _no_number)
    return numbers.to_numpy(zero_copy_only=False)


def _numbers_in_text(cells: Cells) -> np.ndarray:
    numeric = cells.matches(NUMBER) & ~cells.matches(_INFINITE)
    cells.refuse(~numeric & ~cells.empty, _no_number)
    numbers = pc.cast(pc.if_else(pa.array(numeric), cells.values, _NO_TEXT), pa.float64())
    values = numbers.to_numpy(zero_copy_only=False)
    with np.errstate(invalid="ignore"):
        suspects = np.isinf(values) | (values == 0.0)
    if suspects.any():
        cells.refuse(np.isinf(values) | ((values == 0.0) & cells.matches(NOT_ZERO)), _beyond)
    large = np.abs(values) >= EXACT_INTEGER
    if large.any():
        cells.refuse(
            large & np.isfinite(values) & cells.matches(MANY_DIGITS) & _inexact(cells, values), _too_many_digits
        )
    return values


def _inexact(cells: Cells, values: np.ndarray) -> np.ndarray:
    """Where a whole number of many digits would become another one."""
    inexact = np.zeros(len(values), bool)
    for place in np.flatnonzero((np.abs(values) >= EXACT_INTEGER) & cells.matches(MANY_DIGITS) & np.isfinite(values)):
        inexact[place] = int(cells.values[place].as_py().partition(".")[0]) != int(values[place])
    return inexact


def _no_number(at: Where) -> Note:
    text = pa.array([str(at["value"])])

    def is_like(pattern: str) -> bool:
        return bool(pc.match_substring_regex(text, pattern)[0].as_py())

    if is_like(_INFINITE):
        return Note("Row {row}, column {column!r}: {value!r} is infinite. Mend the cell.", at)
    if is_like(_MISSING):
        return Note(
            "Row {row}, column {column!r}: {value!r} is no number. Leave the cell empty where there is no value.", at
        )
    if is_like(DECIMAL_COMMA) or is_like(THOUSANDS):
        return Note("Row {row}, column {column!r}: {value!r} has a comma. Write numbers as 1234.5.", at)
    return Note("Row {row}, column {column!r}: {value!r} is no number. Mend the cell.", at)


def _beyond(at: Where) -> Note:
    return Note("Row {row}, column {column!r}: {value} is too large or too small for a number. Mend the cell.", at)


def _too_many_digits(at: Where) -> Note:
    return Note(
        "Row {row}, column {column!r}: {value} has more digits than a number keeps. Round it, so that nothing is "
        "changed unseen.",
        at,
    )


class TimeReader:
    """Reads times to microseconds since 1970. All of a file must name a zone, or none."""

    def __init__(self) -> None:
        self._zoned: bool | None = None

    @property
    def is_zoned(self) -> bool:
        """Whether the times that were read name a zone."""
        return bool(self._zoned)

    def read(self, cells: Cells) -> tuple[np.ndarray, np.ndarray]:
        """Read times.

        Returns
        -------
        microseconds : ndarray of int64
        readable : ndarray of bool
            False where a cell was refused.

        Raises
        ------
        InvalidReadings
            The column is of a type that holds no times.
        """
        cells.refuse(cells.empty, lambda at: Note("Row {row}, column {column!r}: the time is missing.", at))
        if cells.is_text:
            return self._in_text(cells)
        kind = cells.values.type
        if pa.types.is_null(kind):
            return np.zeros(len(cells.values), np.int64), ~cells.empty
        if not (pa.types.is_timestamp(kind) or pa.types.is_date(kind)):
            raise cells.refuse_type(Note("Times are needed, or text such as 2024-12-31T12:30:00Z."))
        self._zoned = getattr(kind, "tz", None) is not None
        return _typed_times(cells)

    def _in_text(self, cells: Cells) -> tuple[np.ndarray, np.ndarray]:
        iso = cells.matches(ISO_TIME)
        cells.refuse(~iso & ~cells.empty, _no_time)
        zoned = cells.matches(ZONE)
        if self._zoned is None and iso.any():
            self._zoned = bool(zoned[np.argmax(iso)])
        other = iso & (zoned != self.is_zoned)
        cells.refuse(other, _zone_missing if self._zoned else _zone_named)
        stamps = pc.replace_substring(pc.if_else(pa.array(iso & ~other), cells.values, _NO_TEXT), "/", "-")
        try:
            times = pc.cast(stamps, pa.timestamp("ns", "UTC" if self.is_zoned else None))
        except pa.ArrowInvalid:  # one of them is no time: find out which
            parsed = pd.to_datetime(stamps.to_pandas(), utc=True, format="ISO8601", errors="coerce")
            times = pa.array(parsed)
            cells.refuse(as_mask(pc.and_(pc.is_valid(stamps), pc.is_null(times))), _impossible)
        return _microseconds(cells, times)


def _typed_times(cells: Cells) -> tuple[np.ndarray, np.ndarray]:
    values = cells.values
    if pa.types.is_date(values.type):
        values = pc.cast(values, pa.timestamp("ms"))
    if values.type.unit == "ns":
        return _microseconds(cells, values)
    wide = pc.cast(pc.cast(values, pa.timestamp("us"), safe=False), pa.int64())
    beyond = as_mask(pc.or_(pc.less(wide, _EARLIEST), pc.greater_equal(wide, _LATEST)))
    cells.refuse(beyond, _impossible)
    return np.asarray(pc.fill_null(wide, 0)), ~beyond & ~cells.empty


def _microseconds(cells: Cells, times: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    nanoseconds = np.asarray(pc.fill_null(pc.cast(times, pa.int64()), 0))
    microseconds, rest = np.divmod(nanoseconds, 1000)
    cells.refuse(rest != 0, _too_fine)
    return microseconds, as_mask(pc.is_valid(times)) & (rest == 0)


def _no_time(at: Where) -> Note:
    text = pa.array([str(at["value"])])
    if pc.match_substring_regex(text, DAY_OR_MONTH_FIRST)[0].as_py():
        return Note(
            "Row {row}, column {column!r}: {value!r} does not say whether day or month comes first. Write times as "
            "2024-12-31T12:30:00Z.",
            at,
        )
    if pc.match_substring_regex(text, _COUNT)[0].as_py():
        return Note(
            "Row {row}, column {column!r}: {value!r} is a number, and does not say what it counts since when. Write "
            "times as 2024-12-31T12:30:00Z.",
            at,
        )
    return Note("Row {row}, column {column!r}: {value!r} is no time. Write times as 2024-12-31T12:30:00Z.", at)


def _zone_missing(at: Where) -> Note:
    return Note(
        "Row {row}, column {column!r}: {value!r} names no zone, and the times before it do. Write them all the same "
        "way.",
        at,
    )


def _zone_named(at: Where) -> Note:
    return Note(
        "Row {row}, column {column!r}: {value!r} names a zone, and the times before it do not. Write them all the same "
        "way.",
        at,
    )


def _impossible(at: Where) -> Note:
    return Note("Row {row}, column {column!r}: {value!r} is no time between 1678 and 2261. Mend the cell.", at)


def _too_fine(at: Where) -> Note:
    return Note(
        "Row {row}, column {column!r}: {value!r} is finer than a microsecond. Round it, so that nothing is changed "
        "unseen.",
        at,
    )


def read_quality(cells: Cells) -> np.ndarray:
    """Read quality codes; -1 where a cell was refused.

    Raises
    ------
    InvalidReadings
        The column is of a type that holds no codes.
    """
    if cells.is_text:
        codes = cells.matches(_CODE)
        numbers = pc.cast(pc.if_else(pa.array(codes), cells.values, _NO_TEXT), pa.float64())
    elif pa.types.is_null(cells.values.type):
        numbers = pa.nulls(len(cells.values), pa.float64())
    elif pa.types.is_integer(cells.values.type) or pa.types.is_floating(cells.values.type):
        numbers = pc.cast(cells.values, pa.float64(), safe=False)
    else:
        raise cells.refuse_type(Note("Whole numbers are needed."))
    values = numbers.to_numpy(zero_copy_only=False)
    known = np.isin(values, [float(code) for code in DataQuality])
    cells.refuse(~known, _unknown_quality)
    return np.where(known, values, -1).astype(np.int64)


def _unknown_quality(at: Where) -> Note:
    return Note(
        "Row {row}, column {column!r}: {value!r} is no quality code. Known are 0 (good), 1 (flat line), 2 (spike) and "
        "3 (missing).",
        at,
    )
