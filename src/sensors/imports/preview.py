"""The beginning of a file of readings, and what is understood of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from src.sensors.imports.columns import ColumnMapping, guess_columns
from src.tables.beginning import Beginning, read_beginning
from src.tables.limits import TableLimits


@dataclass(frozen=True)
class Preview(Beginning):
    """The columns of a file, its first rows as they are written, and what the columns seem to be."""

    mapping: ColumnMapping


def preview_file(source: Path | bytes, name: str, limits: TableLimits | None = None) -> Preview:
    """Look at the beginning of a file. Raises what `read_beginning` raises."""
    found = read_beginning(source, name, limits)
    return Preview(**vars(found), mapping=guess_columns(found.columns))
