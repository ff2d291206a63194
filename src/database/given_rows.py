"""Rows that a query is given as one parameter and reads as a table: its text stays the same however many there are.

A thousand rows as VALUES have a parameter for each field, and a text that is put together anew each time, which takes
longer than the query itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Dialect

from src.database.tables import UtcDateTime


def given_rows(
    connection: Connection, name: str, columns: Sequence[sa.ColumnClause], rows: Iterable[Sequence[Any]]
) -> sa.FromClause:
    """Return a table of rows to join others with.

    Parameters
    ----------
    columns : sequence of ColumnClause
        Of the types Integer, Float and `UtcDateTime`.
    rows : iterable of sequence
        Finite numbers and UTC-aware datetimes, a field a column.
    """
    dialect = connection.dialect
    names = [column.name for column in columns]
    records = json.dumps([dict(zip(names, (_plain(field, dialect) for field in row), strict=True)) for row in rows])
    if dialect.name == "sqlite":
        each = sa.func.json_each(records).table_valued("value")
        fields = (
            sa.func.json_extract(each.c.value, f"$.{one.name}", type_=one.type).label(one.name) for one in columns
        )
        return sa.select(*fields).cte(name).prefix_with("MATERIALIZED")  # else taken apart for each row that is joined
    table = sa.func.json_to_recordset(sa.cast(sa.literal(records, sa.Text), sa.JSON)).table_valued(*columns)
    return table.render_derived(name=name, with_types=True)


def _plain(field: Any, dialect: Dialect) -> Any:
    if not isinstance(field, datetime):
        return field
    stored = UtcDateTime().process_bind_param(field, dialect)
    return stored.isoformat() if isinstance(stored, datetime) else stored
