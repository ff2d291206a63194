"""How rare a score is: what any detector says of any sensor, brought to one scale."""

from __future__ import annotations

import numpy as np

_TAIL = 0.1
"""Share of the training scores from which the rest of the tail is drawn."""
_LEAST_EXCESS = 0.05
"""Of the logarithm of a forest's score, and of a local outlier factor, differences far below this are noise."""


class TailCalibration:
    """Tail probabilities of scores, by the scores of the training data.

    Up to the highest tenth it is the share of training scores at least as high. Beyond, where there are too few to
    count, the tail goes on exponentially with the mean excess of that tenth (Pickands 1975, with shape 0).

    Parameters
    ----------
    scores : ndarray of float, shape (n,)
        Scores of the training data; higher is more unusual.
    """

    def __init__(self, scores: np.ndarray) -> None:
        self._sorted = np.sort(scores)
        self._start = float(np.quantile(scores, 1 - _TAIL))
        excess = scores[scores > self._start] - self._start
        self._share = max(len(excess), 1) / (len(scores) + 1)
        self._excess = max(float(excess.mean()) if len(excess) else 0.0, _LEAST_EXCESS)

    def log_probabilities(self, scores: np.ndarray) -> np.ndarray:
        """Return the natural logarithm of the probability of so high a score; 0 at most.

        Parameters
        ----------
        scores : ndarray of float, shape (m,)
        """
        count = len(self._sorted)
        at_least = count - np.searchsorted(self._sorted, scores, side="left")
        counted = np.log(np.maximum((at_least + 1) / (count + 1), self._share))
        drawn = np.log(self._share) - (scores - self._start) / self._excess
        return np.where(scores > self._start, drawn, counted)
