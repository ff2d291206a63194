"""A table written part by part: CSV, CSV.gz or Parquet, all of it or nothing."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from src.errors import FileNotWritten
from src.storage.atomic import replacing
from src.storage.new_file import check_new_file
from src.tables.export import LINE_END, disarmed

ENDINGS = (".csv", ".csv.gz", ".parquet")
_GZIP_LEVEL = 3  # twice as fast as the default, and a tenth larger


class TableWriter(Protocol):
    """A table that is being written."""

    def write(self, columns: Sequence[pa.Array]) -> None:
        """Write some rows."""

    def close(self) -> None:
        """Write what is left."""


def check_place(out: Path, *, force: bool) -> None:
    """Check that a table can be written there, before minutes of work and not after.

    Raises
    ------
    FileNotWritten
        Its ending says no known format, its folder is not there, or it exists and is not to be replaced.
    """
    if not out.name.lower().endswith(ENDINGS):
        raise FileNotWritten(
            "{path!r} has none of the endings {endings}. Name the file so that its format is known.",
            path=str(out),
            endings=", ".join(ENDINGS),
        )
    check_new_file(out, force=force)


@contextmanager
def writing_table(out: Path, names: Sequence[str]) -> Iterator[TableWriter]:
    """Open a table for writing; the file appears under its name when all of it is on the disk, or not at all.

    In CSV a text that a spreadsheet would run as a formula gets an apostrophe in front; numbers are left as they are.
    In Parquet nothing is changed.

    Raises
    ------
    FileNotWritten
        The disk is full, or the folder cannot be written.
    """
    try:
        with replacing(out) as file:
            writer: TableWriter = (
                _ParquetWriter(file, names) if out.name.lower().endswith(".parquet") else _csv_writer(file, out, names)
            )
            yield writer
            writer.close()
    except OSError as error:
        raise FileNotWritten(
            "{path!r} cannot be written: {reason}. Choose another place.",
            path=str(out),
            reason=error.strerror or str(error),
        ) from error


def _csv_writer(file: IO[bytes], out: Path, names: Sequence[str]) -> _CsvWriter:
    is_compressed = out.name.lower().endswith(".gz")
    # Without a name and a time in its header: the same rows give the same file.
    inner: Any = gzip.GzipFile("", "wb", _GZIP_LEVEL, file, mtime=0) if is_compressed else None
    return _CsvWriter(inner or file, inner, names)


class _CsvWriter:
    """Delimited text in UTF-8, with commas, as in RFC 4180."""

    def __init__(self, file: Any, to_close: Any, names: Sequence[str]) -> None:
        self._text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=False)
        self._to_close = to_close
        self._rows = csv.writer(self._text, lineterminator=LINE_END)
        self._rows.writerow(disarmed(pa.array(names, pa.string())).to_pylist())

    def write(self, columns: Sequence[pa.Array]) -> None:
        self._rows.writerows(zip(*(_as_text(column).to_pylist() for column in columns), strict=True))

    def close(self) -> None:
        self._text.flush()
        self._text.detach()
        if self._to_close is not None:
            self._to_close.close()


def _as_text(column: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_timestamp(column.type) and column.type.tz is not None:
        return (
            pc.strftime(column, format="%Y-%m-%dT%H:%M:%SZ") if column.type.tz == "UTC" else pc.cast(column, "string")
        )
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return disarmed(column.cast(pa.string()))
    return pc.cast(column, pa.string())


class _ParquetWriter:
    """Parquet, its types those of the first rows."""

    def __init__(self, file: IO[bytes], names: Sequence[str]) -> None:
        self._file, self._names = file, list(names)
        self._writer: pq.ParquetWriter | None = None

    def write(self, columns: Sequence[pa.Array]) -> None:
        plain = [c.dictionary_decode() if pa.types.is_dictionary(c.type) else c for c in columns]
        batch = pa.RecordBatch.from_arrays(plain, names=self._names)
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._file, batch.schema, compression="zstd")
        self._writer.write_batch(batch)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
