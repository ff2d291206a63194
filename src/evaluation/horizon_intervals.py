"""Intervals from past errors by how far ahead they were, where one series alone has made too few of them.

A series' own quantiles and those of all series together are mixed, the more of its own the more errors it has made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEVELS = (0.80, 0.95)
LAST_STEPS = np.array([3, 7, 14, 30])
"""Steps ahead with which each bucket ends."""
_STEPS = np.diff(LAST_STEPS, prepend=0)
_MIDDLE_STEPS = LAST_STEPS - (_STEPS - 1) / 2
_POOLED_COUNTS_AS = 20

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ErrorQuantiles:
    """Quantiles of absolute errors.

    Attributes
    ----------
    counts : ndarray of int64, shape (4,)
        Errors in each bucket: of steps 1–3, 4–7, 8–14 and 15–30.
    quantiles : ndarray of float64, shape (4, 2)
        Of each bucket at `LEVELS`; where it has no errors, those of the bucket before, widened as the errors of a
        random walk grow, and NaN without any.
    """

    counts: NDArray[np.int64]
    quantiles: Floats

    @staticmethod
    def of(errors: Sequence[Floats]) -> ErrorQuantiles:
        """Take the quantiles of errors.

        Parameters
        ----------
        errors : sequence of array of float, shape (n_windows, horizon)
            Absolute errors of one series, or of several; NaN where nothing was observed.
        """
        by_bucket: list[list[Floats]] = [[] for _ in LAST_STEPS]
        for windows in errors:
            starts = np.concatenate([[0], LAST_STEPS[:-1]])
            for found, start, end in zip(by_bucket, starts, LAST_STEPS, strict=True):
                part = windows[:, start:end]
                found.append(part[~np.isnan(part)])
        return ErrorQuantiles._of_buckets([np.concatenate([[], *found]) for found in by_bucket])

    @staticmethod
    def _of_buckets(buckets: list[Floats]) -> ErrorQuantiles:
        quantiles = np.full((len(buckets), len(LEVELS)), np.nan)
        for place, found in enumerate(buckets):
            if len(found):
                quantiles[place] = np.quantile(found, LEVELS)
            elif place:
                quantiles[place] = quantiles[place - 1] * np.sqrt(LAST_STEPS[place] / LAST_STEPS[place - 1])
        return ErrorQuantiles(np.array([len(found) for found in buckets]), quantiles)

    def mixed_with(self, pooled: ErrorQuantiles | None) -> ErrorQuantiles:
        """Return (n · own + 20 · pooled) / (n + 20) of each bucket, n being the number of own errors in it.

        Where there are only own ones, or only pooled ones, these count alone.
        """
        if pooled is None:
            return self
        own_counts, pooled_counts = self.counts[:, None], np.where(pooled.counts > 0, _POOLED_COUNTS_AS, 0)[:, None]
        own = np.where(own_counts > 0, self.quantiles, 0.0)
        both = own_counts + pooled_counts
        mixed = own_counts * own + pooled_counts * np.nan_to_num(pooled.quantiles)
        known = both > 0
        return ErrorQuantiles(
            self.counts, np.divide(mixed, both, out=self.quantiles.copy(), where=np.broadcast_to(known, mixed.shape))
        )

    def half_widths(self, level: float, steps: int) -> Floats:
        """Return how far from its forecast the value of each step may lie, shape (steps,).

        A bucket's quantile is that of its middle step, and in between they go straight. They never get narrower with
        the steps: neighbours that would are averaged (isotonic regression). Beyond the last bucket they grow with the
        root of the steps, as the errors of a random walk do.

        Parameters
        ----------
        level : float
            One of `LEVELS`.
        """
        ahead = np.arange(1, steps + 1)
        quantiles = self.quantiles[:, LEVELS.index(level)]
        known = ~np.isnan(quantiles)
        if not known.any():
            return np.full(steps, np.nan)
        widths = np.interp(ahead, _MIDDLE_STEPS[known], _never_falling(quantiles[known], _STEPS[known]))
        return widths * np.sqrt(np.maximum(ahead / LAST_STEPS[-1], 1.0))


def _never_falling(values: Floats, weights: Floats) -> Floats:
    """The isotonic regression, by its max-min formula, which is short for a few values.

    Barlow et al., Statistical Inference under Order Restrictions, 1972.
    """
    places = range(len(values))
    return np.array(
        [
            max(
                min(np.average(values[first : last + 1], weights=weights[first : last + 1]) for last in places[place:])
                for first in places[: place + 1]
            )
            for place in places
        ]
    )
