"""Has the sensor begun to speak in another unit? Then its values, converted back, go on as if nothing had happened."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from src.notes import Note

LEAST_READINGS = 5
"""So many readings in a row in another unit are a unit shift."""
_MARGIN = 0.1
"""By this share of the past range a value may lie outside it and still be counted in."""


@dataclass(frozen=True)
class Conversion:
    """How a value looks after the change: ``factor * value + offset``."""

    before: str
    after: str
    factor: float
    offset: float = 0.0

    def back(self, values: np.ndarray) -> np.ndarray:
        """Return what values are in the unit from before."""
        return (values - self.offset) / self.factor


_ONE_WAY = (
    Conversion("°C", "°F", 1.8, 32.0),
    Conversion("°C", "K", 1.0, 273.15),
    Conversion("bar", "psi", 14.5038),
    Conversion("psi", "kPa", 6.89476),
    Conversion("in", "mm", 25.4),
    Conversion("×1", "×10", 10.0),
    Conversion("×1", "×100", 100.0),
    Conversion("×1", "×1000", 1_000.0),
)
CONVERSIONS = (*_ONE_WAY, *(Conversion(c.after, c.before, 1 / c.factor, -c.offset / c.factor) for c in _ONE_WAY))
_OTHER_NAMES = {"C": "°C", "degC": "°C", "celsius": "°C", "F": "°F", "degF": "°F", "fahrenheit": "°F", "inch": "in"}


class UnitShiftRule:
    """Holds the latest readings against those before them; its state can be pickled.

    A conversion counts only where it takes the past range to another place altogether (a range down to 0 overlaps
    with its tenfold, and cannot tell), where the values jumped there at once, and where, converted back, no step is
    larger than the largest before: a machine that stops, and cools, changes no unit.

    Parameters
    ----------
    unit : str
        That of the sensor; conversions from other named units are then left out. Empty where it is not known.
    """

    def __init__(self, unit: str = "") -> None:
        unit = _OTHER_NAMES.get(unit, unit)
        self._possible = [c for c in CONVERSIONS if not unit or c.before == unit or c.before.startswith("×")]
        self._low, self._high, self._largest_step = np.inf, -np.inf, 0.0
        self._latest: deque[float] = deque(maxlen=LEAST_READINGS + 1)
        self._shift: Conversion | None = None

    def check(self, value: float, *, learnt: bool) -> Note | None:
        """Return a note where the value, and those just before it, are in another unit, else None."""
        if self._shift is not None and not self._is_explained(self._shift, np.array([value])):
            self._shift = None
        if self._shift is None:
            self._take_in(value)
            if not learnt or len(self._latest) <= LEAST_READINGS or self._lies_in(value):
                return None
            self._shift = self._find()
        if self._shift is None:
            return None
        said = {"before": self._shift.before, "after": self._shift.after}
        return Note("Unit shift: the values look as if they came in {after} instead of {before}.", said)

    def _take_in(self, value: float) -> None:
        """Add a value; the range is that of the readings that were before the latest ones."""
        if len(self._latest) == self._latest.maxlen:
            self._low, self._high = min(self._low, self._latest[0]), max(self._high, self._latest[0])
            self._largest_step = max(self._largest_step, abs(self._latest[1] - self._latest[0]))
        self._latest.append(value)

    def _find(self) -> Conversion | None:
        before, *after = self._latest
        if not self._low < self._high or not self._lies_in(before):
            return None
        values = np.array(after)
        for conversion in self._possible:
            steps = np.abs(np.diff([before, *conversion.back(values)]))
            if self._is_explained(conversion, values) and steps.max() <= self._largest_step:
                self._latest.clear()  # they are no readings of the sensor as it was
                return conversion
        return None

    def _is_explained(self, conversion: Conversion, values: np.ndarray) -> bool:
        ends = sorted(conversion.factor * end + conversion.offset for end in (self._low, self._high))
        is_elsewhere = ends[0] > self._high or ends[1] < self._low
        return is_elsewhere and all(map(self._lies_in, conversion.back(values))) and not any(map(self._lies_in, values))

    def _lies_in(self, value: float) -> bool:
        margin = _MARGIN * (self._high - self._low)
        return bool(self._low - margin <= value <= self._high + margin)
