"""Rows of a file to readings: of long tables, a reading a row, and of wide ones, a reading a cell."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime

import numpy as np

from src.errors import InvalidReadings, InvalidTable
from src.notes import Note
from src.sensors.imports.cells import Cells, TimeReader, read_numbers, read_quality
from src.sensors.imports.columns import ColumnMapping
from src.sensors.imports.named_sensors import NamedSensors
from src.sensors.imports.problems import Problems
from src.sensors.readings import DataQuality
from src.tables.layout import ragged
from src.tables.limits import TableLimits
from src.tables.streaming import Chunk


@dataclass(frozen=True)
class ReadingArrays:
    """Readings of one file, a column an array.

    Attributes
    ----------
    number : ndarray of int64
        Place of the sensor in `NamedSensors.found`.
    timestamp : ndarray of int64
        Microseconds since 1970.
    value : ndarray of float64
        NaN where the value is missing.
    data_quality, row : ndarray of int64
    """

    number: np.ndarray
    timestamp: np.ndarray
    value: np.ndarray
    data_quality: np.ndarray
    row: np.ndarray

    def __len__(self) -> int:
        return len(self.row)

    def where(self, chosen: np.ndarray) -> ReadingArrays:
        """Return some of them, chosen by a mask or by their places."""
        return ReadingArrays(**{name: column[chosen] for name, column in self.columns().items()})

    def columns(self) -> dict[str, np.ndarray]:
        """Return the columns by name, in the order of a table in the database."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


class RowReader:
    """Reads the rows of one file, part by part; what is wrong with them is gathered.

    Attributes
    ----------
    rows, empty : int
        Rows read; cells of a wide table that hold no reading.
    future, before_1970 : int
        Readings with times that are possible, but worth a remark.
    first, last : int or None
        The earliest and the latest time, in microseconds since 1970.
    """

    def __init__(
        self,
        columns: list[str],
        mapping: ColumnMapping,
        sensors: NamedSensors,
        problems: Problems,
        limits: TableLimits,
        now: datetime,
    ) -> None:
        self._columns, self._mapping, self._sensors = columns, mapping, sensors
        self._problems, self._limits = problems, limits
        self._now = int(now.timestamp() * 1_000_000)
        self.times = TimeReader()
        self.rows = self.empty = self.future = self.before_1970 = 0
        self.first: int | None = None
        self.last: int | None = None

    def read(self, chunk: Chunk) -> ReadingArrays:
        """Read some rows; those in which something is wrong are left out."""
        for line, cells in chunk.ragged:
            error = ragged(line, cells, len(self._columns))
            self._problems.add(line, Note(error.template, error.values))
        self.rows += len(chunk.rows) + len(chunk.ragged)
        try:
            readings = self._long(chunk) if self._mapping.is_long else self._wide(chunk)
        except InvalidTable as error:  # a column of a type that does not fit: so it is in all rows
            raise self._problems.stop(error) from None
        self._look_at_times(readings.timestamp)
        return readings

    def _cells(self, chunk: Chunk, column: str) -> Cells:
        values = chunk.cells[self._columns.index(column)]
        return Cells.of(column, values, chunk.rows, self._problems, self._limits.cell_characters)

    def _long(self, chunk: Chunk) -> ReadingArrays:
        mapping = self._mapping
        assert mapping.timestamp is not None
        assert mapping.sensor is not None
        assert mapping.value is not None
        numbers = self._sensors.numbers_of(self._cells(chunk, mapping.sensor))
        if mapping.equipment is not None:
            self._sensors.note_equipment(numbers, self._cells(chunk, mapping.equipment))
        microseconds, readable = self.times.read(self._cells(chunk, mapping.timestamp))
        cells = self._cells(chunk, mapping.value)
        values = read_numbers(cells)
        if mapping.quality is None:
            quality = np.zeros(len(values), np.int64)
        else:
            quality = read_quality(self._cells(chunk, mapping.quality))
        _refuse_contradictions(cells, quality)
        good = readable & (numbers >= 0) & (quality >= 0)
        return ReadingArrays(numbers, microseconds, values, quality, chunk.rows).where(good)

    def _wide(self, chunk: Chunk) -> ReadingArrays:
        assert self._mapping.timestamp is not None
        microseconds, readable = self.times.read(self._cells(chunk, self._mapping.timestamp))
        parts = []
        for column, number in self._sensor_columns(int(chunk.rows[0]) if len(chunk.rows) else 1).items():
            cells = self._cells(chunk, column)
            values = read_numbers(cells)
            present = ~cells.empty
            self.empty += int(cells.empty.sum())
            if number >= 0:
                count = len(values)
                whole = ReadingArrays(
                    np.full(count, number), microseconds, values, np.zeros(count, np.int64), chunk.rows
                )
                parts.append(whole.where(present & readable & ~np.isnan(values)))
        return _joined(parts)

    def _sensor_columns(self, row: int) -> dict[str, int]:
        """The number of each column's sensor; each has one column only."""
        columns: dict[int, str] = {}
        numbers = {}
        for column, sensor in self._mapping.sensors.items():
            number = numbers[column] = self._sensors.number_of(sensor, column, row)
            if number >= 0 and columns.setdefault(number, column) != column:
                raise InvalidReadings(
                    "The columns {first!r} and {column!r} are both of one sensor, {sensor!r}. Leave one of them out.",
                    first=columns[number],
                    column=column,
                    sensor=self._sensors.found[number].name,
                )
        return numbers

    def _look_at_times(self, times: np.ndarray) -> None:
        if not len(times):
            return
        self.future += int((times > self._now).sum())
        self.before_1970 += int((times < 0).sum())
        first, last = int(times.min()), int(times.max())
        self.first = first if self.first is None else min(first, self.first)
        self.last = last if self.last is None else max(last, self.last)


def _refuse_contradictions(cells: Cells, quality: np.ndarray) -> None:
    """Refuse a reading without a value that is not said to be missing, and the other way round."""
    missing, said = cells.empty, quality == DataQuality.MISSING
    cells.refuse(
        missing & ~said & (quality >= 0),
        lambda at: Note(
            "Row {row}, column {column!r}: the value is missing. Leave the row out, or give it the quality code 3.", at
        ),
    )
    cells.refuse(
        ~missing & said,
        lambda at: Note(
            "Row {row}, column {column!r}: the quality code 3 says that there is no value, but there is {value!r}.", at
        ),
    )


def _joined(parts: list[ReadingArrays]) -> ReadingArrays:
    nothing = ReadingArrays(*(np.array([], kind) for kind in (np.int64, np.int64, float, np.int64, np.int64)))
    columns = [part.columns() for part in (nothing, *parts)]
    return ReadingArrays(**{name: np.concatenate([part[name] for part in columns]) for name in columns[0]})
