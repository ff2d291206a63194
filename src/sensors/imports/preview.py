"""The beginning of a file, and what is understood of it, before anything is read as a whole."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow.compute as pc

from src.notes import Note
from src.sensors.imports.columns import ColumnMapping, guess_columns
from src.tables.limits import TableLimits
from src.tables.streaming import open_table

FIRST_ROWS = 10


@dataclass(frozen=True)
class Preview:
    """The columns of a file, its first rows as they are written, and what the columns seem to be."""

    name: str
    columns: list[str]
    rows: pd.DataFrame
    mapping: ColumnMapping
    notes: tuple[Note, ...]


def preview_file(source: Path | bytes, name: str, limits: TableLimits | None = None) -> Preview:
    """Look at the beginning of a file.

    Raises
    ------
    InvalidTable
        It cannot be read at all, or not so far.
    """
    with closing(open_table(source, name, limits)) as stream:
        chunk = next(stream.chunks(FIRST_ROWS))
        rows = {
            column: pc.cast(cells, "string").to_pandas().fillna("")
            for column, cells in zip(stream.columns, chunk.cells, strict=True)
        }
        return Preview(name, stream.columns, pd.DataFrame(rows), guess_columns(stream.columns), tuple(stream.notes))
