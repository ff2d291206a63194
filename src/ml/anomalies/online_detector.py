"""Anomalies in a stream of readings: Isolation Forest and Local Outlier Factor, strictly online.

Each reading is judged by what came before it, and by nothing else: features of the recent past, detectors fitted on the
past, scores held against past scores of readings that the fit had not seen, smoothed, and one alarm a happening.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np

from src.errors import InvalidDetector, InvalidReadingValues
from src.ml.anomalies.alarms import (
    DEFAULT_THRESHOLD,
    AlarmRate,
    Silence,
    anomaly_scores,
    checked_rate,
    checked_threshold,
)
from src.ml.anomalies.calibration import PastRange, RunningCalibration, Smoothing
from src.ml.anomalies.detection import Detection, Detections, join
from src.ml.anomalies.fitting import CONTAMINATION, DETECTORS_A_FIT, FittedDetectors, fit_detectors
from src.ml.anomalies.inputs import checked_contamination, in_order, in_utc, refuse_unusable
from src.ml.anomalies.past_sample import PastSample
from src.ml.anomalies.views import features
from src.notes import Note

LEAST_ROWS = 30
"""So many readings are enough to start."""
ENOUGH_ROWS = 168
"""From so many on, nothing is said about there being few."""
DEFAULT_TRAIN_ROWS = 750
WINDOW = 0.08
"""The recent past of a reading, as a share of the training rows."""
SILENCE = 0.2
"""How long an alarm silences others, as a share of the training rows."""
MOST_FITTED_ROWS = 4_000
BEYOND = 0.05
"""Outside the past range by more than this share of it, a value is outside for certain."""
BOOST = 1.0
"""What a value outside the past range is given on top of its score."""


class OnlineDetector:
    """Judges readings in the order in which they come; its state can be pickled.

    Refits are due after half of the training rows, after all of them, and then every so many again. Alarms are raised
    once the training rows are over. It does not matter whether readings come one by one or many at once.

    Parameters
    ----------
    train_rows : int
        How many readings to learn from before the first alarm, at least 30; windows and silences are shares of it.
    contamination : float
        Expected share of unusual readings, 0.01 to 0.5: what is left without them tells the usual spread.
    alarm_threshold : float
        From which smoothed score on a reading raises an alarm.
    alarms_per_week : float, optional
        Wanted number of alarms; then the threshold follows from past scores, anew at each refit.
    seeds : int
        Over how many differently seeded fits the scores are averaged: steadier, and so many times the cost.
    seed : int
        Another number, other random trees.

    Raises
    ------
    InvalidDetector
        A parameter is out of its range.
    """

    def __init__(
        self,
        train_rows: int = DEFAULT_TRAIN_ROWS,
        *,
        contamination: float = CONTAMINATION,
        alarm_threshold: float = DEFAULT_THRESHOLD,
        alarms_per_week: float | None = None,
        seeds: int = 1,
        seed: int = 0,
    ) -> None:
        if train_rows < LEAST_ROWS:
            raise InvalidDetector(
                "{rows} training rows are too few; at least {least} are needed.", rows=train_rows, least=LEAST_ROWS
            )
        if seeds < 1:
            raise InvalidDetector("The detector is to have {seeds} seeds. Give 1 or more.", seeds=seeds)
        self.train_rows = int(train_rows)
        self.silence_rows = round(SILENCE * train_rows)
        self._window = max(round(WINDOW * train_rows), 2)
        self._seeds, self._seed = seeds, seed
        self.contamination = checked_contamination(contamination)
        self._threshold = checked_threshold(alarm_threshold)
        self._alarms_per_week = None if alarms_per_week is None else checked_rate(alarms_per_week)
        self._fits: tuple[FittedDetectors, ...] = ()
        self._next_fit = self.train_rows // 2
        self._seen = 0
        self._times: tuple[np.datetime64, np.datetime64] | None = None  # the first and the last
        self._tail = np.empty(0)
        self._past = PastSample(3, MOST_FITTED_ROWS, seed)
        self._range = PastRange()
        self._calibration = RunningCalibration(DETECTORS_A_FIT * seeds)
        self._smoothing = Smoothing()
        self._silence = Silence(self.silence_rows)
        self._rate = AlarmRate(self.silence_rows)

    @property
    def seen(self) -> int:
        """How many readings it has taken in."""
        return self._seen

    @property
    def is_learning(self) -> bool:
        """Whether the training rows are not over, so that nothing is an alarm."""
        return self._seen < self.train_rows

    @property
    def refit_due(self) -> bool:
        """Whether the next reading asks for a fit on what came since the last; `refit` does it at a better time."""
        return self._seen >= self._next_fit

    @property
    def alarm_threshold(self) -> float:
        """From which strength on a reading raises an alarm."""
        return self._threshold

    @property
    def alarms_per_week(self) -> float | None:
        """The wanted number of alarms, where the threshold follows from one."""
        return self._alarms_per_week

    @property
    def last_time(self) -> datetime | None:
        """When the last reading was that it took in."""
        return None if self._times is None else self._times[1].item().replace(tzinfo=UTC)

    @property
    def usual(self) -> tuple[float, float]:
        """Mean and standard deviation of the readings it has seen, of an even sample where there were many."""
        values = self._past.rows()[:, 0]
        return float(values.mean()), float(values.std())

    @property
    def seen_range(self) -> tuple[float, float]:
        """The lowest and the highest reading it has seen."""
        return self._range.low, self._range.high

    @property
    def remark(self) -> Note | None:
        """What to keep in mind about its answers, if anything."""
        if self.is_learning:
            rows = {"seen": self._seen, "rows": self.train_rows}
            return Note("It has seen {seen:,} of the {rows:,} readings from which it learns what is usual.", rows)
        if self.train_rows < ENOUGH_ROWS:
            rows = {"rows": self.train_rows, "enough": ENOUGH_ROWS}
            return Note("It started from {rows:,} readings only; with {enough:,} or more it judges better.", rows)
        return None

    def set_alarm_threshold(self, threshold: float) -> None:
        """Raise alarms from this strength on, whatever their number; InvalidDetector where it is below 0.1."""
        self._threshold, self._alarms_per_week = checked_threshold(threshold), None

    def set_alarms_per_week(self, alarms_per_week: float) -> None:
        """Set the threshold that would have given so many alarms in the past; InvalidDetector unless above 0."""
        self._alarms_per_week = checked_rate(alarms_per_week)
        self._follow_rate()

    def update(self, time: datetime | np.datetime64, value: float, *, refit: bool = True) -> Detection:
        """Judge the next reading, and take it in.

        Parameters
        ----------
        time : datetime or datetime64
            Later than the one before; UTC-aware, or a datetime64, which is UTC.
        refit : bool
            Whether a refit that is due is done first (some 20 ms for each seed). Where not, the earlier fit serves.

        Raises
        ------
        InvalidReadingValues
            The value is no finite number, or the time is not after the last one, or without a zone.
        """
        times, values = self._checked([in_utc(time)], [value])
        if refit and self.refit_due:
            self.refit()
        return self._judge(times, values)[0]

    def score_batch(self, times: np.ndarray, values: np.ndarray) -> Detections:
        """Judge readings, in order, and take them in; each as if it had come alone, but sooner done.

        Parameters
        ----------
        times : ndarray of datetime64, shape (n,)
            UTC, ascending, all later than those before.
        values : ndarray of float, shape (n,)
            Finite.

        Raises
        ------
        InvalidReadingValues
            Something about them is otherwise; then none is taken in.
        """
        times, values = self._checked(times, values)
        parts: list[Detections] = []
        while len(values) or not parts:
            if self.refit_due:
                self.refit()
            block = self._next_fit - self._seen
            parts.append(self._judge(times[:block], values[:block]))
            times, values = times[block:], values[block:]
        return join(parts, self.remark)

    def refit(self) -> None:
        """Fit the detectors on the past as it is now; InvalidReadingValues where there is too little."""
        rows = self._past.rows()
        if len(rows) < LEAST_ROWS // 2:
            raise InvalidReadingValues(
                "{count:,} readings are too few to fit the detectors; at least {least} are needed.",
                count=len(rows),
                least=LEAST_ROWS // 2,
            )
        generators = [np.random.default_rng([self._seed, number, self._seen]) for number in range(self._seeds)]
        self._fits = tuple(fit_detectors(rows, rng, contamination=self.contamination) for rng in generators)
        rounds = self._seen // self.train_rows
        self._next_fit = (rounds + 1) * self.train_rows
        self._follow_rate()

    def _follow_rate(self) -> None:
        if self._alarms_per_week is not None and self._times is not None and self._seen > 1:
            interval = (self._times[1] - self._times[0]) / (self._seen - 1)
            self._threshold = self._rate.threshold(self._alarms_per_week, interval)

    def _judge(self, times: np.ndarray, values: np.ndarray) -> Detections:
        """Judge a block that no refit interrupts."""
        rows = features(np.concatenate([self._tail, values]), self._window, start=len(self._tail))
        lows, highs = self._range.before(values)
        beyond = BEYOND * (highs - lows)
        is_outside = np.isfinite(lows) & ((values > highs + beyond) | (values < lows - beyond))
        strengths, is_course = self._strengths(rows, is_outside)
        strengths[: max(self.train_rows - self._seen, 0)] = np.nan
        alarms, silenced = self._silence.hear(np.where(np.isnan(strengths), -np.inf, strengths), self._threshold)
        self._past.add(rows)
        self._tail = np.concatenate([self._tail, values])[-self._window + 1 :]
        self._seen += len(values)
        if len(times):
            self._times = (times[0] if self._times is None else self._times[0], times[-1])
        return Detections(
            times=times,
            values=values,
            strengths=strengths,
            anomaly_scores=np.where(np.isnan(strengths), 0.0, anomaly_scores(strengths, self._threshold)),
            is_anomaly=alarms,
            is_silenced=silenced,
            lows=lows,
            highs=highs,
            is_outside=is_outside,
            is_course=is_course,
            sensor_faults=(None,) * len(values),
            remark=self.remark,
        )

    def _strengths(self, rows: np.ndarray, is_outside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Smoothed scores, and whether the view of the recent past has the larger share in them."""
        if not self._fits or not len(rows):
            return np.full(len(rows), np.nan), np.zeros(len(rows), dtype=bool)
        scores = np.hstack([fit.log_scores(rows) for fit in self._fits])
        scores = self._calibration.standardise(scores)
        strengths = self._smoothing.smooth(scores.mean(axis=1)) + BOOST * is_outside
        self._rate.add(strengths)
        return strengths, scores[:, 1::2].mean(axis=1) > scores[:, ::2].mean(axis=1)

    def _checked(self, times: Any, values: Any) -> tuple[np.ndarray, np.ndarray]:
        values = np.asarray(values, dtype=float)
        times = in_order(times, values, None if self._times is None else self._times[1])
        refuse_unusable(values)
        return times, values
