"""By which reading a model is tied to its sensor: identifiers are given again, and histories replaced."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Anchor:
    """The newest reading that a model knows. Where it is not in the database any more, the model is of another history.

    Attributes
    ----------
    time : int
        Microseconds since 1970, UTC.
    value : float
        NaN for none.
    """

    time: int
    value: float

    @property
    def moment(self) -> datetime:
        """Its time, in UTC."""
        return _EPOCH + timedelta(microseconds=self.time)

    @staticmethod
    def of(reading: np.void) -> Anchor:
        """Take a reading of `src.sensors.reading_stream.READING`."""
        return Anchor(int(reading["time"]), float(reading["value"]))

    @staticmethod
    def at(time: datetime, value: float | None) -> Anchor:
        """Take the time (UTC) and the value of a reading."""
        return Anchor((time - _EPOCH) // timedelta(microseconds=1), np.nan if value is None else value)

    def is_in(self, readings: np.ndarray) -> bool:
        """Tell whether it is among readings in the order of time."""
        place = int(np.searchsorted(readings["time"], self.time))
        if place == len(readings) or readings["time"][place] != self.time:
            return False
        value = float(readings["value"][place])
        return value == self.value or (np.isnan(value) and np.isnan(self.value))
