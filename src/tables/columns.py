"""What the cells of each column are: numbers, booleans, times or text, decided for the column as a whole.

A column is converted only where every cell says the same kind of thing; otherwise it stays text, as written, and a
note says in which row that was decided.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from src.errors import InvalidTable
from src.notes import Note
from src.tables.column import Column, count
from src.tables.number_columns import read_numbers, settle_decimal_commas
from src.tables.time_columns import read_times


def read_columns(columns: list[Column], cell_characters: int) -> None:
    """Set the values and the notes of the columns of one file.

    Raises
    ------
    InvalidTable
        A cell is too long, or a number cannot be read as it stands.
    """
    for column in columns:
        refuse_long_cells(column, cell_characters)
        _read(column)
    settle_decimal_commas(columns)
    for column in columns:
        _note_missing_words(column)


def refuse_long_cells(column: Column, limit: int) -> None:
    """Check the length of every cell.

    Raises
    ------
    InvalidTable
        A cell has more characters than allowed.
    """
    lengths = pc.utf8_length(column.cells)
    longest = pc.max(lengths).as_py() or 0
    if longest > limit:
        raise InvalidTable(
            "Row {row}, column {column!r}: the cell has {characters:,} characters; at most {limit:,} are allowed. "
            "Shorten it, or look for a quotation mark that is never closed.",
            row=column.row(pc.equal(lengths, longest)),
            column=column.name,
            characters=longest,
            limit=limit,
        )


def _read(column: Column) -> None:
    if column.present == 0:
        _read_empty(column)
    elif not (read_numbers(column) or _read_booleans(column) or read_times(column)):
        column.keep_text()


def _read_empty(column: Column) -> None:
    """A column without a value; blanks and words for nothing are text like any other."""
    if column.cells.null_count < len(column.cells):
        column.keep_text()
        return
    column.values = pd.Series(np.full(len(column.cells), np.nan))
    column.notes.append(Note("Column {column!r} is empty.", {"column": column.name}))


def _read_booleans(column: Column) -> bool:
    """True and false in every cell; with missing cells the column stays text, for bool has no room for them."""
    if column.known.null_count:
        return False
    lower = pc.utf8_lower(column.known)
    if count(pc.is_in(lower, pa.array(["true", "false"]))) < column.present:
        return False
    column.values = pc.equal(lower, "true").to_pandas()
    return True


def _note_missing_words(column: Column) -> None:
    words = count(column.words)
    if words and column.values is not None and column.values.dtype != object:
        said = sorted(pc.unique(pc.utf8_trim_whitespace(column.cells.filter(column.words))).to_pylist())
        column.notes.append(
            Note(
                "Column {column!r}: {cells:,} cells that say {words} are taken as missing, the first in row {row}.",
                {"column": column.name, "cells": words, "words": ", ".join(said), "row": column.row(column.words)},
            )
        )
