"""From scores to alarms: one alarm a happening, and as many a week as somebody wants to look at.

Nothing here scores: the same scores can be gone through again with another threshold (`replay`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from src.errors import InvalidDetector

DEFAULT_THRESHOLD = 1.4
BREAKING = 2.0
"""An alarm's silence ends early for a score of so many times the alarm's."""
ALARM_SCORE = 0.6
"""Where the alarm threshold lies on the scale from 0 to 1: where "probably an anomaly" begins."""
_LEAST_THRESHOLD = 0.1
_MOST_STRETCHES = 4_000
WEEK = np.timedelta64(7, "D")


def anomaly_scores(strengths: np.ndarray, threshold: float) -> np.ndarray:
    """Bring strengths of any size to 0–1, so that 0.3, 0.6 and 0.9 mean the same for each sensor.

    Half the alarm threshold is 0.3, the threshold itself 0.6, and twice the threshold, which breaks an alarm's
    silence, 0.9. Below and above it goes on towards 0 and 1 without reaching them, so that the order is kept.

    Parameters
    ----------
    strengths : ndarray of float, shape (n,)
        Smoothed scores of an `OnlineDetector`.
    threshold : float
        Its alarm threshold, above 0.
    """
    ratio = np.asarray(strengths, dtype=float) / threshold
    below = ALARM_SCORE / 2 * 2.0 ** (2 * np.clip(ratio, -50.0, 0.5) - 1)
    between = np.interp(ratio, (0.5, 1.0, 2.0), (0.3, ALARM_SCORE, 0.9))
    above = 1.0 - 0.2 / np.maximum(ratio, 2.0)
    return np.where(ratio < 0.5, below, np.where(ratio <= 2.0, between, above))


def checked_threshold(threshold: float) -> float:
    """Return an alarm threshold that can be used.

    Raises
    ------
    InvalidDetector
        It is not a finite number of at least 0.1.
    """
    if not (math.isfinite(threshold) and threshold >= _LEAST_THRESHOLD):
        raise InvalidDetector(
            "The alarm threshold is {threshold}. Give a number of at least {least}.",
            threshold=threshold,
            least=_LEAST_THRESHOLD,
        )
    return threshold


def checked_rate(alarms_per_week: float) -> float:
    """Return a wanted number of alarms a week that can be used.

    Raises
    ------
    InvalidDetector
        It is not a finite number above 0.
    """
    if not (math.isfinite(alarms_per_week) and alarms_per_week > 0):
        raise InvalidDetector(
            "{alarms_per_week} alarms a week were asked for. Give a number above 0.", alarms_per_week=alarms_per_week
        )
    return alarms_per_week


@dataclass
class Silence:
    """After an alarm the following readings raise none, unless one is far stronger.

    Attributes
    ----------
    rows : int
        How many readings are silent.
    left : int
        How many of them are still to come.
    strength : float
        That of the last alarm.
    """

    rows: int
    left: int = 0
    strength: float = 0.0

    def hear(self, strengths: np.ndarray, threshold: float) -> tuple[np.ndarray, np.ndarray]:
        """Return which readings are alarms, and which would be one but for the silence; both shape (n,)."""
        alarms, silenced = np.zeros((2, len(strengths)), dtype=bool)
        for place, strength in enumerate(strengths.tolist()):
            self.left = max(self.left - 1, 0)
            if strength < threshold:
                continue
            if self.left and strength <= BREAKING * self.strength:
                silenced[place] = True
            else:
                alarms[place] = True
                self.left, self.strength = self.rows + 1, strength
        return alarms, silenced


def replay(strengths: np.ndarray, threshold: float, silence_rows: int) -> np.ndarray:
    """Return which of some stored strengths would have been alarms with another threshold, shape (n,), bool.

    Parameters
    ----------
    strengths : ndarray of float, shape (n,)
        In order; NaN, as while learning, is none.
    """
    return Silence(silence_rows).hear(np.nan_to_num(strengths, nan=-np.inf), checked_threshold(threshold))[0]


class AlarmRate:
    """Which threshold would have given so many alarms a week: the strongest score of each stretch is remembered.

    A stretch is as long as an alarm's silence, so that it holds about one alarm; one that goes on into the next
    stretch counts twice, so that the number comes out lower rather than higher.

    Parameters
    ----------
    stretch_rows : int
        Readings in a stretch. The last 4,000 stretches count.
    """

    def __init__(self, stretch_rows: int) -> None:
        self._stretch_rows = max(stretch_rows, 1)
        self._strongest: list[float] = []
        self._rows = 0

    def add(self, strengths: np.ndarray) -> None:
        """Take in the strengths of readings that came after those before."""
        for strength in strengths.tolist():
            if self._rows % self._stretch_rows == 0:
                self._strongest.append(strength)
                del self._strongest[:-_MOST_STRETCHES]
            elif strength > self._strongest[-1]:
                self._strongest[-1] = strength
            self._rows += 1

    def threshold(self, alarms_per_week: float, interval: np.timedelta64) -> float:
        """Return the lowest threshold that at most so many stretches a week have reached.

        Where less than one alarm is wanted for all the past there is, that is just above the strongest score so far;
        before there is any, the default of the recipe.

        Parameters
        ----------
        interval : timedelta64
            Mean time between two readings.
        """
        if not self._strongest:
            return DEFAULT_THRESHOLD
        weeks = len(self._strongest) * self._stretch_rows * interval / WEEK
        wanted = min(int(alarms_per_week * weeks), len(self._strongest))
        if wanted == len(self._strongest):
            return _LEAST_THRESHOLD
        too_many = sorted(self._strongest, reverse=True)[wanted]
        return max(float(np.nextafter(too_many, np.inf)), _LEAST_THRESHOLD)
