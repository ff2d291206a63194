"""What a detector has said of a sensor's readings so far, small enough to be kept with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from src.ml.anomalies.detection import Detections
from src.notes import Note

MOST_READINGS = 20_000


@dataclass(frozen=True)
class JudgedPast:
    """The last readings that were judged, at most 20,000; arrays of shape (n,), in the order of time.

    Attributes
    ----------
    times : ndarray of datetime64[us]
        UTC.
    strengths : ndarray of float32
        Smoothed scores; NaN while the first fit was to come, and for a sensor fault.
    is_anomaly : ndarray of bool
        Whether it was an alarm.
    is_learnt : ndarray of bool
        Whether the detector had learnt enough to raise one.
    sensor_faults : mapping of datetime64 to Note
        Why a reading was a fault of the sensor.
    """

    times: np.ndarray
    strengths: np.ndarray
    is_anomaly: np.ndarray
    is_learnt: np.ndarray
    sensor_faults: Mapping[np.datetime64, Note] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.times)

    @staticmethod
    def of(judged: Detections, learning_until: np.datetime64 | None) -> JudgedPast:
        """Keep what matters of detections; up to some moment, or all along, the detector was still learning."""
        return JudgedPast(
            times=judged.times,
            strengths=judged.strengths.astype(np.float32),
            is_anomaly=judged.is_anomaly,
            is_learnt=np.zeros(len(judged), bool) if learning_until is None else judged.times > learning_until,
            sensor_faults={
                time: fault for time, fault in zip(judged.times, judged.sensor_faults, strict=True) if fault
            },
        )

    def followed_by(self, later: JudgedPast) -> JudgedPast:
        """Return this and what came after it."""
        return _joined(self, later)

    def after(self, earlier: JudgedPast) -> JudgedPast:
        """Return this with what an earlier detector has said: as it was said then, once that one had learnt."""
        kept = earlier.is_learnt.copy()
        if len(self):
            kept |= earlier.times < self.times[0]
        said = earlier._only(kept)
        return _joined(said, self._only(~np.isin(self.times, said.times)))

    def _only(self, chosen: np.ndarray) -> JudgedPast:
        return self._take(np.flatnonzero(chosen))

    def _take(self, places: np.ndarray) -> JudgedPast:
        times = self.times[places]
        there = set(times)
        faults = {time: fault for time, fault in self.sensor_faults.items() if time in there}
        return JudgedPast(times, self.strengths[places], self.is_anomaly[places], self.is_learnt[places], faults)


def _joined(one: JudgedPast, other: JudgedPast) -> JudgedPast:
    whole = JudgedPast(
        times=np.concatenate([one.times, other.times]),
        strengths=np.concatenate([one.strengths, other.strengths]),
        is_anomaly=np.concatenate([one.is_anomaly, other.is_anomaly]),
        is_learnt=np.concatenate([one.is_learnt, other.is_learnt]),
        sensor_faults={**one.sensor_faults, **other.sensor_faults},
    )
    newest = np.argsort(whole.times, kind="stable")[-MOST_READINGS:]
    is_in_order = len(newest) == len(whole) and bool((np.diff(newest) == 1).all())
    return whole if is_in_order else whole._take(newest)
