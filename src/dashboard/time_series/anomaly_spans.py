"""Time in the pictures of anomalies: its axis, stretches of it that are shaded, and what their colours are."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import plotly.graph_objects as go

from src.dashboard.components.chart_times import TIME_TICKS, clock_time
from src.dashboard.locale import _
from src.ml.sensor_models.judged_past import JudgedPast
from src.sensors.reading_stream import Period, as_datetime

ALARM_COLOUR = "#D55E00"
TIME = "%{x|%Y-%m-%d %H:%M}"
"""A time as it is read where the mouse is."""
_LEARNING = "rgba(128, 140, 150, 0.16)"


def set_times(figure: go.Figure, period: Period) -> None:
    """Let the axis of time show just a period."""
    room = (period.end - period.start) / 100  # so that a mark on the newest reading is seen whole
    ends = [clock_time(period.start), clock_time(period.end + room)]
    figure.update_xaxes(type="date", tickformatstops=TIME_TICKS, range=ends)


def add_learning(figure: go.Figure, past: JudgedPast, period: Period) -> None:
    """Shade where the detector was still learning."""
    learning = np.flatnonzero(~past.is_learnt)
    for part in np.split(learning, np.flatnonzero(np.diff(learning) > 1) + 1) if learning.size else ():
        start, end = (as_datetime(int(past.times[place].astype(np.int64))) for place in (part[0], part[-1]))
        add_span(figure, start, end, period, _LEARNING, text=_("learning"))


def add_span(
    figure: go.Figure,
    start: datetime,
    end: datetime,
    period: Period,
    colour: str,
    *,
    opacity: float = 1.0,
    border: str = "",
    text: str = "",
) -> None:
    """Shade what lies within a period of a stretch of time."""
    first, last = max(start, period.start), min(end, period.end)
    if first >= last:
        return
    label = {"text": text, "font": {"size": 11}, "x": clock_time(first), "xanchor": "left"}
    figure.add_vrect(
        x0=clock_time(first),
        x1=clock_time(last),
        fillcolor=colour,
        opacity=opacity,
        line={"width": 1.5 if border else 0, "color": border or colour},
        layer="below",
        **({"annotation": label} if text else {}),
    )


def add_key(figure: go.Figure, name: str, colour: str, opacity: float = 0.5) -> None:
    """Say in the legend what a span of some colour is."""
    marker = {"symbol": "square", "size": 11, "color": colour, "opacity": opacity}
    figure.add_scatter(x=[None], y=[None], name=name, mode="markers", marker=marker)
