"""An even sample of everything that was, however long that is."""

from __future__ import annotations

import numpy as np


class PastSample:
    """Keep at most so many rows, each row of the past with the same chance, in the order in which they came.

    Each row draws a number when it comes, and those with the smallest numbers are kept: so the sample does not depend
    on whether rows come one by one or many at a time. Older samples are not kept, so memory is bounded.

    Parameters
    ----------
    columns : int
    most : int
        How many rows are kept.
    seed : int
    """

    def __init__(self, columns: int, most: int, seed: int) -> None:
        self._most = most
        self._rng = np.random.default_rng(seed)
        self._rows = np.empty((0, columns), dtype=np.float64)
        self._drawn = np.empty(0)
        self._waiting: list[tuple[np.ndarray, np.ndarray]] = []

    def add(self, rows: np.ndarray) -> None:
        """Take in rows, shape (n, columns), that came after those before."""
        self._waiting.append((rows, self._rng.random(len(rows))))
        if sum(len(some) for some, _ in self._waiting) >= self._most // 4:
            self._settle()

    def rows(self) -> np.ndarray:
        """Return the sample, shape (at most `most`, columns)."""
        self._settle()
        return self._rows

    def _settle(self) -> None:
        rows = np.concatenate([self._rows, *(some for some, _ in self._waiting)])
        drawn = np.concatenate([self._drawn, *(numbers for _, numbers in self._waiting)])
        if len(rows) > self._most:
            kept = np.sort(np.argpartition(drawn, self._most - 1)[: self._most])
            rows, drawn = rows[kept], drawn[kept]
        self._rows, self._drawn, self._waiting = rows, drawn, []
