"""What a sensor's detector has said so far, beside what is known of that time: failures, and people's verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from src.ml.anomalies.alarms import anomaly_scores
from src.ml.anomaly_verdicts import Verdict
from src.ml.sensor_models.judged_past import JudgedPast
from src.sensors.events import Event
from src.sensors.reading_stream import Period, as_datetime

if TYPE_CHECKING:
    import pandas as pd

_CALM = 0.2
"""So long, as a share of an alarm's silence, readings have to be calm for a stretch to be over."""


@dataclass(frozen=True)
class AlarmStretch:
    """Readings that belong to one or more alarms: `started_at` belongs to it, `ended_at` no more.

    Attributes
    ----------
    alarms : int
        How many were raised.
    strength : float
        The strongest of its readings' smoothed scores.
    """

    started_at: datetime
    ended_at: datetime
    alarms: int
    strength: float


@dataclass(frozen=True)
class Happening:
    """A stretch of readings that raised alarms, one that somebody gave a verdict on, or both."""

    started_at: datetime
    ended_at: datetime
    stretch: AlarmStretch | None
    verdict: Verdict | None


@dataclass(frozen=True)
class AlarmHistory:
    """A detector's judgements, with all that their alarms can be held against.

    Attributes
    ----------
    past : JudgedPast
        What was said of the last readings, as it was said then.
    alarm_threshold : float
        The one in use.
    silence_rows : int
        How many readings an alarm silences.
    failures : tuple of Event
        Of the sensor's machine.
    verdicts : tuple of Verdict
        On this sensor, in the order of time.
    """

    past: JudgedPast
    alarm_threshold: float
    silence_rows: int
    failures: tuple[Event, ...] = ()
    verdicts: tuple[Verdict, ...] = ()

    def stretches(self) -> list[AlarmStretch]:
        """Return the alarms, those of one happening together, the newest first; see `alarm_stretches`."""
        return alarm_stretches(self.past, self.alarm_threshold, round(_CALM * self.silence_rows))

    def score_of(self, stretch: AlarmStretch) -> float:
        """Return a stretch's strongest score on the scale from 0 to 1, with the threshold in use."""
        return float(anomaly_scores(np.array(stretch.strength), self.alarm_threshold))

    def happenings(self, period: Period) -> list[Happening]:
        """Return the alarms with the verdict on each, and the verdicts where no alarm was, the newest first."""
        found = [
            Happening(one.started_at, one.ended_at, one, verdict_on(one.started_at, one.ended_at, self.verdicts))
            for one in self.stretches()
        ]
        beside = [one.verdict for one in found]
        found += [Happening(one.started_at, one.ended_at, None, one) for one in self.verdicts if one not in beside]
        touching = [one for one in found if one.started_at < period.end and one.ended_at > period.start]
        return sorted(touching, key=lambda one: one.started_at, reverse=True)


def alarm_stretches(past: JudgedPast, threshold: float, calm_rows: int) -> list[AlarmStretch]:
    """Put alarms together that belong to one happening.

    A stretch goes from its first reading at or above the threshold to its last one; fewer than `calm_rows` calm
    readings between them do not end it. One without an alarm, soon after another, is left out.

    Parameters
    ----------
    threshold : float
        Above 0. An alarm that was raised below it, with a threshold that was lower then, counts as well.

    Returns
    -------
    list of AlarmStretch
        The newest first.
    """
    with np.errstate(invalid="ignore"):  # strengths are NaN while learning and for a sensor fault
        places = np.flatnonzero((past.strengths >= threshold) & past.is_learnt | past.is_anomaly)
    parts = np.split(places, np.flatnonzero(np.diff(places) > max(calm_rows, 1)) + 1)
    return [_stretch(past, part) for part in reversed(parts) if past.is_anomaly[part].any()]


def scores_table(history: AlarmHistory, period: Period) -> pd.DataFrame:
    """Return what was said of each reading of a period.

    Returns
    -------
    DataFrame
        Columns ``timestamp`` (UTC), ``score`` (0 to 1 with the present threshold; NaN while learning and for a sensor
        fault), ``strength``, ``is_alarm``, ``is_learnt``, ``sensor_fault`` (why, or nothing).
    """
    import pandas as pd

    past = history.past
    frame = pd.DataFrame(
        {
            "timestamp": pd.DatetimeIndex(past.times).tz_localize("UTC"),
            "score": anomaly_scores(past.strengths, history.alarm_threshold),
            "strength": past.strengths,
            "is_alarm": past.is_anomaly,
            "is_learnt": past.is_learnt,
            "sensor_fault": [str(past.sensor_faults.get(time, "")) for time in past.times],
        }
    )
    return frame[(frame["timestamp"] >= period.start) & (frame["timestamp"] < period.end)]


def stretch_at(past: JudgedPast, first: int, last: int) -> tuple[datetime, datetime]:
    """Return when the readings from one place to another begin, and when they are over: as the next one comes."""
    times = past.times.astype(np.int64)
    step = int(np.median(np.diff(times[-500:]))) if len(times) > 1 else 60_000_000
    end = int(times[last]) + step
    if last + 1 < len(times):
        end = min(end, int(times[last + 1]))
    return as_datetime(int(times[first])), as_datetime(end)


def verdict_on(started_at: datetime, ended_at: datetime, verdicts: Sequence[Verdict]) -> Verdict | None:
    """Return the verdict that shares most time with a stretch; None where none touches it."""

    def shared(verdict: Verdict) -> float:
        return (min(ended_at, verdict.ended_at) - max(started_at, verdict.started_at)).total_seconds()

    most = max(verdicts, key=shared, default=None)
    return most if most is not None and shared(most) > 0 else None


def _stretch(past: JudgedPast, places: np.ndarray) -> AlarmStretch:
    started_at, ended_at = stretch_at(past, int(places[0]), int(places[-1]))
    return AlarmStretch(
        started_at, ended_at, int(past.is_anomaly[places].sum()), float(np.nanmax(past.strengths[places]))
    )
