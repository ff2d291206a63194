"""The key figures of a forecast."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from src.dashboard.components.key_figures import key_figure
from src.dashboard.components.page import plain
from src.dashboard.locale import _, moment, percent, signed_percent, significant
from src.ml.sensor_models.forecast_report import BacktestReport, ForecastReport
from src.sensors.sensor_manager import Sensor


def show_key_figures(sensor: Sensor, report: ForecastReport) -> None:
    """Show where the forecast goes, and how far to believe it."""
    summary, row = report.summary, st.container(horizontal=True)
    key_figure(row, _("Lowest ahead"), with_unit(summary.minimum, sensor), moment(summary.minimum_at))
    key_figure(row, _("Highest ahead"), with_unit(summary.maximum, sensor), moment(summary.maximum_at))
    helped = _(
        "From the first hour to the last. The standard deviation of the forecast values is {volatility}."
    ).format(volatility=with_unit(summary.volatility, sensor))
    change = with_unit(summary.trend_change, sensor, sign=True)
    key_figure(row, _("Trend"), _trend_name(summary.trend_direction), change, help_=plain(helped))
    if report.backtest:
        _against_naive(row, report.backtest)
    helped = _("How much of what came lay within bands like these. As near to 80 and 95% as can be is best.")
    shares = " / ".join(percent(share, 0) for share in report.coverage)
    key_figure(row, _("Within the 80 / 95% band"), shares, help_=helped)


def _against_naive(row: DeltaGenerator, backtest: BacktestReport) -> None:
    helped = _(
        "Mean error over {windows} windows of the past against that of the seasonal naive, which says “as at this hour "
        "a day ago”. Less is better."
    ).format(windows=backtest.windows)
    label, share = _("Error against the naive"), backtest.improvement
    if backtest.model == "seasonal_naive":
        key_figure(row, label, "—", _("the naive itself"), "gray", helped)
    elif share > 0:
        key_figure(row, label, signed_percent(-share, 0), _("better"), "green", helped)
    else:
        key_figure(row, label, signed_percent(-share, 0), _("not better"), "orange", helped)


def with_unit(value: float, sensor: Sensor, *, sign: bool = False) -> str:
    """Write a value with the sensor's unit."""
    text = significant(value, 4)
    return f"{'+' if sign and value > 0 else ''}{text} {sensor.unit}".strip()


def _trend_name(direction: str) -> str:
    return {"increasing": _("rising"), "decreasing": _("falling")}.get(direction, _("stable"))
