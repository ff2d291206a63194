"""A file with the values of one quantity over time, as people have it: read strictly, sorted, one value a time."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from src.errors import InvalidReadings, InvalidTable
from src.notes import Note
from src.sensors.imports.cells import Cells, TimeReader, read_numbers
from src.sensors.imports.columns import guess_column
from src.sensors.imports.problems import Problems
from src.tables.layout import ragged
from src.tables.limits import TableLimits
from src.tables.streaming import Chunk, TableStream, open_table


@dataclass(frozen=True)
class Series:
    """Values of one quantity, in the order of their times.

    Attributes
    ----------
    times : ndarray of datetime64[us], shape (n,)
        UTC, each later than the one before.
    values : ndarray of float64, shape (n,)
        NaN where the file has an empty cell.
    file_places : ndarray of int64, shape (rows of the file,)
        For each row of the file, in its order, the place of its time in `times`: what was found out for a time can be
        written beside every row.
    notes : tuple of Note
        What was understood rather than read as it stands.
    """

    times: np.ndarray
    values: np.ndarray
    file_places: np.ndarray
    notes: tuple[Note, ...] = ()

    def __len__(self) -> int:
        return len(self.times)


def read_series(path: Path, limits: TableLimits | None = None) -> Series:
    """Read a CSV, CSV.gz or Parquet file with a column of times and one of values.

    Rows may come in any order. Where a time comes more than once, the mean of its values counts. Times without a zone
    are taken as UTC.

    Parameters
    ----------
    path : Path
    limits : TableLimits, optional
        The default limits when not given.

    Raises
    ------
    InvalidTable
        The file cannot be read as a table.
    InvalidReadings
        The columns cannot be told, or a cell is no time or no number; `values["problems"]` tells which, row by row.
    """
    limits = limits or TableLimits()
    with closing(open_table(path, path.name, limits)) as stream:
        columns = _find_columns(stream.columns)
        reader = _SeriesReader(path.name, stream, columns, limits)
        return reader.read()


@dataclass(frozen=True)
class _Columns:
    timestamp: str
    value: str
    sensor: str | None


def _find_columns(names: list[str]) -> _Columns:
    """Tell the columns by their names; the only one beside the times holds the values, whatever it is called."""
    timestamp = guess_column(names, "timestamp")
    if timestamp is None:
        raise InvalidReadings(
            "No column is known to hold the times. Call one of {columns} 'timestamp'.", columns=_listed(names)
        )
    others = [name for name in names if name != timestamp]
    value = guess_column(others, "value") or (others[0] if len(others) == 1 else None)
    if value is None:
        raise InvalidReadings(
            "No column is known to hold the values. Call one of {columns} 'value'.", columns=_listed(others)
        )
    return _Columns(timestamp, value, guess_column([name for name in others if name != value], "sensor"))


class _SeriesReader:
    """Reads one file, part by part; what is wrong with it is gathered."""

    def __init__(self, name: str, stream: TableStream, columns: _Columns, limits: TableLimits) -> None:
        self._name, self._stream, self._columns, self._limits = name, stream, columns, limits
        self._problems = Problems(name)
        self._times = TimeReader()
        self._sensor: str | None = None

    def read(self) -> Series:
        """Read all rows, put them in order, and raise every problem at once."""
        parts = []
        try:
            for chunk in self._stream.chunks():
                parts.append(self._part(chunk))
        except InvalidTable as error:
            raise self._refusal(self._problems.stop(error)) from error
        if self._problems.count:
            raise self._refusal(self._problems.error())
        microseconds, values = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        return _in_order(microseconds, values, self._notes())

    def _part(self, chunk: Chunk) -> tuple[np.ndarray, np.ndarray]:
        for line, cells in chunk.ragged:
            error = ragged(line, cells, len(self._stream.columns))
            self._problems.add(line, Note(error.template, error.values))
        if self._columns.sensor is not None:
            self._refuse_other_sensors(self._cells(chunk, self._columns.sensor))
        microseconds, _ = self._times.read(self._cells(chunk, self._columns.timestamp))
        return microseconds, read_numbers(self._cells(chunk, self._columns.value))

    def _cells(self, chunk: Chunk, column: str) -> Cells:
        values = chunk.cells[self._stream.columns.index(column)]
        return Cells.of(column, values, chunk.rows, self._problems, self._limits.cell_characters)

    def _refuse_other_sensors(self, cells: Cells) -> None:
        names = np.array([str(name) for name in cells.values.to_pylist()])
        if self._sensor is None and len(names):
            self._sensor = str(names[0])
        first = self._sensor
        cells.refuse(
            names != first,
            lambda at: Note(
                "Row {row}, column {column!r}: {value!r} is not {first!r}, the sensor of the rows before. Keep the "
                "rows of one sensor.",
                {**at, "first": first},
            ),
        )

    def _refusal(self, error: InvalidReadings) -> InvalidReadings:
        return InvalidReadings("{name!r} cannot be used. Problems: {count:,}. The first: {first}", **error.values)

    def _notes(self) -> list[Note]:
        notes = list(self._stream.notes)
        if not self._times.is_zoned:
            values = {"column": self._columns.timestamp}
            notes.append(Note("Column {column!r} is read as times; they name no zone and are taken as UTC.", values))
        used = {self._columns.timestamp, self._columns.value, self._columns.sensor}
        if unused := [name for name in self._stream.columns if name not in used]:
            notes.append(Note("Columns that are not used: {columns}.", {"columns": _listed(unused)}))
        return notes


def _in_order(microseconds: np.ndarray, values: np.ndarray, notes: list[Note]) -> Series:
    """Sort, and keep one value a time."""
    if (microseconds[1:] < microseconds[:-1]).any():
        notes.append(Note("The rows are not in the order of their times; they are sorted."))
    unique, places = np.unique(microseconds, return_inverse=True)
    present = ~np.isnan(values)
    counts = np.bincount(places[present], minlength=len(unique))
    means = _means(places[present], values[present], counts)
    repeated = len(microseconds) - len(unique)
    if repeated:
        values_said = {"repeated": repeated, "differing": _differing(places, values, means)}
        notes.append(
            Note(
                "{repeated:,} rows repeat a time; {differing:,} times have several values, of which the mean counts.",
                values_said,
            )
        )
    if empty := int((counts == 0).sum()):
        notes.append(Note("{times:,} times have no value.", {"times": empty}))
    return Series(unique.astype("datetime64[us]"), means, places, tuple(notes))


def _means(places: np.ndarray, values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The mean of the values of each time; a single value stays exactly as it is."""
    means = np.full(len(counts), np.nan)
    shares = values / counts[places]  # first, so that no sum of large numbers becomes infinite
    sums = np.bincount(places, weights=shares, minlength=len(counts))
    means[counts > 0] = sums[counts > 0]
    return means


def _differing(places: np.ndarray, values: np.ndarray, means: np.ndarray) -> int:
    present = ~np.isnan(values)
    differs = ~np.isclose(values[present], means[places[present]], rtol=1e-12, atol=0.0)
    return len(np.unique(places[present][differs]))


def _listed(names: list[str]) -> str:
    return ", ".join(map(repr, names[:20]))
