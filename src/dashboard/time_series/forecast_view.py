"""A forecast as the page shows it: limits, key figures, the chart, and one view of what it rests on at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Literal

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from src.dashboard.components import charts
from src.dashboard.components.choices import choose_view
from src.dashboard.components.page import plain, provenance
from src.dashboard.components.tables import show_table
from src.dashboard.locale import _, duration, moment, percent, significant, translated
from src.dashboard.time_series import forecast_charts
from src.dashboard.time_series.accuracy_view import show_accuracy
from src.dashboard.time_series.forecast_choices import model_name, with_model_name
from src.dashboard.time_series.forecast_quality_view import show_backtest, show_metrics
from src.dashboard.time_series.limits_view import limit_name, show_crossings
from src.ml.sensor_models.forecast_report import BacktestReport, Components, ForecastReport
from src.sensors.sensor_fields import LIMITS
from src.sensors.sensor_manager import Sensor

STALE = timedelta(hours=3)
"""Hours that are over have a mean; when the newest is older than this, the sensor is silent."""


def show_forecast(sensor: Sensor, report: ForecastReport, components: Callable[[], Components]) -> None:
    """Show a forecast.

    Parameters
    ----------
    components : callable
        Gives trend and seasons, which may take a moment: asked for only when they are looked at.
    """
    show_crossings(sensor, report)
    _key_figures(sensor, report)
    _chart(sensor, report)
    views = {
        "metrics": _("Quality"),
        "backtest": _("Backtest"),
        "components": _("Components"),
        "issued": _("Past forecasts"),
        "values": _("Table and CSV"),
    }
    view = choose_view(views)
    if view == "metrics":
        show_metrics(report, sensor.unit)
    elif view == "backtest":
        show_backtest(report, sensor.unit)
    elif view == "components":
        with st.spinner(_("Taking the history apart…")):  # the library for it takes a second to import
            parts = components()
        _components(parts, sensor)
    elif view == "issued":
        show_accuracy(sensor)
    else:
        _values(sensor, report)


def _key_figures(sensor: Sensor, report: ForecastReport) -> None:
    summary, row = report.summary, st.container(horizontal=True)
    _figure(row, _("Lowest ahead"), _with_unit(summary.minimum, sensor), moment(summary.minimum_at))
    _figure(row, _("Highest ahead"), _with_unit(summary.maximum, sensor), moment(summary.maximum_at))
    helped = _(
        "From the first hour to the last. The standard deviation of the forecast values is {volatility}."
    ).format(volatility=_with_unit(summary.volatility, sensor))
    change = _with_unit(summary.trend_change, sensor, sign=True)
    _figure(row, _("Trend"), _trend_name(summary.trend_direction), change, help_=plain(helped))
    if report.backtest:
        _against_naive(row, report.backtest)
    helped = _("How much of what came lay within bands like these. As near to 80 and 95 % as can be is best.")
    shares = " / ".join(percent(share, 0) for share in report.coverage)
    _figure(row, _("Within the 80 / 95 % band"), shares, help_=helped)


def _against_naive(row: DeltaGenerator, backtest: BacktestReport) -> None:
    helped = _(
        "Mean error over {windows} windows of the past against that of the seasonal naive, which says “as at this hour "
        "a day ago”. Less is better."
    ).format(windows=backtest.windows)
    label, share = _("Error against the naive"), backtest.improvement
    if backtest.model == "seasonal_naive":
        _figure(row, label, "—", _("the naive itself"), "gray", helped)
    elif share > 0:
        _figure(row, label, _signed_percent(-share), _("better"), "green", helped)
    else:
        _figure(row, label, _signed_percent(-share), _("not better"), "orange", helped)


def _figure(
    row: DeltaGenerator,
    label: str,
    value: str,
    below: str = "",
    colour: Literal["off", "green", "orange", "gray"] = "off",
    help_: str | None = None,
) -> None:
    row.metric(
        label,
        plain(value),
        plain(below) or None,
        delta_color=colour,
        delta_arrow="off",
        help=help_,
        border=True,
        height="stretch",
    )


def _chart(sensor: Sensor, report: ForecastReport) -> None:
    now = datetime.now(UTC)
    alt = _("Readings of {sensor}, and its forecast with bands of 80 and 95 %").format(sensor=sensor.display_name)
    charts.show(forecast_charts.forecast(report, sensor, now), "forecast", alt, 480)
    drawn = forecast_charts.near_limits(report, sensor)
    far = [limit for limit in LIMITS if getattr(sensor, limit) is not None and limit not in drawn]
    if far:
        named = ", ".join(f"{limit_name(limit)} ({_with_unit(getattr(sensor, limit), sensor)})" for limit in far)
        st.caption(plain(_("Too far off to be drawn: {limits}").format(limits=named)))
    age = now - report.data_until
    provenance(
        _("Data as of {time}").format(time=moment(report.data_until)),
        _("{model}, version {version}").format(model=model_name(report.model), version=report.model_version),
        _("trained {time}").format(time=moment(report.trained_at)),
        _("forecast {time}").format(time=moment(report.computed_at)),
        stale=_("the newest hour is {age} old").format(age=duration(age.total_seconds())) if age > STALE else "",
    )
    if report.remarks:
        st.caption(
            "  \n".join(f":material/info: {plain(translated(with_model_name(remark)))}" for remark in report.remarks)
        )


def _components(parts: Components, sensor: Sensor) -> None:
    figure = forecast_charts.components(parts, sensor.unit)
    alt = _("Trend and seasons of {sensor}").format(sensor=sensor.display_name)
    charts.show(figure, "components", alt, 100 + 170 * (1 + len(parts.seasons)))
    source = {"STL": "STL", "prophet": "Prophet"}.get(parts.source, parts.source)
    provenance(_("taken apart by {method}").format(method=source))


def _values(sensor: Sensor, report: ForecastReport) -> None:
    raw = pd.DataFrame(asdict(report.steps)).rename(columns={"times": "time", "values": "forecast"})
    unit = f" ({sensor.unit})" if sensor.unit else ""

    def formatted(rows: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame(
            {
                _("Hour that begins"): [moment(time) for time in rows["time"]],
                _("Forecast") + unit: [significant(value) for value in rows["forecast"]],
                _("80 % band"): _bands(rows, "80"),
                _("95 % band"): _bands(rows, "95"),
            }
        )

    alt = _("Forecast of {sensor}, hour by hour").format(sensor=sensor.display_name)
    show_table(raw, "values", alt, file_name="forecast", formatted=formatted, rows=48)


def _bands(rows: pd.DataFrame, level: str) -> list[str]:
    return [
        f"{significant(low)} – {significant(high)}"
        for low, high in zip(rows[f"low_{level}"], rows[f"high_{level}"], strict=True)
    ]


def _with_unit(value: float, sensor: Sensor, *, sign: bool = False) -> str:
    text = significant(value, 4)
    return f"{'+' if sign and value > 0 else ''}{text} {sensor.unit}".strip()


def _signed_percent(share: float) -> str:
    shown = round(share, 2) or 0.0  # no minus before nothing
    return f"{'+' if shown > 0 else ''}{percent(shown, 0)}"


def _trend_name(direction: str) -> str:
    return {"increasing": _("rising"), "decreasing": _("falling")}.get(direction, _("stable"))
