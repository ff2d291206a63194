"""What a detector sees of a reading: the value, and the value with the recent past. One function for all uses."""

from __future__ import annotations

import numpy as np

VIEWS = (slice(0, 1), slice(0, 3))
"""The columns of `features` that each view has: the value alone, and all. Each begins with the first column."""
_FEW = 2
"""So many readings are sooner described one by one."""


def features(values: np.ndarray, window: int, *, start: int = 0) -> np.ndarray:
    """Describe each reading by itself and those before it, never by those after it.

    Parameters
    ----------
    values : ndarray of float, shape (n,)
        Consecutive readings.
    window : int
        Over how many readings, the described one included, the rolling columns go; over those there are at first.
    start : int
        The first reading to describe; those before it are only its past.

    Returns
    -------
    ndarray of float64, shape (n - start, 3)
        The value, the rolling mean, the rolling standard deviation.

    Notes
    -----
    A row comes out the same, bit for bit, however many are asked for at once: each is summed on its own.
    """
    described = np.empty((len(values) - start, 3))
    described[:, 0] = values[start:]
    few = len(values) if len(values) - start <= _FEW else window - 1
    for place in range(start, min(few, len(values))):
        past = values[max(place - window + 1, 0) : place + 1]
        described[place - start, 1:] = past.mean(), past.std()
    whole = max(start, few)
    if whole < len(values):
        windows = np.lib.stride_tricks.sliding_window_view(values[whole - window + 1 :], window)
        windows = np.ascontiguousarray(windows)
        described[whole - start :, 1] = windows.mean(axis=1)
        described[whole - start :, 2] = windows.std(axis=1)
    return described
