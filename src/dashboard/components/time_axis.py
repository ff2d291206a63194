"""Times on the axes of charts."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pandas as pd

from src.dashboard.locale import reader_zone

TIME_TICKS = [
    {"dtickrange": [None, 86_399_999], "value": "%H:%M\n%m-%d"},
    {"dtickrange": [86_400_000, None], "value": "%m-%d\n%Y"},
]
"""Figures only: names of months would be English in any language."""


def local_times(times: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Return times as the reader's clock shows them; Plotly knows no zones."""
    return times.tz_convert(ZoneInfo(reader_zone())).tz_localize(None)
