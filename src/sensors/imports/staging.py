"""The readings of a file in the database, first beside the others and then among them.

They are gathered in temporary tables, which only one connection sees and which need no lock on the others' tables:
however long a file takes to read, nobody waits for it. What is compared and stored in the end is one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import BigInteger, Column, Connection, Float, Integer, MetaData, SmallInteger, Table

from src.database.tables import UtcDateTime, sensor_readings
from src.sensors.bulk import copy_rows, insert_rows
from src.sensors.imports.rows import ReadingArrays

_temporary = MetaData()
_CACHE_KIB = 32 * 1024
_COUNTED = {"preserve_rowcount": True}  # SQLAlchemy forgets it of an INSERT otherwise


def _readings_table(name: str, *, key: bool) -> Table:
    return Table(
        name,
        _temporary,
        Column("number", Integer, primary_key=key, autoincrement=False),
        Column("timestamp", UtcDateTime, primary_key=key),
        Column("value", Float),
        Column("data_quality", SmallInteger),
        Column("row", BigInteger),
        prefixes=["TEMPORARY"],
        sqlite_with_rowid=not key,
    )


_arriving = _readings_table("arriving_readings", key=False)
_arrived = _readings_table("arrived_readings", key=True)
_file_sensors = Table(
    "file_sensors",
    _temporary,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("sensor_id", Integer),
    prefixes=["TEMPORARY"],
)


class Difference(NamedTuple):
    """A reading of the file that says another thing than one of the same sensor and time."""

    row: int
    number: int
    timestamp: datetime
    value: float | None
    data_quality: int
    other_value: float | None
    other_quality: int
    other_row: int | None
    """Where that is in the file too."""


@dataclass(frozen=True)
class Differences:
    """How many there are, and the first of them."""

    count: int
    first: list[Difference]


@dataclass(frozen=True)
class Stored:
    """What of the arrived readings the database has already."""

    same: int
    different: int


class ArrivedReadings:
    """The readings of one file, on their way into the database.

    Parameters
    ----------
    connection : Connection
        Of `separate_connection()`; a transaction is open.
    compare_quality : bool
        Whether two readings with the same value and other quality codes are different; not where the file has none.
    """

    def __init__(self, connection: Connection, *, compare_quality: bool) -> None:
        self._connection = connection
        self._is_sqlite = connection.dialect.name == "sqlite"
        self._compare_quality = compare_quality
        self.count = 0
        if self._is_sqlite:
            connection.exec_driver_sql(f"PRAGMA temp.cache_size = -{_CACHE_KIB}")
        _temporary.create_all(connection, checkfirst=False)

    def add(self, readings: ReadingArrays, most: int) -> tuple[int, Differences]:
        """Add readings of other rows; return how many were there already, and those that contradict them.

        Parameters
        ----------
        most : int
            Tell so many contradictions, the first ones.
        """
        if self._is_sqlite:
            added = insert_rows(self._connection, _arrived.name, readings.columns())
        else:
            self._copy(readings)
            everything = sa.select(_arriving).order_by(_arriving.c.row)
            added = self._insert_new(everything)
        self.count += added
        if added == len(readings):
            return 0, Differences(0, [])
        if self._is_sqlite:
            self._copy(readings)
        differences = self._contradictions(most)
        return len(readings) - added, differences

    def _copy(self, readings: ReadingArrays) -> None:
        if self._is_sqlite:
            self._connection.execute(sa.delete(_arriving))
            insert_rows(self._connection, _arriving.name, readings.columns())
        else:
            self._connection.exec_driver_sql(f"TRUNCATE {_arriving.name}")  # deleted rows would be read over each time
            copy_rows(self._connection, _arriving.name, readings.columns())

    def _insert_new(self, some: sa.Select) -> int:
        from sqlalchemy.dialects.postgresql import insert

        statement = insert(_arrived).from_select(list(_arrived.c), some).on_conflict_do_nothing()
        return self._connection.execute(statement, execution_options=_COUNTED).rowcount

    def _contradictions(self, most: int) -> Differences:
        same_key = (_arriving.c.number == _arrived.c.number) & (_arriving.c.timestamp == _arrived.c.timestamp)
        both = sa.join(_arriving, _arrived, same_key & (_arriving.c.row != _arrived.c.row))
        return self._differences(both, _arriving, _arrived, _arrived.c.row, most)

    def name_sensors(self, sensor_ids: Sequence[int | None]) -> None:
        """Say which sensor each number is; None where it does not exist."""
        self._connection.execute(sa.delete(_file_sensors))
        named = [{"number": n, "sensor_id": i} for n, i in enumerate(sensor_ids) if i is not None]
        if named:
            self._connection.execute(sa.insert(_file_sensors), named)

    def lock(self) -> None:
        """Keep others from writing readings until the transaction ends. SQLite's writers wait for each other anyway."""
        if not self._is_sqlite:
            self._connection.exec_driver_sql("LOCK TABLE sensor_readings IN SHARE ROW EXCLUSIVE MODE")

    def compare(self) -> Stored:
        """Count those that the database has already."""
        if not self._is_sqlite:  # nothing looks after the statistics of a temporary table
            self._connection.exec_driver_sql(f"ANALYZE {_arrived.name}")
        different = sa.func.sum(sa.case((self._differs(_arrived, sensor_readings), 1), else_=0))
        query = sa.select(sa.func.count(), sa.func.coalesce(different, 0)).select_from(self._both())
        found, other = self._connection.execute(query).one()
        return Stored(found - other, int(other))

    def differences(self, count: int, most: int) -> list[Difference]:
        """Look up the first of those that the database has with another value."""
        if not count:
            return []
        return self._differences(self._both(), _arrived, sensor_readings, sa.null(), most).first

    def replace_different(self) -> int:
        """Put the file's values in place of other ones; return how many."""
        statement = (
            sa.update(sensor_readings)
            .values(value=_arrived.c.value, data_quality=_arrived.c.data_quality)
            .where(*self._same_reading(), self._differs(_arrived, sensor_readings))
        )
        return self._connection.execute(statement).rowcount

    def insert(self) -> int:
        """Store those that the database does not have; return how many."""
        c = _arrived.c
        missing = ~sa.exists(sa.select(1).where(*self._same_key_as_stored()))
        new = (
            sa.select(_file_sensors.c.sensor_id, c.timestamp, c.value, c.data_quality)
            .join_from(_file_sensors, _arrived, _file_sensors.c.number == c.number)
            .where(missing)
            .order_by(_file_sensors.c.sensor_id, c.timestamp)
        )
        statement = sa.insert(sensor_readings).from_select(list(sensor_readings.c), new)
        return self._connection.execute(statement, execution_options=_COUNTED).rowcount

    def _both(self) -> sa.Join:
        named = sa.join(_file_sensors, _arrived, _file_sensors.c.number == _arrived.c.number)
        return sa.join(named, sensor_readings, sa.and_(*self._same_key_as_stored()))

    def _same_key_as_stored(self) -> list[sa.ColumnElement[bool]]:
        return [
            sensor_readings.c.sensor_id == _file_sensors.c.sensor_id,
            sensor_readings.c.timestamp == _arrived.c.timestamp,
        ]

    def _same_reading(self) -> list[sa.ColumnElement[bool]]:
        return [_file_sensors.c.number == _arrived.c.number, *self._same_key_as_stored()]

    def _differs(self, one: Table, other: Table) -> sa.ColumnElement[bool]:
        differs = one.c.value.is_distinct_from(other.c.value)
        return differs | (one.c.data_quality != other.c.data_quality) if self._compare_quality else differs

    def _differences(
        self, both: sa.Join, one: Table, other: Table, other_row: sa.ColumnElement, most: int
    ) -> Differences:
        differs = self._differs(one, other)
        count = self._connection.scalar(sa.select(sa.func.count()).select_from(both).where(differs)) or 0
        if not count:
            return Differences(0, [])
        columns = (one.c.row, one.c.number, one.c.timestamp, one.c.value, one.c.data_quality)
        others = (other.c.value, other.c.data_quality, other_row)
        query = sa.select(*columns, *others).select_from(both).where(differs).order_by(one.c.row).limit(most)
        return Differences(count, [Difference(*row) for row in self._connection.execute(query)])
