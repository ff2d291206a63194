"""`python -m src forecast`: what comes after the values of a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from src.cli.terminal_text import plain, time_said
from src.config import get_settings

if TYPE_CHECKING:
    from src.ml.forecast_file import FileForecast

_SHOWN = 12


def forecast(
    file: Annotated[Path, typer.Argument(help="Times and values of one sensor: CSV, CSV.gz or Parquet.")],
    horizon: Annotated[int, typer.Option(help="Steps to forecast, of the distance that the file's times have.")],
    model: Annotated[
        str,
        typer.Option(help="auto, prophet, seasonal_naive, auto_ets, auto_theta, mstl, or auto_arima (minutes)."),
    ] = "auto",
    out: Annotated[Path | None, typer.Option(help="Write the forecast here: .csv, .csv.gz or .parquet.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the output if it is there.")] = False,
) -> None:
    """Forecast the values of a file, with intervals that hold 80 and 95% of what comes.

    The file has a column `timestamp` and a column `value`; at least 50 values, in steps as equal as readings are. The
    model is tried on the file's own past against the seasonal naive, which repeats the last day (or week, or year).

    Example: `python -m src forecast readings.csv --horizon 48 --out readings_forecast.csv`
    """
    from src.ml.forecast_file import forecast_file, write_forecast
    from src.ml.table_writing import check_place
    from src.tables.limits import TableLimits

    console = Console(stderr=True)
    if out is not None:
        check_place(out, force=force)
    with console.status("Forecasting"):
        found = forecast_file(file, horizon, model, TableLimits.from_settings(get_settings()))
    Console().print(_table(found.forecast))
    _say(console, found)
    if out is not None:
        write_forecast(found.forecast, out)
        console.print(f"Written to {plain(str(out))}.", highlight=False, soft_wrap=True)


def _table(forecast: dict[str, Any]) -> Table:
    """The first and the last steps."""
    table = Table("time (UTC)", title=f"Forecast of {forecast['model']}")
    for heading in ("forecast", "80% from", "to", "95% from", "to"):
        table.add_column(heading, justify="right")
    names = ("forecasted_values", "lower_80", "upper_80", "lower_95", "upper_95")
    count = len(forecast["timestamps"])
    for step in range(count):
        if count <= _SHOWN or step < _SHOWN // 2 or step >= count - _SHOWN // 2:
            values = (f"{forecast[name][step]:,.6g}" for name in names)
            table.add_row(time_said(forecast["timestamps"][step]), *values)
        elif step == _SHOWN // 2:
            table.add_row("…")
    return table


def _say(console: Console, found: FileForecast) -> None:
    tried = found.backtest
    for note in (*found.notes, *found.forecast["remarks"]):
        if note != tried["verdict"]:
            console.print(f"[dim]{plain(str(note))}[/]", highlight=False, soft_wrap=True)
    held = [f"{tried[name]:.0%}" for name in ("coverage_80", "coverage_95") if tried[name] is not None]
    console.print(plain(str(tried["verdict"])), highlight=False, soft_wrap=True)
    console.print(
        f"Mean error {tried['mae']:,.4g}, of the seasonal naive {tried['naive_mae']:,.4g}, {tried['horizon']} steps "
        f"ahead; the intervals of 80 and 95% held {' and '.join(held) or 'too little to say'}.",
        highlight=False,
        soft_wrap=True,
    )
