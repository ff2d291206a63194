"""What is wrong with a file: counted, and the first of it kept, so that a person can mend it in one go."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np

from src.errors import InvalidReadings, InvalidTable
from src.notes import Note

MOST_PROBLEMS = 20
"""So many are told; the others are counted."""


class RowProblems(Protocol):
    """Takes what is wrong with rows: `Problems` refuses the file for it, others may leave out the rows."""

    def add_where(self, wrong: np.ndarray, rows: np.ndarray, note: Callable[[int], Note]) -> None:
        """Note a problem of each row where a mask holds; `note` makes the remark for a place in the mask."""


class _Problem(NamedTuple):
    row: int
    order: int
    note: Note


class Problems:
    """The problems of one file, told in the order of its rows.

    Attributes
    ----------
    count : int
        Of all, also those that are not kept.
    """

    def __init__(self, name: str) -> None:
        self.count = 0
        self._name = name
        self._kept: list[_Problem] = []

    def add(self, row: int, note: Note) -> None:
        """Note one problem; row 0 where it is none of a row."""
        self._kept = sorted([*self._kept, _Problem(row, self.count, note)])[:MOST_PROBLEMS]
        self.count += 1

    def add_told(self, row: int, note: Callable[[], Note]) -> None:
        """Note one problem; `note` makes the remark where it is kept, and is not called where it is only counted."""
        if len(self._kept) < MOST_PROBLEMS or row < self._kept[-1].row:
            self.add(row, note())
        else:
            self.count += 1

    def add_where(self, wrong: np.ndarray, rows: np.ndarray, note: Callable[[int], Note]) -> None:
        """Note a problem of each row where a mask holds; `note` makes the remark for a place in the mask."""
        places = np.flatnonzero(wrong)
        for place in places[:MOST_PROBLEMS]:
            self.add(int(rows[place]), note(int(place)))
        self.count += max(len(places) - MOST_PROBLEMS, 0)

    def stop(self, error: InvalidTable) -> InvalidReadings:
        """Note why the file cannot be read any further, and make the error for all."""
        row = error.values.get("row")
        self.add(row if isinstance(row, int) else 0, Note(error.template, error.values))
        return self.error()

    def raise_if_any(self) -> None:
        """Refuse the file if anything is wrong with it."""
        if self.count:
            raise self.error()

    def error(self) -> InvalidReadings:
        """Make the error that tells the problems."""
        notes = [problem.note for problem in self._kept]
        return InvalidReadings(
            "{name!r} is not imported, and nothing was changed. Problems: {count:,}. The first: {first}",
            name=self._name,
            count=self.count,
            first=notes[0],
            problems=notes,
        )
