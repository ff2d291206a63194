"""Many rows into the database at once, column by column: no object a row is made for PostgreSQL, few for SQLite.

A column of times holds microseconds since 1970 and is called `timestamp`, one of days holds days since 1970 and is
called `date`; NaN in `value` is stored as null.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TypeVar

import numpy as np
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

_ROWS_AT_ONCE = 5_000
_NAMED_AT_ONCE = 1_000
_Item = TypeVar("_Item")
_POSTGRES_EPOCHS = {
    "timestamp": int(np.datetime64("2000-01-01", "us").astype(np.int64)),
    "date": int(np.datetime64("2000-01-01", "D").astype(np.int64)),
}
_POSTGRES_TYPES = {
    "sensor_id": ">i4",
    "number": ">i4",
    "timestamp": ">i8",
    "value": ">f8",
    "data_quality": ">i2",
    "row": ">i8",
    "forecast_id": ">i4",
    "step": ">i4",
    "low_80": ">f8",
    "high_80": ">f8",
    "low_95": ">f8",
    "high_95": ">f8",
    "product_id": ">i4",
    "date": ">i4",
    "price": ">f8",
    "quantity": ">f8",
}


def in_parts(items: Iterable[_Item], size: int = _NAMED_AT_ONCE) -> Iterator[list[_Item]]:
    """Hand out items by parts: a statement that names each sensor can name only so many."""
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some


def store_rows(connection: Connection, table: str, columns: Mapping[str, np.ndarray]) -> None:
    """Store new rows in a table that has exactly these columns, in this order."""
    store = insert_rows if connection.dialect.name == "sqlite" else copy_rows
    store(connection, table, columns)


def insert_rows(connection: Connection, table: str, columns: Mapping[str, np.ndarray]) -> int:
    """Insert rows into a table of SQLite, but for those whose key is there already; return how many were new."""
    names, places = ", ".join(f'"{name}"' for name in columns), ", ".join("?" * len(columns))
    statement = f"INSERT INTO {table} ({names}) VALUES ({places}) ON CONFLICT DO NOTHING"
    rows = zip(*(_objects(name, column) for name, column in columns.items()), strict=True)
    inserted = 0
    for some in in_parts(rows, _ROWS_AT_ONCE):
        inserted += connection.exec_driver_sql(statement, some).rowcount
    return inserted


def _objects(name: str, column: np.ndarray) -> list[object]:
    if name == "value":
        column = np.where(np.isnan(column), None, column)  # type: ignore[call-overload]
    return column.tolist()


def copy_rows(connection: Connection, table: str, columns: Mapping[str, np.ndarray]) -> None:
    """Copy rows into a table of PostgreSQL that has exactly these columns, in this order."""
    import psycopg

    statement = f"COPY {table} FROM STDIN (FORMAT BINARY)"
    try:
        with connection.connection.cursor() as cursor, cursor.copy(statement) as copy:  # type: ignore[attr-defined]
            copy.write(_postgresql_binary(columns))
    except psycopg.OperationalError as error:  # as SQLAlchemy would have raised it
        raise OperationalError(statement, None, error) from error


def _postgresql_binary(columns: Mapping[str, np.ndarray]) -> bytes:
    """Lay rows out as COPY's binary format: big-endian, each field after its length, a null being length -1.

    Source: PostgreSQL documentation, COPY, "Binary Format".
    """
    known = ~np.isnan(columns.get("value", np.zeros(len(next(iter(columns.values()))))))
    return b"PGCOPY\n\xff\r\n\0" + bytes(8) + _laid_out(columns, known) + _laid_out(columns, ~known) + b"\xff\xff"


def _laid_out(columns: Mapping[str, np.ndarray], chosen: np.ndarray) -> bytes:
    """The rows of which the value is known, or those of which it is not."""
    layout, lengths = [("fields", ">i2")], {}
    for name, column in columns.items():
        is_null = name == "value" and bool(np.isnan(column[chosen]).any())
        lengths[name] = -1 if is_null else np.dtype(_POSTGRES_TYPES[name]).itemsize
        layout += [(f"{name} length", ">i4")] + ([] if is_null else [(name, _POSTGRES_TYPES[name])])
    rows = np.empty(int(chosen.sum()), dtype=layout)
    rows["fields"] = len(columns)
    for name, length in lengths.items():
        rows[f"{name} length"] = length
        if length > 0:
            rows[name] = columns[name][chosen] - _POSTGRES_EPOCHS.get(name, 0)
    return rows.tobytes()
