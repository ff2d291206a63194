"""Times on a chart's axis: Plotly knows no zones."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from src.dashboard.components.charts import NEUTRAL
from src.dashboard.locale import reader_zone

TIME_TICKS = [
    {"dtickrange": [None, 86_399_999], "value": "%H:%M\n%m-%d"},
    {"dtickrange": [86_400_000, None], "value": "%m-%d\n%Y"},
]
"""Figures only: names of months would be English in any language."""


def clock_times(times: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Return UTC-aware times as the reader's clock shows them."""
    return times.tz_convert(ZoneInfo(reader_zone())).tz_localize(None)


def clock_times_of(times: np.ndarray) -> pd.DatetimeIndex:
    """Return times as NumPy has them, in UTC, as the reader's clock shows them."""
    return clock_times(pd.DatetimeIndex(times).tz_localize("UTC"))


def clock_time(time: datetime) -> datetime:
    """Return one UTC-aware time as the reader's clock shows it."""
    return time.astimezone(ZoneInfo(reader_zone())).replace(tzinfo=None)


def time_on_clock(text: str) -> datetime:
    """Return in UTC what a chart says of a time on the reader's clock; ValueError where that is no time."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(reader_zone())).astimezone(UTC)


def mark_time(figure: go.Figure, time: datetime | str, text: str) -> None:
    """Draw a line through all of a figure at a time, such as now, and say at its top what it is."""
    figure.add_vline(x=time, line={"color": NEUTRAL, "width": 1.5, "dash": "dash"})
    figure.add_annotation(
        x=time, y=1, yref="paper", yanchor="top", xanchor="right", showarrow=False, xshift=-4, text=text
    )
