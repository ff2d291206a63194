"""Parquet files to a frame."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from src.errors import InvalidTable
from src.notes import Note
from src.tables.column import Column
from src.tables.columns import refuse_long_cells
from src.tables.formats import expands_too_far
from src.tables.limits import TableLimits
from src.tables.time_columns import read_times

_BATCH_ROWS = 65_536
_EXACT_INTEGER = 2**53  # from here on a float64 does not hold every whole number
_UTC = pa.timestamp("ns", "UTC")


def read_parquet(content: bytes, name: str, limits: TableLimits) -> tuple[pd.DataFrame, list[Note]]:
    """Read a Parquet file whose columns are numbers, booleans, times or text.

    Returns
    -------
    frame : DataFrame
    notes : list of Note

    Raises
    ------
    InvalidTable
        It is damaged, too large once expanded, or has columns of another kind.
    """
    try:
        schema = checked_schema(pq.ParquetFile(pa.BufferReader(content)), name, limits)
        table = _expand(content, schema, name, limits)
    except (pa.ArrowException, OSError) as error:
        raise damaged(name, error) from error
    notes: list[Note] = []
    series = {column: _series(column, table.column(column), limits, notes) for column in table.column_names}
    return pd.DataFrame(series, copy=False), notes


def damaged(name: str, error: Exception) -> InvalidTable:
    """Make the error for a file that begins as Parquet and cannot be read."""
    return InvalidTable(
        "{name!r} is a damaged Parquet file: {reason}. Save it again.",
        name=name,
        reason=next(iter(str(error).splitlines()), type(error).__name__),
    )


def checked_schema(file: pq.ParquetFile, name: str, limits: TableLimits) -> pa.Schema:
    """Hold what the file says of itself against the limits, before anything is expanded.

    Raises
    ------
    InvalidTable
        It is too large, has no rows, or columns without names or of a kind that cannot be read.
    """
    about = file.metadata
    schema = file.schema_arrow
    limits.check_shape(name, rows=about.num_rows, columns=max(about.num_columns, len(schema)))
    if sum(about.row_group(group).total_byte_size for group in range(about.num_row_groups)) > limits.expanded_bytes:
        raise expands_too_far(name, limits)
    if about.num_rows == 0:
        raise InvalidTable("{name!r} has columns but no rows. Save the table with its rows.", name=name)
    _refuse_names(schema.names, name)
    for column in schema:
        _refuse_type(column)
    return schema


def _refuse_names(names: list[str], name: str) -> None:
    for position, column in enumerate(names, 1):
        if not column.strip():
            raise InvalidTable("Column {column} of {name!r} has no name. Name it.", column=position, name=name)
        if column.strip() in (earlier.strip() for earlier in names[: position - 1]):
            raise InvalidTable(
                "{name!r} has two columns called {column!r}. Give each its own name.", name=name, column=column.strip()
            )


def _refuse_type(column: pa.Field) -> None:
    kind = _plain(column.type)
    known = (
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_decimal(kind)
        or pa.types.is_timestamp(kind)
        or pa.types.is_date(kind)
        or pa.types.is_null(kind)
        or is_text(kind)
    )
    if not known:
        raise InvalidTable(
            "Column {column!r} holds values of type {kind}. Numbers, text, booleans and times can be read: convert it "
            "or leave it out.",
            column=column.name,
            kind=str(kind),
        )


def _plain(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def is_text(kind: pa.DataType) -> bool:
    """Tell whether a column holds text."""
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def _expand(content: bytes, schema: pa.Schema, name: str, limits: TableLimits) -> pa.Table:
    """Read batch by batch, and stop as soon as the result is larger than allowed.

    Text is first read as a dictionary: a long cell that is repeated a million times takes little room in the file,
    and little as a dictionary, so that its real size can be added up before it is made.
    """
    file = pq.ParquetFile(pa.BufferReader(content), read_dictionary=text_columns(schema))
    return pa.Table.from_batches(expanded_batches(file, name, limits))


def expanded_batches(
    file: pq.ParquetFile, name: str, limits: TableLimits, rows: int = _BATCH_ROWS
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a file whose texts are read as dictionaries, so many at a time and without dictionaries.

    Raises
    ------
    InvalidTable
        It expands to more than is allowed.
    """
    expanded = 0
    for batch in file.iter_batches(batch_size=rows, use_threads=False):
        expanded += sum(_expanded_bytes(column) for column in batch.columns)
        if expanded > limits.expanded_bytes:
            raise expands_too_far(name, limits)
        plain = [column.dictionary_decode() if _has_dictionary(column) else column for column in batch.columns]
        yield pa.RecordBatch.from_arrays(plain, names=batch.schema.names)


def text_columns(schema: pa.Schema) -> list[str]:
    """Name the columns that hold text, for `read_dictionary`."""
    return [column.name for column in schema if is_text(_plain(column.type))]


def _has_dictionary(column: pa.Array) -> bool:
    return bool(pa.types.is_dictionary(column.type))


def _expanded_bytes(column: pa.Array) -> int:
    if not _has_dictionary(column):
        return int(column.nbytes)
    if not is_text(column.type.value_type):
        return 8 * len(column)
    lengths = pc.take(pc.binary_length(column.dictionary), column.indices)
    return int(pc.sum(lengths).as_py() or 0) + 4 * len(column)


def _row(position: int) -> int:
    return position + 1


def _series(name: str, values: pa.ChunkedArray, limits: TableLimits, notes: list[Note]) -> pd.Series:
    kind = values.type
    if is_text(kind):
        return _text(name, values, limits, notes)
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return _times(name, values, notes)
    if values.null_count == len(values):
        notes.append(Note("Column {column!r} is empty.", {"column": name}))
        return pd.Series(np.full(len(values), np.nan))
    if pa.types.is_decimal(kind):
        notes.append(Note("Column {column!r} holds decimals; they are read as float64.", {"column": name}))
        values = pc.cast(values, pa.float64())
    elif kind == pa.float16():
        values = pc.cast(values, pa.float32())
    if pa.types.is_floating(values.type):
        _refuse_infinite(name, values)
    if pa.types.is_integer(kind) and values.null_count and not _exact(values):
        notes.append(
            Note("Column {column!r} is read as text: a number would lose some of its digits.", {"column": name})
        )
        values = pc.cast(values, pa.string())
    series = values.to_pandas()
    return series.fillna(np.nan) if series.dtype == object else series


def _exact(values: pa.ChunkedArray) -> bool:
    """Tell whether whole numbers survive as float64, which pandas takes where some are missing."""
    ends = pc.min_max(values).as_py()
    return max(abs(ends["min"]), abs(ends["max"])) < _EXACT_INTEGER


def _refuse_infinite(name: str, values: pa.ChunkedArray) -> None:
    infinite = pc.is_inf(values)
    if pc.any(infinite).as_py():
        raise InvalidTable(
            "Row {row}, column {column!r}: the value is infinite. Mend the cell or leave it empty.",
            row=_row(pc.index(infinite, True).as_py()),
            column=name,
        )


def _text(name: str, values: pa.ChunkedArray, limits: TableLimits, notes: list[Note]) -> pd.Series:
    """Text stays text, unless it says times and nothing else: Parquet has types for the rest."""
    column = Column(name, pc.cast(values, pa.string()), _row)
    refuse_long_cells(column, limits.cell_characters)
    if column.present == 0 or not read_times(column):
        column.keep_text()
    notes.extend(column.notes)
    assert column.values is not None
    return column.values


def _times(name: str, values: pa.ChunkedArray, notes: list[Note]) -> pd.Series:
    naive = getattr(values.type, "tz", None) is None
    try:
        times = pc.cast(values, pa.timestamp("ns")) if naive else pc.cast(values, _UTC)
    except pa.ArrowInvalid:
        notes.append(
            Note(
                "Column {column!r} is read as text: it has times before 1678 or after 2261.",
                {"column": name},
            )
        )
        return pc.cast(values, pa.string()).to_pandas()
    if naive:
        notes.append(
            Note("Column {column!r} is read as times; they name no zone and are taken as UTC.", {"column": name})
        )
        times = pc.assume_timezone(times, "UTC")
    return times.to_pandas()
