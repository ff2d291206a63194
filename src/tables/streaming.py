"""Tables read part by part, as strictly as `reader` reads them whole, in memory that does not grow with the file.

What the cells mean is left to the caller: the cells of delimited text are text, those of Parquet have its types.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from src.errors import InvalidTable
from src.notes import Note
from src.tables.delimited import refuse_missing_header, refuse_names
from src.tables.formats import (
    CSV,
    CSV_GZ,
    PARQUET,
    damaged_gzip,
    expands_too_far,
    format_of_name,
    is_empty,
    open_content,
    refuse_other_format,
)
from src.tables.layout import find_delimiter, not_utf8, records, refuse_control_characters
from src.tables.limits import TableLimits
from src.tables.parquet import checked_schema, damaged, expanded_batches, text_columns

CHUNK_ROWS = 50_000
_BLOCK_BYTES = 2**20
_LONGEST_LINE = 2**24
_ROW_NUMBER = "row_number"


@dataclass(frozen=True)
class Chunk:
    """Some rows of a table.

    Attributes
    ----------
    cells : list of Array
        One a column: strings, empty where a cell is, or what Parquet holds.
    rows : ndarray of int64
        The line of the file on which each row begins; in Parquet its number, counted from 1.
    ragged : list of (int, int)
        Rows that are left out, having more or fewer cells than the header: their line and their cells.
    """

    cells: list[pa.Array]
    rows: np.ndarray
    ragged: list[tuple[int, int]]


class TableStream(Protocol):
    """A table that is open: its columns are known, its rows are read once.

    Attributes
    ----------
    columns : list of str
    notes : list of Note
        Complete when all rows have been read.
    """

    columns: list[str]
    notes: list[Note]

    def chunks(self, size: int = CHUNK_ROWS) -> Iterator[Chunk]:
        """Read the rows, so many at a time.

        Raises
        ------
        InvalidTable
            They cannot be read any further, or are more than allowed.
        """

    def share_read(self) -> float:
        """Tell how much of the file has been read, from 0 to 1."""

    def close(self) -> None:
        """Close the file."""


def open_table(source: Path | bytes, name: str, limits: TableLimits | None = None) -> TableStream:
    """Open a CSV, CSV.gz or Parquet file.

    Parameters
    ----------
    source : Path or bytes
        The file, or its content.
    name : str
        Its name; the ending says how it is read, as with `src.tables.reader.read_table`.
    limits : TableLimits, optional
        The default limits when not given.

    Raises
    ------
    InvalidTable
        It is not what its name says, is too large, or has no usable header.
    """
    limits = limits or TableLimits()
    expected = format_of_name(name)
    file = open_content(source, name, limits)
    try:
        refuse_other_format(file.read(_BLOCK_BYTES), name, expected)
        file.seek(0)
        if expected == PARQUET:
            return _ParquetStream(file, name, limits)
        return _TextStream(file, name, limits, is_compressed=expected == CSV_GZ)
    except BaseException:
        file.close()
        raise


class _TextStream:
    """Delimited text, plain or compressed."""

    def __init__(self, file: BinaryIO, name: str, limits: TableLimits, *, is_compressed: bool) -> None:
        self._file, self._name, self._limits = file, name, limits
        self._size = file.seek(0, io.SEEK_END)
        file.seek(0)
        content = _expanded(file, name, limits) if is_compressed else _read(file)
        blocks = _whole_lines(content)
        first = next(blocks, b"").removeprefix(codecs.BOM_UTF8)
        if is_compressed:
            refuse_other_format(first, name, CSV)
        self._delimiter = find_delimiter(first)
        self._reader = csv.reader(_lines(first, blocks, self._delimiter), delimiter=self._delimiter, strict=True)
        self.notes: list[Note] = []
        self.columns = self._header()

    def _header(self) -> list[str]:
        line, header = 1, None
        for header in records(self._reader):
            if header:
                break
            line = self._reader.line_num + 1
        if not header:
            raise is_empty(self._name)
        self._limits.check_shape(self._name, rows=0, columns=len(header))
        names = [cell.strip() for cell in header]
        if len(names) > 1 and not names[0] and _ROW_NUMBER not in names:  # as pandas writes its index
            names[0] = _ROW_NUMBER
        refuse_names(names, line)
        self.notes += refuse_missing_header(names, line)
        return names

    def chunks(self, size: int = CHUNK_ROWS) -> Iterator[Chunk]:
        """Read the rows; those with too few or too many cells are told apart."""
        width, part, total = len(self.columns), _Rows(), 0
        for line, record in self._numbered():
            part.add(line, record, width)
            if part.size == size:
                total = self._checked(total + part.size)
                yield part.as_chunk(width)
                part = _Rows()
        total = self._checked(total + part.size)
        if total == 0:
            raise InvalidTable("{name!r} has a header but no rows. Save the table with its rows.", name=self._name)
        if part.size:
            yield part.as_chunk(width)

    def _numbered(self) -> Iterator[tuple[int, list[str]]]:
        """The rows with their lines; blank lines are skipped, which is said where rows come after them."""
        line, blank, first = self._reader.line_num + 1, 0, 0
        skipped = 0
        for record in records(self._reader):
            if record:
                skipped = blank
                yield line, record
            else:
                blank, first = blank + 1, first or line
            line = self._reader.line_num + 1
        if skipped:
            self.notes.append(
                Note("{lines:,} blank lines are skipped, the first is line {row}.", {"lines": skipped, "row": first})
            )

    def _checked(self, rows: int) -> int:
        self._limits.check_shape(self._name, rows=rows, columns=len(self.columns))
        return rows

    def share_read(self) -> float:
        return self._file.tell() / self._size

    def close(self) -> None:
        self._file.close()


@dataclass
class _Rows:
    """Rows that are being gathered."""

    records: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    ragged: list[tuple[int, int]] = field(default_factory=list)
    size: int = 0

    def add(self, line: int, record: list[str], width: int) -> None:
        self.size += 1
        if len(record) == width:
            self.records.append(record)
            self.lines.append(line)
        else:
            self.ragged.append((line, len(record)))

    def as_chunk(self, width: int) -> Chunk:
        columns = zip(*self.records, strict=True) if self.records else [()] * width
        cells = [pa.array(column, pa.string()) for column in columns]
        return Chunk(cells, np.array(self.lines, np.int64), self.ragged)


class _ParquetStream:
    """A Parquet file; its rows are counted from 1."""

    def __init__(self, file: BinaryIO, name: str, limits: TableLimits) -> None:
        self._file, self._name, self._limits = file, name, limits
        try:
            schema = checked_schema(pq.ParquetFile(file), name, limits)
            self._parquet = pq.ParquetFile(file, read_dictionary=text_columns(schema))
        except (pa.ArrowException, OSError) as error:
            raise damaged(name, error) from error
        self.columns = [column.strip() for column in schema.names]
        self.notes: list[Note] = []
        self._read = 0

    def chunks(self, size: int = CHUNK_ROWS) -> Iterator[Chunk]:
        """Read the rows, with the types that the file has."""
        try:
            for batch in expanded_batches(self._parquet, self._name, self._limits, size):
                rows = np.arange(self._read + 1, self._read + 1 + batch.num_rows)
                self._read += batch.num_rows
                yield Chunk(batch.columns, rows, [])
        except (pa.ArrowException, OSError) as error:
            raise damaged(self._name, error) from error

    def share_read(self) -> float:
        return self._read / self._parquet.metadata.num_rows

    def close(self) -> None:
        self._parquet.close()
        self._file.close()


def _read(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(_BLOCK_BYTES):
        yield block


def _expanded(file: BinaryIO, name: str, limits: TableLimits) -> Iterator[bytes]:
    """Decompress, and stop as soon as the result is larger than allowed."""
    expanded = 0
    try:
        with gzip.GzipFile(fileobj=file) as content:
            while block := content.read(_BLOCK_BYTES):
                expanded += len(block)
                if expanded > limits.expanded_bytes:
                    raise expands_too_far(name, limits)
                yield block
    except (EOFError, OSError, zlib.error) as error:
        raise damaged_gzip(name, error) from error


def _whole_lines(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Cut content anew, so that each part ends where a line does."""
    rest = b""
    for block in blocks:
        content = rest + block
        # Not after the last byte: what follows a carriage return may belong to it.
        end = max(content.rfind(b"\n"), content.rfind(b"\r", 0, -1)) + 1
        if end:
            yield content[:end]
        rest = content[end:]
        if len(rest) > _LONGEST_LINE:
            raise InvalidTable(
                "A line of the file has more than {limit:,} bytes. Is this a CSV file? Save it as CSV (UTF-8) again.",
                limit=_LONGEST_LINE,
            )
    if rest:
        yield rest


def _lines(first: bytes, blocks: Iterator[bytes], delimiter: str) -> Iterator[str]:
    """The lines of a text, each with its end; what is no text is named by its line."""
    line, block = 1, first
    while block:
        refuse_control_characters(block, delimiter, line)
        try:
            text = block.decode()
        except UnicodeDecodeError:
            raise not_utf8(block, delimiter, line) from None
        lines = io.StringIO(text, newline="").readlines()
        yield from lines
        line += len(lines)
        block = next(blocks, b"")
