"""Numbers in text: converted only where no digit is lost and the decimal mark is beyond doubt."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from src.errors import InvalidTable
from src.notes import Note
from src.tables.column import Column, count, matches

NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$|^[+-]?(?i:inf|infinity)$"
_INTEGER = r"^[+-]?\d+$"
_LEADING_ZERO = r"^[+-]?0\d"
MANY_DIGITS = r"^[+-]?\d{16,}(\.0*)?$"
NOT_ZERO = r"^[^eE]*[1-9]"
DECIMAL_COMMA = r"^[+-]?\d*,\d+([eE][+-]?\d+)?$"
THOUSANDS = r"^[+-]?\d{1,3}(,\d{3})+\.\d*$|^[+-]?\d{1,3}(,\d{3}){2,}$|^[+-]?\d{1,3}(\.\d{3})+,\d+$"
_EITHER_MARK = r"^[+-]?[1-9]\d{0,2},\d{3}$"
_DECIMAL_POINT = r"^[+-]?\d*\.\d+([eE][+-]?\d+)?$"
EXACT_INTEGER = 2.0**53  # from here on a float64 does not hold every whole number


def read_numbers(column: Column) -> bool:
    """Convert a column of numbers; one that has decimal commas is left open, for the whole file decides about it.

    Returns
    -------
    bool
        Whether all its cells are numbers.

    Raises
    ------
    InvalidTable
        A number is infinite, overflows or has thousands separators.
    """
    numbers = matches(column.known, NUMBER)
    found = count(numbers)
    if found == column.present:
        _convert(column)
        return True
    commas = pc.or_(matches(column.known, DECIMAL_COMMA), matches(column.known, THOUSANDS))
    if count(commas) and count(pc.or_(numbers, commas)) == column.present:
        _refuse_two_decimal_marks(column)
        return True
    if found * 2 >= column.present:
        _note_mixed(column, pc.invert(numbers))
    return False


def is_row_number(cells: pa.ChunkedArray) -> bool:
    """Tell whether cells count the rows: whole numbers that rise, nine times of ten by one."""
    if cells.null_count or len(cells) < 2 or not pc.all(matches(cells, r"^\d{1,15}$")).as_py():
        return False
    steps = np.diff(pc.cast(cells, pa.int64()).to_numpy())
    return bool(steps.min() >= 1 and (steps == 1).mean() >= 0.9)


def _convert(column: Column) -> None:
    integers = pc.all(matches(column.known, _INTEGER)).as_py()
    zeros = matches(column.known, _LEADING_ZERO)
    if integers and count(zeros):
        note = Note(
            "Column {column!r} stays text: its numbers begin with zeros that would be lost, the first in row {row}.",
            {"column": column.name, "row": column.row(zeros)},
        )
        column.keep_text(note)
    elif _read_floats(column, column.known) and integers and not column.known.null_count:
        column.values = pc.cast(pc.utf8_ltrim(column.known, "+"), pa.int64()).to_pandas()


def _read_floats(column: Column, known: pa.ChunkedArray) -> bool:
    """Set the values as float64; where digits would be lost, keep the text and say so."""
    floats = pc.cast(known, pa.float64())
    wrong = pc.or_(pc.invert(pc.is_finite(floats)), pc.and_(pc.equal(floats, 0.0), matches(known, NOT_ZERO)))
    if count(wrong):
        raise InvalidTable(
            "Row {row}, column {column!r}: {value} is infinite, or too large or too small for a number. Mend the cell "
            "or leave it empty.",
            row=column.row(wrong),
            column=column.name,
            value=column.value(wrong),
        )
    digits = matches(known, MANY_DIGITS)
    if count(digits) and not _exact(known, floats, digits):
        note = Note(
            "Column {column!r} stays text: its whole numbers have more digits than a number keeps, the first in row "
            "{row}.",
            {"column": column.name, "row": column.row(digits)},
        )
        column.keep_text(note)
        return False
    column.values = floats.to_pandas()
    return True


def _exact(known: pa.ChunkedArray, floats: pa.ChunkedArray, digits: pa.ChunkedArray) -> bool:
    """Tell whether whole numbers of many digits survive, as int64 or as float64."""
    if not known.null_count and pc.all(matches(known, _INTEGER)).as_py():
        try:
            pc.cast(pc.utf8_ltrim(known, "+"), pa.int64())
        except pa.ArrowInvalid:
            return False
        return True
    large = pc.and_(digits, pc.greater_equal(pc.abs(floats), EXACT_INTEGER))
    written, read = known.filter(large).to_pylist(), floats.filter(large).to_pylist()
    return all(int(text.partition(".")[0]) == int(number) for text, number in zip(written, read, strict=True))


def _note_mixed(column: Column, other: pa.ChunkedArray) -> None:
    column.notes.append(
        Note(
            "Column {column!r} stays text: most of its cells are numbers, but {cells:,} are not, the first in row "
            "{row} ({value!r}). Mend them to use it as numbers.",
            {"column": column.name, "cells": count(other), "row": column.row(other), "value": column.value(other)},
        )
    )


def _refuse_two_decimal_marks(column: Column) -> None:
    thousands = matches(column.known, THOUSANDS)
    wrong = thousands if count(thousands) else pc.match_substring(column.known, ".")
    if count(wrong):
        raise InvalidTable(
            "Row {row}, column {column!r}: {value!r} has thousands separators, or another decimal mark than the rest "
            "of the column. Write numbers as 1234.5.",
            row=column.row(wrong),
            column=column.name,
            value=column.value(wrong),
        )


def settle_decimal_commas(columns: list[Column]) -> None:
    """Read the columns whose numbers have commas, if the file leaves no doubt that these are decimal commas.

    Raises
    ------
    InvalidTable
        ``1,500`` may be one and a half or fifteen hundred, or other columns have decimal points.
    """
    pending = [column for column in columns if column.values is None]
    if not pending:
        return
    for column in columns:
        _refuse_decimal_point(column, pending[0])
    if all(count(pc.invert(_either_mark(column))) == 0 for column in pending):
        first = pending[0]
        commas = pc.match_substring(first.known, ",")
        raise InvalidTable(
            "Row {row}, column {column!r}: the comma in {value!r} may be a decimal comma or a thousands separator. "
            "Write numbers as 1234.5.",
            row=first.row(commas),
            column=first.name,
            value=first.value(commas),
        )
    for column in pending:
        _read_decimal_commas(column)


def has_decimal_commas(columns: Iterable[pa.Array]) -> bool:
    """Tell whether the numbers in some columns of text have decimal commas, beyond doubt.

    That is where a comma is that cannot stand for thousands, and nowhere a decimal point or a thousands separator.
    """
    found = False
    for cells in columns:
        if any(_any(cells, pattern) for pattern in (_DECIMAL_POINT, THOUSANDS)):
            return False
        commas = cells.filter(pc.match_substring_regex(cells, DECIMAL_COMMA))
        found = found or pc.any(pc.invert(pc.match_substring_regex(commas, _EITHER_MARK))).as_py() or False
    return found


def _any(cells: pa.Array, pattern: str) -> bool:
    return pc.any(pc.match_substring_regex(cells, pattern)).as_py() or False


def _either_mark(column: Column) -> pa.ChunkedArray:
    """Tell, for the cells with a comma, whether it may stand for thousands as well."""
    with_comma = column.known.filter(pc.match_substring(column.known, ","))
    return matches(with_comma, _EITHER_MARK)


def _read_decimal_commas(column: Column) -> None:
    if _read_floats(column, pc.replace_substring(column.known, ",", ".")):
        assert column.values is not None
        commas = pc.match_substring(column.known, ",")
        column.notes.append(
            Note(
                "Column {column!r} is read with decimal commas: {value} in row {row} is {number}.",
                {
                    "column": column.name,
                    "value": column.value(commas).strip(),
                    "row": column.row(commas),
                    "number": float(column.values[pc.index(commas, True).as_py()]),
                },
            )
        )


def _refuse_decimal_point(column: Column, comma: Column) -> None:
    """Refuse a column of numbers with points beside one with commas: one of them would be misread."""
    if column.values is None or column.values.dtype != np.float64:
        return
    points = pc.match_substring(column.known, ".")
    if count(points):
        raise InvalidTable(
            "Row {row}, column {column!r}: {value!r} has a decimal point, but column {other!r} has decimal commas. Use "
            "one of them throughout the file.",
            row=column.row(points),
            column=column.name,
            value=column.value(points),
            other=comma.name,
        )
