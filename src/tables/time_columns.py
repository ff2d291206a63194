"""Time stamps in text: read where they can mean one thing only."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from src.notes import Note
from src.tables.column import Column, count, matches

ISO_TIME = (
    r"^(\d{4}-\d{2}-\d{2}|\d{4}/\d{2}/\d{2})"
    r"([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}(:?\d{2})?)?)?$"
)
ZONE = r"^.{10}.+(Z|[+-]\d{2}(:?\d{2})?)$"
DAY_OR_MONTH_FIRST = r"^\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d{2})([ T,].*\d{1,2}:\d{2}.*)?$"
_TIME = pa.timestamp("ns")
_UTC = pa.timestamp("ns", "UTC")


def read_times(column: Column) -> bool:
    """Convert a column of ISO time stamps to UTC.

    A column that looks like times but is ambiguous, or damaged, stays text with a note.

    Returns
    -------
    bool
        Whether the column is settled, as times or as text.
    """
    stamps = matches(column.known, ISO_TIME)
    found = count(stamps)
    if found == column.present:
        _convert(column)
    elif count(matches(column.known, DAY_OR_MONTH_FIRST)) == column.present:
        _leave_ambiguous(column)
    elif found * 2 >= column.present:
        _leave_mixed(column, stamps)
    return column.values is not None


def _convert(column: Column) -> None:
    zones = matches(column.known, ZONE)
    zoned = count(zones)
    if 0 < zoned < column.present:
        note = Note(
            "Column {column!r} stays text: some of its time stamps name a zone and some do not, as in row {row}. "
            "Write them all the same way.",
            {"column": column.name, "row": column.row(pc.invert(zones))},
        )
        column.keep_text(note)
        return
    stamps = pc.replace_substring(column.known, "/", "-")
    try:
        times = pc.cast(stamps, _UTC) if zoned else pc.assume_timezone(pc.cast(stamps, _TIME), "UTC")
    except pa.ArrowInvalid:
        _leave_impossible(column, stamps)
        return
    column.values = times.to_pandas()
    if zoned:
        note = Note("Column {column!r} is read as times, in UTC.", {"column": column.name})
    else:
        note = Note(
            "Column {column!r} is read as times; they name no zone and are taken as UTC.", {"column": column.name}
        )
    column.notes.append(note)


def _leave_impossible(column: Column, stamps: pa.ChunkedArray) -> None:
    times = pd.to_datetime(stamps.to_pandas(), utc=True, format="ISO8601", errors="coerce")
    impossible = pa.chunked_array([pa.array(times.isna() & stamps.is_valid().to_pandas())])
    note = Note(
        "Column {column!r} stays text: {value!r} in row {row} is no time between 1678 and 2261. Mend it to use the "
        "column as times.",
        {"column": column.name, "row": column.row(impossible), "value": column.value(impossible)},
    )
    column.keep_text(note)


def _leave_ambiguous(column: Column) -> None:
    note = Note(
        "Column {column!r} stays text: its dates, such as {value!r}, do not say whether day or month comes first. "
        "Write them as 2024-12-31 to use them as times.",
        {"column": column.name, "value": column.value(pc.is_valid(column.known))},
    )
    column.keep_text(note)


def _leave_mixed(column: Column, stamps: pa.ChunkedArray) -> None:
    other = pc.invert(stamps)
    note = Note(
        "Column {column!r} stays text: most of its cells are times, but {cells:,} are not, the first in row {row} "
        "({value!r}). Mend them to use it as times.",
        {"column": column.name, "cells": count(other), "row": column.row(other), "value": column.value(other)},
    )
    column.keep_text(note)
