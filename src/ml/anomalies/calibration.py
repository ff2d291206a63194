"""What is known of earlier readings, kept as running numbers: each reading is held against those before it only."""

from __future__ import annotations

import numpy as np


class RunningCalibration:
    """Makes scores comparable: how far each lies above the mean of its own past, in standard deviations.

    Parameters
    ----------
    columns : int
        How many detectors.
    least_deviation : float
        Smaller standard deviations count as this much.
    """

    def __init__(self, columns: int, least_deviation: float = 0.2) -> None:
        self._least_deviation = least_deviation
        self._totals = np.zeros((3, columns))  # how many, their sum, the sum of their squares

    def standardise(self, scores: np.ndarray) -> np.ndarray:
        """Return each score against those before it, and take it in; the first of all is 0.

        Parameters
        ----------
        scores : ndarray of float, shape (n, columns)
        """
        new = np.stack([np.ones_like(scores), scores, scores**2], axis=1)
        totals = np.cumsum(np.concatenate([self._totals[None], new]), axis=0)
        self._totals = totals[-1]
        counts, sums, squares = (totals[:-1, kind] for kind in range(3))
        known = np.maximum(counts, 1.0)
        means = sums / known
        deviations = np.sqrt(np.maximum(squares / known - means**2, 0.0))
        return np.where(counts > 0, (scores - means) / np.maximum(deviations, self._least_deviation), 0.0)


class Smoothing:
    """Exponentially weighted mean of what came so far.

    Parameters
    ----------
    half_life : float
        After so many readings a score counts half.
    """

    def __init__(self, half_life: float = 1.5) -> None:
        self._weight = 1.0 - 0.5 ** (1.0 / half_life)
        self._last: float | None = None

    def smooth(self, scores: np.ndarray) -> np.ndarray:
        """Return the running mean at each score, shape (n,)."""
        smoothed = np.empty(len(scores))
        last = self._last
        for place, score in enumerate(scores.tolist()):
            last = score if last is None else last + self._weight * (score - last)
            smoothed[place] = last
        self._last = last
        return smoothed


class PastRange:
    """The lowest and the highest value so far."""

    def __init__(self) -> None:
        self.low, self.high = np.inf, -np.inf

    def before(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the range of all values before each one, and take it in; infinite, and upside down, before any."""
        low = np.minimum.accumulate(np.concatenate([[self.low], values]))
        high = np.maximum.accumulate(np.concatenate([[self.high], values]))
        self.low, self.high = float(low[-1]), float(high[-1])
        return low[:-1], high[:-1]
