"""Forecasts of a user's own file, and files of forecasts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from src.ml.forecaster import create_forecaster
from src.ml.table_writing import writing_table
from src.notes import Note
from src.sensors.series_file import read_series
from src.tables.limits import TableLimits

COLUMNS = ("timestamp", "forecast", "lower_80", "upper_80", "lower_95", "upper_95", "model")
_WINDOWS, _WINDOWS_OF_SLOW = 8, 2


@dataclass(frozen=True)
class FileForecast:
    """What comes after the values of a file.

    Attributes
    ----------
    forecast : dict
        As from `TimeSeriesForecaster.forecast`.
    backtest : dict
        As from `TimeSeriesForecaster.backtest`.
    notes : tuple of Note
        How the file was understood.
    """

    forecast: dict[str, Any]
    backtest: dict[str, Any]
    notes: tuple[Note, ...]


def forecast_file(path: Path, periods: int, model: str = "auto", limits: TableLimits | None = None) -> FileForecast:
    """Forecast the values of a file, and try the model on the file's past.

    Parameters
    ----------
    path : Path
        CSV, CSV.gz or Parquet with a column of times and one of values.
    periods : int
        Steps of the file's frequency.
    model : str
        As in `src.ml.forecaster.create_forecaster`.
    limits : TableLimits, optional

    Raises
    ------
    InvalidTable, InvalidSeries
        The file cannot be read, or nothing can be learned from it.
    InvalidForecast
        There is no such model, or so many steps cannot be forecast.
    """
    forecaster = create_forecaster(model, daily_seasonality=True, horizon=periods)
    series = read_series(path, limits)
    forecaster.fit(series.times, series.values)
    backtest = forecaster.backtest(windows=_WINDOWS_OF_SLOW if model == "auto_arima" else _WINDOWS)
    return FileForecast(forecaster.forecast(periods), backtest, series.notes)


def write_forecast(forecast: dict[str, Any], out: Path) -> None:
    """Write a forecast as a table, a row a step, with the columns of `COLUMNS`.

    Raises
    ------
    FileNotWritten
        The file cannot be written.
    """
    moments = forecast["timestamps"]
    unit = "us" if any(moment.microsecond for moment in moments) else "s"
    columns = [
        pa.array(moments, pa.timestamp(unit, "UTC")),
        pa.array(forecast["forecasted_values"], pa.float64()),
        *(pa.array(forecast[name], pa.float64()) for name in COLUMNS[2:-1]),
        pa.array([forecast["model"]] * len(moments), pa.string()),
    ]
    with writing_table(out, COLUMNS) as table:
        table.write(columns)
