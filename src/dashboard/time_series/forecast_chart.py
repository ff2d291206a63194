"""The picture of a forecast: what was, what is expected, and the limits nearby."""

from __future__ import annotations

from datetime import datetime, timedelta

import pandas as pd
import plotly.graph_objects as go

from src.dashboard.components.chart_bands import FORECAST, add_band
from src.dashboard.components.chart_text import literal
from src.dashboard.components.chart_times import TIME_TICKS, clock_times, mark_time
from src.dashboard.components.charts import NEUTRAL, PALETTE
from src.dashboard.locale import _
from src.dashboard.time_series.limits_view import limit_name
from src.ml.sensor_models.forecast_report import ForecastReport
from src.ml.sensor_models.limit_crossings import ForecastSteps
from src.sensors.sensor_fields import LIMITS
from src.sensors.sensor_manager import Sensor

_LIMITS = {"warning": ("#E69F00", "dash"), "critical": ("#D55E00", "dot"), "physical": (NEUTRAL, "dashdot")}
_LEAST_SHOWN, _MOST_SHOWN = timedelta(days=7), timedelta(days=14)
_NEAR = 0.6
"""A limit is drawn where it is no further from the values than this share of their span."""


def forecast_chart(report: ForecastReport, sensor: Sensor, now: datetime) -> go.Figure:
    """Draw the past, the forecast with its bands, the limits nearby, and a line at now, or where the data ends."""
    figure, unit, steps = go.Figure(), literal(sensor.unit), report.steps
    times = list(clock_times(pd.DatetimeIndex(steps.times)))
    add_band(figure, times, steps.low_95, steps.high_95, 95)
    add_band(figure, times, steps.low_80, steps.high_80, 80)
    _add_past(figure, report, unit)
    _add_line(figure, steps, unit)
    for limit in near_limits(report, sensor):
        _add_limit(figure, limit, getattr(sensor, limit))
    _add_now(figure, report, now)
    figure.update_xaxes(
        tickformatstops=TIME_TICKS,
        hoverformat="%Y-%m-%d %H:%M",
        range=_window(report),
        rangeslider={"visible": True, "thickness": 0.1},
    )
    figure.update_yaxes(title=unit)
    legend = {"y": 1.0, "yanchor": "bottom", "traceorder": "reversed"}
    figure.update_layout(showlegend=True, hovermode="x", legend=legend)
    return figure


def near_limits(report: ForecastReport, sensor: Sensor) -> list[str]:
    """Return the limits that are near enough to be drawn without pressing the values flat."""
    values = [value for value in report.past.actual if value is not None]
    values += [*report.steps.low_80, *report.steps.high_80]
    low, high = min(values), max(values)
    margin = _NEAR * (high - low)
    known = [limit for limit in LIMITS if getattr(sensor, limit) is not None]
    return [limit for limit in known if low - margin <= getattr(sensor, limit) <= high + margin]


def _add_past(figure: go.Figure, report: ForecastReport, unit: str) -> None:
    past = clock_times(pd.DatetimeIndex(report.past.times))
    figure.add_scatter(
        x=past,
        y=report.past.fitted,
        name=_("as the model fits it"),
        mode="lines",
        line={"color": NEUTRAL, "width": 1, "dash": "dot"},
        visible="legendonly",
        hovertemplate=f"%{{x|%Y-%m-%d %H:%M}}: %{{y:.5~g}} {unit}",
    )
    figure.add_scatter(
        x=past,
        y=report.past.actual,
        name=_("measured (hourly means)"),
        mode="lines",
        line={"color": PALETTE[0], "width": 1.5},
        connectgaps=False,
        hovertemplate=f"%{{x|%Y-%m-%d %H:%M}}: %{{y:.5~g}} {unit}<extra></extra>",
    )


def _add_line(figure: go.Figure, steps: ForecastSteps, unit: str) -> None:
    figure.add_scatter(
        x=clock_times(pd.DatetimeIndex(steps.times)),
        y=steps.values,
        name=_("forecast"),
        mode="lines" if len(steps.times) > 1 else "markers",
        line={"color": FORECAST, "width": 2},
        customdata=list(zip(steps.low_80, steps.high_80, steps.low_95, steps.high_95, strict=True)),
        hovertemplate=f"%{{x|%Y-%m-%d %H:%M}}: %{{y:.5~g}} {unit}"
        "<br>80%: %{customdata[0]:.5~g} – %{customdata[1]:.5~g}"
        "<br>95%: %{customdata[2]:.5~g} – %{customdata[3]:.5~g}<extra></extra>",
    )


def _add_limit(figure: go.Figure, limit: str, value: float) -> None:
    colour, dash = _LIMITS[limit.split("_")[0]]
    is_critical = limit.startswith("critical")
    figure.add_hline(
        y=value,
        line={"color": colour, "dash": dash, "width": 1.5},
        annotation={  # on either side, for they may lie close together
            "text": literal(limit_name(limit)),
            "xanchor": "right" if is_critical else "left",
            "x": 1 if is_critical else 0,
            "yanchor": "bottom",
        },
    )


def _add_now(figure: go.Figure, report: ForecastReport, now: datetime) -> None:
    """A line at now where that is in the picture; the data may have ended long ago."""
    is_now = report.past.times[0] <= now <= report.steps.times[-1] + timedelta(hours=1)
    place = clock_times(pd.DatetimeIndex([now if is_now else report.data_until]))[0]
    mark_time(figure, place, _("now") if is_now else _("end of the data"))


def _window(report: ForecastReport) -> list[str]:
    """What is seen before the range slider is moved: the forecast, and as much of the past, a week or two of it."""
    ahead = report.steps.times[-1] + timedelta(hours=1)
    back = min(max(ahead - report.data_until, _LEAST_SHOWN), _MOST_SHOWN)
    start = max(report.data_until - back, report.past.times[0])
    return [time.isoformat() for time in clock_times(pd.DatetimeIndex([start, ahead]))]
