"""A sensor's anomaly detector with what it has said so far: what is kept of it, and goes on with the next reading."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from src.ml.anomalies.detection import Detection, Detections
from src.ml.anomalies.sensor_watch import SensorWatch
from src.ml.sensor_models.anchor import Anchor
from src.ml.sensor_models.judged_past import JudgedPast


@dataclass(eq=False)
class WatchedSensor:
    """A detector that has learnt, and the past that it has judged.

    Attributes
    ----------
    last : Detection
        What was said of the newest reading.
    anchor : Anchor
        The newest reading that it has taken in.
    """

    watch: SensorWatch
    past: JudgedPast
    last: Detection
    anchor: Anchor

    def take_in(self, readings: np.ndarray) -> Detections:
        """Judge readings that came since, and remember what was said.

        Parameters
        ----------
        readings : ndarray of `src.sensors.reading_stream.READING`, shape (n,)
            In the order of time, all after the anchor; at least one.
        """
        judged = judge(self.watch, readings)
        learning_until = None if self.watch.detector.is_learning else judged.times[0] - np.timedelta64(1, "us")
        self.past = self.past.followed_by(JudgedPast.of(judged, learning_until))
        self.last, self.anchor = judged[len(judged) - 1], Anchor.of(readings[-1])
        return judged

    def said_of_now(self, now: datetime) -> dict[str, Any]:
        """Return what is to be said of the sensor at some moment.

        Returns
        -------
        dict
            ``is_anomaly`` (the last reading has raised an alarm), ``is_ongoing`` (an anomaly goes on, whether its alarm
            was raised now or before), ``anomaly_score`` (0 to 1), ``value`` (None where the last reading has none),
            ``historical_average`` and ``historical_std`` in the sensor's unit, ``timestamp`` of the last reading (UTC),
            ``sensor_fault``, ``reason`` and ``remark`` (notes, or None), ``alarm_threshold`` and ``strength``, what is
            held against it (None while learning and for a fault).
        """
        last, detector = self.last, self.watch.detector
        average, deviation = detector.usual
        is_strong = last.strength is not None and last.strength >= detector.alarm_threshold
        fault = last.sensor_fault or self.watch.rules.check_silence(now)
        return {
            "is_anomaly": last.is_anomaly and fault is None,
            "is_ongoing": (last.is_anomaly or is_strong) and fault is None,
            "anomaly_score": last.anomaly_score,
            "value": None if np.isnan(last.value) else last.value,
            "historical_average": average,
            "historical_std": deviation,
            "timestamp": self.anchor.moment,
            "sensor_fault": fault,
            "reason": fault or last.reason,
            "remark": last.remark,
            "alarm_threshold": detector.alarm_threshold,
            "strength": last.strength,
        }


def judge(watch: SensorWatch, readings: np.ndarray) -> Detections:
    """Have a watch judge readings as the database has them."""
    return watch.score_batch(readings["time"].astype("datetime64[us]"), readings["value"], readings["quality"])
