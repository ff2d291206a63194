"""Accuracy of every model on hourly series of the M4 competition, beside the published figures.

    FAROL_REAL_DATA=/data python -m benchmarks.forecast_accuracy [--models auto,prophet] [--arima-series 0]

The folder holds `m4_hourly/`, in which the last 48 values of each series are the test part. MASE and sMAPE are those of
the competition (a season of 24), coverage is the share of the test values within the interval, and the time is that of
one series on one core: reading the values in, fitting, calibrating the intervals, forecasting.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

os.environ.setdefault("OMP_NUM_THREADS", "1")

from src.evaluation.forecast_metrics import coverage, forecast_metrics
from src.ml.forecaster import create_forecaster
from src.ml.forecasting.ensemble import MedianEnsemble
from src.ml.forecasting.models import MODEL_NAMES
from src.ml.forecasting.regular_series import make_regular

HORIZON, SEASON = 48, 24
START = datetime(2015, 7, 1, tzinfo=UTC)
PUBLISHED = {"seasonal naive, published (414 series)": 1.193, "best entry, published (414 series)": 0.801}
WANTED_MASE, WANTED_MS = 0.78, 50.0
ALWAYS = "auto, but never the naive"
DAILY = "prophet with its daily season"
"""Prophet's own default; the interface's is without."""


@dataclass(frozen=True)
class Result:
    """One model on one series."""

    mase: float
    smape: float
    coverage_80: float
    coverage_95: float
    seconds: float
    serving: str


def main() -> None:
    """Run the models one after another, and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--models", default=",".join([DAILY, *(name for name in MODEL_NAMES if name != "auto_arima")]))
    parser.add_argument("--arima-series", type=int, default=0, help="series for AutoARIMA, a minute or two each")
    arguments = parser.parse_args()
    folder = os.environ.get("FAROL_REAL_DATA")
    if not folder:
        print("FAROL_REAL_DATA names no folder of real data: skipped")
        return
    series = dict(_series(Path(folder)))
    print(f"{len(series)} series, {HORIZON} steps ahead")
    print(f"{'':40} {'MASE':>6} {'sMAPE':>6} {'80 %':>6} {'95 %':>6} {'ms/series':>10}")
    for name, mase in PUBLISHED.items():
        print(f"{name:40} {mase:6.3f}")
    for name in arguments.models.split(","):
        _print_row(name, _run(name, series))
        if name == "auto":
            print(f"{ALWAYS:40} {_mase_of_median(series):6.3f}")
    if arguments.arima_series:
        chosen = dict(list(series.items())[: arguments.arima_series])
        _print_row(f"auto_arima ({len(chosen)} series)", _run("auto_arima", chosen))


def _series(folder: Path) -> Iterator[tuple[str, tuple[np.ndarray, np.ndarray]]]:
    table = pd.read_csv(next((folder / "m4_hourly").glob("*.csv")))
    for name, rows in table.sort_values(["series", "step"]).groupby("series"):
        is_test = (rows["split"] == "test").to_numpy()
        values = rows["value"].to_numpy(float)
        yield str(name), (values[~is_test], values[is_test])


def _run(name: str, series: dict[str, tuple[np.ndarray, np.ndarray]]) -> list[Result]:
    _one(name, *next(iter(series.values())))  # imports and compiling are not counted
    return [_one(name, training, test) for training, test in series.values()]


def _one(name: str, training: np.ndarray, test: np.ndarray) -> Result:
    times = _times(training)
    started = time.perf_counter()
    model, daily = ("prophet", True) if name == DAILY else (name, False)
    forecaster = create_forecaster(model, daily_seasonality=daily, horizon=HORIZON).fit(times, training)
    forecast = forecaster.forecast(HORIZON)
    seconds = time.perf_counter() - started
    scores = forecast_metrics(test, np.array(forecast["forecasted_values"]), training, SEASON)
    held = [coverage(test, *(np.array(forecast[f"{end}_{level}"]) for end in ("lower", "upper"))) for level in (80, 95)]
    return Result(scores["mase"], scores["smape"], *held, seconds, forecast["model"])


def _times(training: np.ndarray) -> list[datetime]:
    return [START + timedelta(hours=hour) for hour in range(len(training))]


def _mase_of_median(series: dict[str, tuple[np.ndarray, np.ndarray]]) -> float:
    """What the gate costs or gains: the same without it."""
    found = []
    for training, test in series.values():
        model = MedianEnsemble()
        model.fit(make_regular(_times(training), training))
        found.append(forecast_metrics(test, model.predict(HORIZON), training, SEASON)["mase"])
    return float(np.mean(found))


def _print_row(name: str, results: list[Result]) -> None:
    means = {
        key: np.mean([getattr(result, key) for result in results]) for key in Result.__annotations__ if key != "serving"
    }
    milliseconds = 1000 * means["seconds"]
    remark = ""
    if name == "auto":
        met = means["mase"] <= WANTED_MASE and milliseconds <= WANTED_MS
        naive = sum(result.serving != "auto" for result in results)
        remark = (
            f"  wanted {WANTED_MASE}, {WANTED_MS:.0f} ms: {'met' if met else 'MISSED'}; the naive serves {naive} times"
        )
    print(
        f"{name:40} {means['mase']:6.3f} {means['smape']:6.2f} {means['coverage_80']:6.1%} {means['coverage_95']:6.1%} "
        f"{milliseconds:10.1f}{remark}",
        flush=True,
    )


if __name__ == "__main__":
    main()
