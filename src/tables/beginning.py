"""The beginning of a file as it is written, before anything is read as a whole."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow.compute as pc

from src.notes import Note
from src.tables.limits import TableLimits
from src.tables.streaming import open_table

FIRST_ROWS = 10


@dataclass(frozen=True)
class Beginning:
    """The columns of a file, and its first rows as text."""

    name: str
    columns: list[str]
    rows: pd.DataFrame
    notes: tuple[Note, ...]


def read_beginning(source: Path | bytes, name: str, limits: TableLimits | None = None) -> Beginning:
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
        return Beginning(name, stream.columns, pd.DataFrame(rows), tuple(stream.notes))
