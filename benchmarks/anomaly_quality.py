"""Do the detectors find what was found to be a failure? Two real temperatures, in the order of their times.

Run: ``FAROL_REAL_DATA=… python -m benchmarks.anomaly_quality``. Wanted: the windows that the online recipe is known to
hit (3 of 4 on the machine, 2 of 2 on the ambient temperature) with at most 0.5 false alarms a week. Beside it the
plain method of requirement document 001: both detectors fitted once on the values of the training rows, its alarms as
they come and with the same silence after each. Training rows are 15 %, at most 750. An alarm outside every window is
false; the delay is from the start of a window (its middle is where the failure was noted) to the first alarm in it.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from src.ml.anomalies.alarms import WEEK, replay
from src.ml.anomalies.file_scoring import SEEDS, default_train_rows
from src.ml.anomalies.online_detector import OnlineDetector
from src.ml.anomaly_detector import create_anomaly_detector
from src.sensors.series_file import Series, read_series

WANTED = {"ambient_temperature_system_failure.csv": 2, "machine_temperature_system_failure.csv": 3}
MOST_FALSE_ALARMS_A_WEEK = 0.5
HOUR = np.timedelta64(1, "h")


@dataclass(frozen=True)
class Outcome:
    """What a method's alarms are worth on one file; delays in hours, None for a window without an alarm."""

    delays: list[float | None]
    false_alarms_a_week: float
    milliseconds_a_thousand: float

    @property
    def hits(self) -> int:
        return sum(delay is not None for delay in self.delays)


def main() -> int:
    """Measure and print; 1 if a limit is not met."""
    place = os.environ.get("FAROL_REAL_DATA")
    if not place:
        print("FAROL_REAL_DATA names no folder of real data: nothing is measured.")
        return 0
    folder = Path(place) / "nab"
    windows = json.loads((folder / "windows.json").read_text())
    met = [_measure(folder / name, np.array(windows[name], "datetime64[us]"), WANTED[name]) for name in sorted(WANTED)]
    return int(not all(met))


def _measure(file: Path, windows: np.ndarray, wanted: int) -> bool:
    series = read_series(file)
    rows = default_train_rows(len(series))
    after = int((windows[:, 1] >= series.times[rows]).sum())
    print(
        f"{file.name}: {len(series):,} readings, {rows} for learning, {len(windows)} windows, {after} of them after it"
    )
    print(f"  {'':<44}{'windows':>8}{'false/week':>12}{'ms/1,000':>10}   hours to the first alarm")
    online = []
    for seeds in (1, SEEDS):
        outcome = _online(series, windows, rows, seeds)
        online.append(outcome)
        _say(f"online, mean of {seeds}" if seeds > 1 else "online", outcome)
    alarms, cost = _plain(series, rows)
    _say("plain, every alarm", _outcome(series, windows, rows, alarms, cost))
    quiet = replay(alarms.astype(float), 0.5, OnlineDetector(rows).silence_rows)
    _say("plain, with silence after an alarm", _outcome(series, windows, rows, quiet, cost))
    return all(o.hits >= wanted and o.false_alarms_a_week <= MOST_FALSE_ALARMS_A_WEEK for o in online)


def _online(series: Series, windows: np.ndarray, rows: int, seeds: int) -> Outcome:
    started = time.perf_counter()
    detections = OnlineDetector(rows, seeds=seeds).score_batch(series.times, series.values)
    return _outcome(series, windows, rows, detections.is_anomaly, time.perf_counter() - started)


def _plain(series: Series, rows: int) -> tuple[np.ndarray, float]:
    started = time.perf_counter()
    predictions, _ = create_anomaly_detector().fit(series.values[:rows]).detect_ensemble(series.values)
    seconds = time.perf_counter() - started
    return (predictions == -1) & (np.arange(len(series)) >= rows), seconds


def _outcome(series: Series, windows: np.ndarray, rows: int, alarms: np.ndarray, seconds: float) -> Outcome:
    at = series.times[alarms]
    is_in = [(at >= start) & (at <= end) for start, end in windows]
    delays = [
        float((at[there][0] - start) / HOUR) if there.any() else None
        for there, (start, _) in zip(is_in, windows, strict=True)
    ]
    false = int((~np.any(is_in, axis=0)).sum())
    weeks = (series.times[-1] - series.times[rows]) / WEEK
    return Outcome(delays, false / weeks, 1e6 * seconds / len(series))


def _say(method: str, outcome: Outcome) -> None:
    delays = ", ".join("—" if delay is None else f"{delay:.0f}" for delay in outcome.delays)
    figures = f"{outcome.hits:>8}{outcome.false_alarms_a_week:>12.2f}{outcome.milliseconds_a_thousand:>10.0f}"
    print(f"  {method:<44}{figures}   {delays}")


if __name__ == "__main__":
    sys.exit(main())
