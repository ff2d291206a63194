"""A forecast hour by hour, as a table."""

from __future__ import annotations

from dataclasses import asdict

import pandas as pd

from src.dashboard.components.tables import show_table
from src.dashboard.locale import _, decimals, moment, score
from src.ml.sensor_models.forecast_report import ForecastReport
from src.sensors.sensor_manager import Sensor

_DIGITS, _SMALLEST = 4, 1e-6


def show_steps(sensor: Sensor, report: ForecastReport) -> None:
    """Show a row an hour, to be downloaded too."""
    raw = pd.DataFrame(asdict(report.steps)).rename(columns={"times": "time", "values": "forecast"})
    alt = _("Forecast of {sensor}, hour by hour").format(sensor=sensor.display_name)
    show_table(raw, "values", alt, file_name="forecast", formatted=lambda rows: _formatted(rows, sensor), rows=48)


def _formatted(rows: pd.DataFrame, sensor: Sensor) -> pd.DataFrame:
    unit = f" ({sensor.unit})" if sensor.unit else ""
    places = decimals(max(rows["forecast"].abs().max(), _SMALLEST), _DIGITS)
    return pd.DataFrame(
        {
            _("Hour that begins"): [moment(time) for time in rows["time"]],
            _("Forecast mean") + unit: [score(value, places) for value in rows["forecast"]],
            _("80% band"): _bands(rows, "80", places),
            _("95% band"): _bands(rows, "95", places),
        }
    )


def _bands(rows: pd.DataFrame, level: str, places: int) -> list[str]:
    return [
        f"{score(low, places)} – {score(high, places)}"
        for low, high in zip(rows[f"low_{level}"], rows[f"high_{level}"], strict=True)
    ]
