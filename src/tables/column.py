"""One column of text while it is being read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from src.notes import Note

MISSING_WORDS = pa.array(
    ["NA", "N/A", "n/a", "na", "#N/A", "NaN", "nan", "NAN", "null", "NULL", "Null", "None", "none", "?"]
)
_NO_TEXT = pa.scalar(None, pa.string())


@dataclass
class Column:
    """A column: its cells as written, and what they turned out to be.

    Attributes
    ----------
    name : str
    cells : ChunkedArray of string
        As written; null where a cell is empty.
    line : callable
        Line of the file for a row counted from 0.
    known : ChunkedArray of string
        The cells without blanks around them; null where they say nothing or that a value is missing.
    words : ChunkedArray of bool
        Where a cell says in words that a value is missing.
    values : Series or None
        What the column is; None while that is open.
    notes : list of Note
    """

    name: str
    cells: pa.ChunkedArray
    line: Callable[[int], int]
    known: pa.ChunkedArray = field(init=False)
    words: pa.ChunkedArray = field(init=False)
    values: pd.Series | None = None
    notes: list[Note] = field(default_factory=list)

    def __post_init__(self) -> None:
        trimmed = pc.utf8_trim_whitespace(self.cells)
        self.words = pc.is_in(trimmed, MISSING_WORDS)
        nothing = pc.or_kleene(self.words, pc.equal(trimmed, ""))
        self.known = pc.if_else(nothing, _NO_TEXT, trimmed)

    @property
    def present(self) -> int:
        """Cells that say something."""
        return len(self.known) - self.known.null_count

    def row(self, mask: pa.ChunkedArray) -> int:
        """Line of the first row where a mask holds."""
        return self.line(pc.index(mask, True).as_py())

    def value(self, mask: pa.ChunkedArray) -> str:
        """First cell where a mask holds, shortened."""
        text = self.cells[pc.index(mask, True).as_py()].as_py()
        return text if len(text) <= 40 else f"{text[:39]}…"

    def keep_text(self, note: Note | None = None) -> None:
        """Leave the column as it is written."""
        values = self.cells.to_pandas()
        self.values = values.fillna(np.nan) if self.cells.null_count else values
        if note is not None:
            self.notes.append(note)


def matches(cells: pa.ChunkedArray, pattern: str) -> pa.ChunkedArray:
    """Tell for each cell whether it fits a pattern; null where it is missing."""
    return pc.match_substring_regex(cells, pattern)


def count(mask: pa.ChunkedArray) -> int:
    """Count the cells where a mask holds."""
    return pc.sum(mask).as_py() or 0
