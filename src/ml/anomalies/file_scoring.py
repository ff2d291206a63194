"""Scores for a file with the values of one sensor over time, in the order of their times, never looking ahead."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from src.errors import InvalidReadingValues
from src.ml.anomalies.detection import Detections, join
from src.ml.anomalies.faults import FaultRules
from src.ml.anomalies.online_detector import DEFAULT_TRAIN_ROWS, LEAST_ROWS, OnlineDetector
from src.ml.anomalies.sensor_watch import SensorWatch
from src.ml.table_writing import check_place, writing_table
from src.notes import Note
from src.sensors.series_file import Series, read_series
from src.tables.limits import TableLimits

COLUMNS = ("timestamp", "value", "score", "is_anomaly", "reason")
SEEDS = 3
"""Fits that the scores are averaged over; a file can wait a little longer than a sensor."""
_TRAIN_SHARE = 0.15
_ROWS_AT_ONCE = 2_000


@dataclass(frozen=True)
class FileScores:
    """What came of a file.

    Attributes
    ----------
    rows, anomalies, sensor_faults : int
    train_rows : int
        Readings that were learnt from before the first alarm.
    alarm_threshold : float
        The strength from which a reading raises an alarm, at the end of the file.
    notes : tuple of Note
        What was understood of the file, and what to keep in mind.
    """

    rows: int
    anomalies: int
    sensor_faults: int
    train_rows: int
    alarm_threshold: float
    notes: tuple[Note, ...]
    seconds: float


def score_file(
    path: Path,
    out: Path,
    *,
    train_rows: int | None = None,
    alarms_per_week: float | None = None,
    sensor_faults: bool = False,
    force: bool = False,
    limits: TableLimits | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> FileScores:
    """Score each row of a file and write it, with its score, to another.

    Parameters
    ----------
    path : Path
        CSV, CSV.gz or Parquet with a column of times and one of values.
    out : Path
        Its ending says the format. The columns are `timestamp` (UTC), `value`, `score` (0 to 1), `is_anomaly` and
        `reason` (empty where there is nothing to say). The score is 0.6 or more exactly where `is_anomaly` is true;
        while an alarm silences others it is halved.
    train_rows : int, optional
        How many readings to learn from before the first alarm; 15 % of the file where not given, from 30 to 750.
    alarms_per_week : float, optional
        Wanted number of alarms; the recipe's threshold where not given.
    sensor_faults : bool
        Whether to call flat lines, impossible rates and unit shifts faults of the sensor rather than anomalies. Of a
        sensor about which nothing is known, that is a guess.
    force : bool
        Whether to replace `out` where it is there.
    on_progress : callable, optional
        Called with the share that is done.

    Raises
    ------
    InvalidTable, InvalidReadings
        The file cannot be read, as in `read_series`.
    InvalidReadingValues
        It has fewer than 30 times.
    InvalidDetector
        A parameter is out of its range.
    FileNotWritten
        `out` cannot be written.
    """
    started = time.monotonic()
    check_place(out, force=force)
    series = read_series(path, limits)
    if len(series) < LEAST_ROWS:
        raise InvalidReadingValues(
            "{name!r} has {count} times with values; at least {least} are needed.",
            name=path.name,
            count=len(series),
            least=LEAST_ROWS,
        )
    rows = train_rows if train_rows is not None else default_train_rows(len(series))
    detector = OnlineDetector(rows, alarms_per_week=alarms_per_week, seeds=SEEDS)
    watch = SensorWatch(detector, FaultRules(from_readings=sensor_faults))
    detections = _watched(watch, series, on_progress or (lambda _: None))
    _write(out, detections, np.sort(series.file_places))
    return FileScores(
        rows=len(series.file_places),
        anomalies=int(detections.is_anomaly.sum()),
        sensor_faults=sum(fault is not None for fault in detections.sensor_faults),
        train_rows=rows,
        alarm_threshold=detector.alarm_threshold,
        notes=(*series.notes, *([detector.remark] if detector.remark else [])),
        seconds=time.monotonic() - started,
    )


def default_train_rows(count: int) -> int:
    """Return how many of so many readings are for learning: 15 %, from 30 to 750."""
    return max(min(int(_TRAIN_SHARE * count), DEFAULT_TRAIN_ROWS), LEAST_ROWS)


def _watched(watch: SensorWatch, series: Series, tell: Callable[[float], None]) -> Detections:
    parts = []
    for start in range(0, len(series), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        parts.append(watch.score_batch(series.times[rows], series.values[rows]))
        tell(min(rows.stop / len(series), 1.0))
    return join(parts, watch.detector.remark)


def _write(out: Path, detections: Detections, places: np.ndarray) -> None:
    """Write one row a row of the file; rows of the same time have the same score."""
    scores = np.where(detections.is_silenced, detections.anomaly_scores / 2, detections.anomaly_scores)
    is_whole = not (detections.times.astype(np.int64) % 1_000_000).any()
    columns = (
        pa.array(detections.times).cast(pa.timestamp("s" if is_whole else "us", "UTC")),
        pa.array(detections.values, mask=np.isnan(detections.values)),
        pa.array(scores),
        pa.array(detections.is_anomaly),
        pa.array([str(detections.reason(place) or "") for place in range(len(detections))]),
    )
    with writing_table(out, COLUMNS) as table:
        table.write([column.take(pa.array(places)) for column in columns])
