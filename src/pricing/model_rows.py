"""The table of price models, `modelos_predicao`: what lies on the disk, for whoever asks in SQL."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import PurePath
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from src.database.tables import modelos_predicao
from src.sensors.bulk import in_parts


@dataclass(frozen=True)
class ModelVersion:
    """One version of a product's model.

    Attributes
    ----------
    sku : str
    version : str
        When it was saved, in UTC, such as ``20251016T193000Z``; no two of a product are the same.
    path : str
        Of its folder, below the folder of price models.
    metrics : dict
        What its training said of it.
    trained_at : datetime
        In UTC.
    is_current : bool
        Whether it is the one in use.
    """

    sku: str
    version: str
    path: str
    metrics: dict[str, Any]
    trained_at: datetime
    is_current: bool


def current_by_path(connection: Connection) -> dict[str, bool]:
    """Return the paths of all versions, and whether each is a current one."""
    table = modelos_predicao.c
    return {
        PurePath(path).name: current for path, current in connection.execute(sa.select(table.path, table.is_current))
    }


def newest_versions(connection: Connection, skus: Iterable[str]) -> dict[str, str]:
    """Return the newest version of each product that has one."""
    table = modelos_predicao.c
    newest = sa.select(table.sku, sa.func.max(table.version)).group_by(table.sku)
    found = (connection.execute(newest.where(table.sku.in_(some))).all() for some in in_parts(skus))
    return {sku: version for rows in found for sku, version in rows}


def replace_rows(connection: Connection, skus: Collection[str], versions: Sequence[ModelVersion]) -> None:
    """Put these versions in place of all that the table has of some products."""
    for some in in_parts(skus):
        connection.execute(sa.delete(modelos_predicao).where(modelos_predicao.c.sku.in_(some)))
    if versions:
        names = [field.name for field in fields(ModelVersion)]
        connection.execute(
            sa.insert(modelos_predicao), [{name: getattr(one, name) for name in names} for one in versions]
        )
