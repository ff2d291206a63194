"""One sensor, watched: first whether the sensor itself works, then whether what it measures is usual."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from src.errors import InvalidReadingValues
from src.ml.anomalies.alarms import DEFAULT_THRESHOLD
from src.ml.anomalies.detection import Detection, Detections
from src.ml.anomalies.faults import FaultRules, KnownLimits
from src.ml.anomalies.fitting import CONTAMINATION
from src.ml.anomalies.inputs import in_order, in_utc, is_usable
from src.ml.anomalies.online_detector import DEFAULT_TRAIN_ROWS, LEAST_ROWS, OnlineDetector
from src.notes import Note


class SensorWatch:
    """Judges readings in the order in which they come; what the rules call a sensor fault never reaches the detector.

    The whole of it can be pickled, and goes on from there.

    Parameters
    ----------
    detector : OnlineDetector, optional
    rules : FaultRules, optional
        Give them what is known of the sensor; without it they draw their limits from the readings.
    """

    def __init__(self, detector: OnlineDetector | None = None, rules: FaultRules | None = None) -> None:
        self.detector = detector or OnlineDetector()
        self.rules = rules or FaultRules()
        self._last: np.datetime64 | None = None

    @property
    def refit_due(self) -> bool:
        """Whether the next reading asks for a refit of the detector; `refit` does it at a better time."""
        return self.detector.refit_due

    def refit(self) -> None:
        """Fit the detector on the past as it is now."""
        self.detector.refit()

    def update(
        self, time: datetime | np.datetime64, value: float, quality: int = 0, *, refit: bool = True
    ) -> Detection:
        """Judge the next reading, and take it in; `OnlineDetector.update` says what else.

        Parameters
        ----------
        value : float
            NaN where there is none.
        quality : int
            Its quality code; only 0, good, reaches the detector.
        """
        at = in_order([in_utc(time)], [value], self._last)[0]
        self._last = at
        fault = self.rules.check(at, value, quality)
        if fault is None:
            return self.detector.update(at, value, refit=refit)
        when = at.item().replace(tzinfo=UTC)
        return Detection(when, float(value), None, 0.0, False, fault, fault, self.detector.remark)

    def score_batch(self, times: np.ndarray, values: np.ndarray, quality: np.ndarray | None = None) -> Detections:
        """Judge readings, in order, and take them in; each as if it had come alone, but sooner done.

        Parameters
        ----------
        times : ndarray of datetime64, shape (n,)
            UTC, ascending.
        values : ndarray of float, shape (n,)
            NaN where there is none.
        quality : ndarray of int, shape (n,), optional
            Quality codes; all good where not given.

        Raises
        ------
        InvalidReadingValues
            The times are out of order, or not as many as the values; then nothing is taken in.
        """
        values = np.asarray(values, dtype=float)
        times = in_order(times, values, self._last)
        codes = np.zeros(len(values), dtype=int) if quality is None else np.asarray(quality)
        rows = zip(times, values.tolist(), codes.tolist(), strict=True)
        faults = tuple(self.rules.check(*row) for row in rows)
        is_good = np.array([fault is None for fault in faults], dtype=bool)
        judged = self.detector.score_batch(times[is_good], values[is_good])
        self._last = times[-1] if len(times) else self._last
        return judged if is_good.all() else _with_faults(judged, times, values, is_good, faults)


def learn_sensor(
    times: np.ndarray,
    values: np.ndarray,
    quality: np.ndarray | None = None,
    *,
    known: KnownLimits | None = None,
    contamination: float = CONTAMINATION,
    alarm_threshold: float = DEFAULT_THRESHOLD,
    alarms_per_week: float | None = None,
    seed: int = 0,
) -> tuple[SensorWatch, Detections]:
    """Watch a sensor from now on, with what its history teaches: as much of it as there is, 30 good readings at least.

    Parameters
    ----------
    times, values, quality
        The history, as in `SensorWatch.score_batch`. Up to 750 good readings are all learnt from before the first
        alarm; of a longer history the rest is judged too, and in any case the newest, where there are 31 or more.
    known : KnownLimits, optional
        From the sensor's description.
    contamination, alarm_threshold, alarms_per_week, seed
        As in `OnlineDetector`.

    Returns
    -------
    SensorWatch, Detections
        The second is what it says of the history.

    Raises
    ------
    InvalidReadingValues
        There are fewer than 30 good readings that are no sensor faults, or the times are out of order.
    """
    values = np.asarray(values, dtype=float)
    good = is_usable(values) if quality is None else is_usable(values) & (np.asarray(quality) == 0)
    count = int(good.sum())
    if count < LEAST_ROWS:
        raise InvalidReadingValues(
            "{count} good readings are too few to learn from; at least {least} are needed.",
            count=count,
            least=LEAST_ROWS,
        )
    rows = min(max(count - 1, LEAST_ROWS), DEFAULT_TRAIN_ROWS)
    detector = OnlineDetector(
        rows,
        contamination=contamination,
        alarm_threshold=alarm_threshold,
        alarms_per_week=alarms_per_week,
        seed=seed,
    )
    watch = SensorWatch(detector, FaultRules(known))
    judged = watch.score_batch(times, values, quality)
    if detector.seen < LEAST_ROWS:
        raise InvalidReadingValues(
            "Of {count:,} good readings, {faults:,} are faults of the sensor, the last one for this reason: {reason} "
            "At least {least} without a fault are needed.",
            count=count,
            faults=count - detector.seen,
            reason=next(fault for fault in reversed(judged.sensor_faults) if fault is not None),
            least=LEAST_ROWS,
        )
    if watch.refit_due:
        watch.refit()
    return watch, judged


def _with_faults(
    judged: Detections, times: np.ndarray, values: np.ndarray, is_good: np.ndarray, faults: tuple[Note | None, ...]
) -> Detections:
    """Put the faulty readings between those that were judged."""

    def spread(column: np.ndarray, otherwise: float) -> np.ndarray:
        whole = np.full(len(values), otherwise, dtype=column.dtype)
        whole[is_good] = column
        return whole

    unknown = {name: spread(getattr(judged, name), np.nan) for name in ("strengths", "lows", "highs")}
    flags = {
        name: spread(getattr(judged, name), False) for name in ("is_anomaly", "is_silenced", "is_outside", "is_course")
    }
    scores = spread(judged.anomaly_scores, 0.0)
    return Detections(
        times=times,
        values=values,
        anomaly_scores=scores,
        sensor_faults=faults,
        remark=judged.remark,
        **unknown,
        **flags,
    )
