"""From which earlier values an autoregression forecasts: sets of lags around the seasons of a series."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

LEAST_ROWS = 100
_LONGEST_RUN = 49

Lags = NDArray[np.int64]
LagSet = Callable[[int, int], Lags]
"""Takes the steps of the shorter and of the longer season (1 and 0 where there is none)."""


def around_seasons(season: int, longer: int) -> Lags:
    """Return the last three values, and three around one and two seasons: 1–3, 23–25, 47–49, 167–169, 335–337."""
    return _joined([range(1, 4), *_around((season, 2 * season, longer, 2 * longer))])


def long_run(season: int, longer: int) -> Lags:
    """Return two whole seasons, some more of the shorter, and the longer: 1–49, 72, 96, 120, 144, 166–170."""
    run = range(1, min(2 * season + 1, _LONGEST_RUN) + 1) if season > 1 else range(1, 25)
    more = [number * season for number in range(3, 7)] if season > 1 else []
    return _joined([run, more, *_around((season, 2 * season)), *_around((longer,), width=2)])


def one_season(season: int, longer: int) -> Lags:
    """Return a whole season and three values around others: 1–25, 47–49, 167–169, 335–337, 503–505."""
    run = range(1, min(season + 1, 25) + 1) if season > 1 else range(1, 13)
    return _joined([run, *_around((season, 2 * season, longer, 2 * longer, 3 * longer))])


def fitting(lags: Lags, length: int, season: int, longer: int) -> Lags:
    """Leave out the lags that a series is too short for.

    At least 100 rows are to be left to learn from: where they are not, lags beyond the longer season go, then those
    beyond two of the shorter, then those beyond one. Where even that leaves fewer, those beyond half of the series go.

    Returns
    -------
    ndarray of int64
        At least one, as long as the series has two values.
    """
    seasons = [longer + 2] if longer else []
    seasons += [2 * season + 2, season + 1] if season > 1 else []
    for limit in (int(lags.max()), *seasons):
        kept = lags[lags <= limit]
        if length - kept.max() >= LEAST_ROWS:
            return kept
    longest = 2 * season + 2 if season > 1 else length
    return lags[lags <= max(min(longest, length // 2), 1)]


def _around(centres: Iterable[int], width: int = 1) -> list[range]:
    return [range(centre - width, centre + width + 1) for centre in centres if centre > 1]


def _joined(parts: Iterable[Iterable[int]]) -> Lags:
    lags = np.unique([lag for part in parts for lag in part])
    return lags[lags > 0].astype(np.int64)
