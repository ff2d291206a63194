"""A forecast as the page shows it: limits, key figures, the chart, and one view of what it rests on at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import streamlit as st

from src.dashboard.components import charts
from src.dashboard.components.choices import choose_view
from src.dashboard.components.page import plain, provenance
from src.dashboard.locale import _, duration, moment, translated
from src.dashboard.time_series.accuracy_view import show_accuracy
from src.dashboard.time_series.components_view import show_components
from src.dashboard.time_series.forecast_chart import forecast_chart, near_limits
from src.dashboard.time_series.forecast_choices import with_model_name
from src.dashboard.time_series.forecast_figures import show_key_figures, with_unit
from src.dashboard.time_series.forecast_quality_view import show_backtest, show_metrics
from src.dashboard.time_series.forecast_table import show_steps
from src.dashboard.time_series.limits_view import limit_name, show_crossings
from src.dashboard.time_series.model_kinds import model_name
from src.ml.sensor_models.forecast_report import Components, ForecastReport
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
    show_key_figures(sensor, report)
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
        show_components(parts, sensor)
    elif view == "issued":
        show_accuracy(sensor)
    else:
        show_steps(sensor, report)


def _chart(sensor: Sensor, report: ForecastReport) -> None:
    now = datetime.now(UTC)
    alt = _("Readings of {sensor}, and its forecast with bands of 80 and 95%").format(sensor=sensor.display_name)
    charts.show(forecast_chart(report, sensor, now), "forecast", alt, 480)
    drawn = near_limits(report, sensor)
    far = [limit for limit in LIMITS if getattr(sensor, limit) is not None and limit not in drawn]
    if far:
        named = ", ".join(f"{limit_name(limit)} ({with_unit(getattr(sensor, limit), sensor)})" for limit in far)
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
