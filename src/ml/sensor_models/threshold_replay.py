"""What another alarm threshold would have done: stored scores gone through again, nothing trained anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import numpy as np

from src.ml.anomalies.alarms import DEFAULT_THRESHOLD, WEEK, checked_rate, replay
from src.ml.anomaly_verdicts import Verdict, VerdictKind
from src.ml.sensor_models.alarm_history import AlarmHistory
from src.sensors.events import Event
from src.sensors.reading_stream import as_datetime

LEAD = timedelta(hours=24)
"""An alarm so long before a known fault, or during it, has caught it."""
_FALSE = (VerdictKind.FALSE, VerdictKind.PLANNED)
_LOWEST, _STEPS = 0.3, 60


class Outcome(StrEnum):
    """What an alarm turned out to be."""

    CAUGHT = "caught"
    FALSE = "false"
    SENSOR_FAULT = "sensor_fault"
    UNEXPLAINED = "unexplained"


@dataclass(frozen=True)
class KnownFault:
    """A failure of the machine, or what somebody called a real anomaly; `ended_at` is None where it goes on."""

    started_at: datetime
    ended_at: datetime | None

    def is_caught_at(self, time: datetime) -> bool:
        """Tell whether an alarm at that time catches it."""
        return self.started_at - LEAD <= time and (self.ended_at is None or time < self.ended_at)


@dataclass(frozen=True)
class ThresholdReplay:
    """The alarms that a threshold would have raised.

    Attributes
    ----------
    times : ndarray of datetime64[us], shape (n_alarms,)
        When, in UTC.
    strengths : ndarray of float, shape (n_alarms,)
    outcomes : tuple of Outcome, length n_alarms
    faults : tuple of KnownFault
        Those that could have been caught: judged readings lie in them or up to 24 hours before.
    is_caught : tuple of bool
        Which of them an alarm has caught.
    weeks : float
        How long the detector has watched: its judged readings, put end to end.
    """

    threshold: float
    times: np.ndarray
    strengths: np.ndarray
    outcomes: tuple[Outcome, ...]
    faults: tuple[KnownFault, ...]
    is_caught: tuple[bool, ...]
    weeks: float

    @property
    def alarms_per_week(self) -> float | None:
        """How many alarms there were a week; None where nothing was watched."""
        return len(self.times) / self.weeks if self.weeks else None

    @property
    def caught(self) -> int:
        """How many known faults were caught."""
        return sum(self.is_caught)

    def count(self, outcome: Outcome) -> int:
        """Return how many alarms turned out so."""
        return self.outcomes.count(outcome)


def replay_threshold(history: AlarmHistory, threshold: float) -> ThresholdReplay:
    """Go through a sensor's stored scores with some alarm threshold.

    Only readings count that the detector judged when it had learnt enough. A verdict decides what an alarm within it
    was; of the others, those that catch a known fault are right, and the rest is unexplained.

    Raises
    ------
    InvalidDetector
        The threshold is below 0.1.
    """
    times, strengths = _watched(history)
    alarms = np.flatnonzero(replay(strengths, threshold, history.silence_rows))
    moments = [as_datetime(time) for time in times[alarms].astype(np.int64).tolist()]
    faults = tuple(
        fault for fault in known_faults(history.failures, history.verdicts) if _is_within_reach(fault, times)
    )
    return ThresholdReplay(
        threshold=threshold,
        times=times[alarms],
        strengths=strengths[alarms],
        outcomes=tuple(_outcome(moment, faults, history.verdicts) for moment in moments),
        faults=faults,
        is_caught=tuple(any(fault.is_caught_at(moment) for moment in moments) for fault in faults),
        weeks=_weeks(times),
    )


def known_faults(failures: Sequence[Event], verdicts: Sequence[Verdict]) -> list[KnownFault]:
    """Return the failures and what was called a real anomaly, in the order of time; those that overlap are one."""
    spans = [(event.started_at, event.ended_at) for event in failures]
    spans += [(verdict.started_at, verdict.ended_at) for verdict in verdicts if verdict.kind == VerdictKind.REAL]
    found: list[KnownFault] = []
    for start, end in sorted(spans, key=lambda span: span[0]):
        last = found[-1] if found else None
        if last is None or (last.ended_at is not None and last.ended_at <= start):
            found.append(KnownFault(start, end))
        elif last.ended_at is not None:
            found[-1] = KnownFault(last.started_at, None if end is None else max(last.ended_at, end))
    return found


def thresholds_to_try(history: AlarmHistory) -> list[float]:
    """Return thresholds from one that nearly every reading reaches to one that none has reached, ascending.

    The threshold in use and the recipe's own are among them.
    """
    strengths = _watched(history)[1]
    highest = max(1.1 * float(strengths.max(initial=0.0)), 2 * history.alarm_threshold, 2 * DEFAULT_THRESHOLD)
    steps = np.round(np.geomspace(_LOWEST, highest, _STEPS), 2).tolist()
    return sorted({*steps, DEFAULT_THRESHOLD, history.alarm_threshold})


def threshold_for(history: AlarmHistory, alarms_per_week: float) -> float:
    """Return the lowest of the thresholds to try from which on there are never more alarms a week than that.

    The one in use where nothing has been judged yet. Raises InvalidDetector unless the number is above 0.
    """
    times, strengths = _watched(history)
    most = checked_rate(alarms_per_week) * _weeks(times)
    if not len(times):
        return history.alarm_threshold
    thresholds = thresholds_to_try(history)
    best = thresholds[-1]
    for threshold in reversed(thresholds):
        if replay(strengths, threshold, history.silence_rows).sum() > most:
            break
        best = threshold
    return best


def _watched(history: AlarmHistory) -> tuple[np.ndarray, np.ndarray]:
    past = history.past
    chosen = past.is_learnt & ~np.isnan(past.strengths)
    return past.times[chosen], past.strengths[chosen].astype(float)


def _weeks(times: np.ndarray) -> float:
    if len(times) < 2:
        return 0.0
    interval = np.timedelta64(int(np.median(np.diff(times).astype(np.int64))), "us")
    return float(len(times) * interval / WEEK)


def _is_within_reach(fault: KnownFault, times: np.ndarray) -> bool:
    place = int(np.searchsorted(times, np.datetime64((fault.started_at - LEAD).replace(tzinfo=None), "us")))
    return place < len(times) and fault.is_caught_at(as_datetime(int(times[place].astype(np.int64))))


def _outcome(moment: datetime, faults: Sequence[KnownFault], verdicts: Sequence[Verdict]) -> Outcome:
    said = next((one.kind for one in verdicts if one.started_at <= moment < one.ended_at), None)
    if said in _FALSE:
        return Outcome.FALSE
    if said == VerdictKind.SENSOR_FAULT:
        return Outcome.SENSOR_FAULT
    return Outcome.CAUGHT if any(fault.is_caught_at(moment) for fault in faults) else Outcome.UNEXPLAINED
