"""What is said of a reading: how unusual it is, whether that is an alarm, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from src.notes import Note


@dataclass(frozen=True)
class Detection:
    """One reading, judged.

    Attributes
    ----------
    time : datetime
        UTC-aware.
    strength : float, optional
        The smoothed score that is held against the alarm threshold; None while learning and for a sensor fault.
    anomaly_score : float
        0 to 1; from 0.6 on it reaches the alarm threshold, see `alarms.anomaly_scores`. 0 where there is no strength.
    is_anomaly : bool
        Whether it raises an alarm; what goes on after an alarm raises no other.
    reason : Note, optional
        Why it is, or is not, an alarm.
    sensor_fault : Note, optional
        Why the sensor, not what it measures, is the trouble; then no detector was asked.
    remark : Note, optional
        What to keep in mind about the detector as a whole.
    """

    time: datetime
    value: float
    strength: float | None
    anomaly_score: float
    is_anomaly: bool
    reason: Note | None = None
    sensor_fault: Note | None = None
    remark: Note | None = None


@dataclass(frozen=True)
class Detections:
    """Readings, judged; arrays of shape (n,), `Detection` says what they mean.

    Attributes
    ----------
    times : ndarray of datetime64[us]
        UTC.
    strengths : ndarray of float64
        NaN while learning and for a sensor fault.
    is_silenced : ndarray of bool
        Above the alarm threshold, but soon after an alarm.
    lows, highs : ndarray of float64
        The range of all readings before.
    is_outside : ndarray of bool
        Clearly outside that range.
    is_course : ndarray of bool
        Less the value than the course of the last readings is what is unusual.
    sensor_faults : tuple of Note or None
    remark : Note, optional
    """

    times: np.ndarray
    values: np.ndarray
    strengths: np.ndarray
    anomaly_scores: np.ndarray
    is_anomaly: np.ndarray
    is_silenced: np.ndarray
    lows: np.ndarray
    highs: np.ndarray
    is_outside: np.ndarray
    is_course: np.ndarray
    sensor_faults: tuple[Note | None, ...]
    remark: Note | None = None

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, place: int) -> Detection:
        strength = float(self.strengths[place])
        return Detection(
            time=self.times[place].astype("datetime64[us]").item().replace(tzinfo=UTC),
            value=float(self.values[place]),
            strength=None if np.isnan(strength) else strength,
            anomaly_score=float(self.anomaly_scores[place]),
            is_anomaly=bool(self.is_anomaly[place]),
            reason=self.reason(place),
            sensor_fault=self.sensor_faults[place],
            remark=self.remark,
        )

    def reason(self, place: int) -> Note | None:
        """Say why a reading is an alarm or a fault, or why it is neither although something is unusual."""
        if self.sensor_faults[place] is not None:
            return self.sensor_faults[place]
        if np.isnan(self.strengths[place]):
            return Note("Still learning what is usual.")
        if self.is_silenced[place]:
            return Note("Still unusual, soon after an alarm; no other is raised.")
        return self._unusual(place) if self.is_anomaly[place] else None

    def _unusual(self, place: int) -> Note:
        if self.is_outside[place]:
            seen = {"low": float(self.lows[place]), "high": float(self.highs[place])}
            return Note("Outside everything before: so far it was {low:.6g} to {high:.6g}.", seen)
        if self.is_course[place]:
            return Note("The course of the last readings, their level and how much they vary, is unlike the past.")
        return Note("The value is unlike the past.")


def join(parts: list[Detections], remark: Note | None) -> Detections:
    """Put detections one after another."""
    if len(parts) == 1:
        return replace(parts[0], remark=remark)
    names = [name for name in Detections.__dataclass_fields__ if name not in ("sensor_faults", "remark")]
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return Detections(**columns, sensor_faults=sum((part.sensor_faults for part in parts), ()), remark=remark)
