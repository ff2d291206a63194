"""The bands around a forecast, of the same colours wherever something is forecast."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from src.dashboard.components.charts import PALETTE
from src.dashboard.locale import _

Floats = Sequence[float] | NDArray[np.float64]

FORECAST = PALETTE[2]
_FILLS = {95: "rgba(0, 158, 115, 0.16)", 80: "rgba(0, 158, 115, 0.30)"}


def add_band(figure: go.Figure, times: Sequence[Any], low: Floats, high: Floats, level: int, **place: int) -> None:
    """Draw the band that holds so many percent.

    Parameters
    ----------
    level : int
        80 or 95.
    **place
        ``row`` and ``col`` in a figure of several.
    """
    figure.add_scatter(
        x=[*times, *times[::-1]],
        y=np.concatenate([high, low[::-1]]),
        name=_("{level}% band").format(level=level),
        fill="toself",
        fillcolor=_FILLS[level],
        line={"width": 0, "color": _FILLS[level]},
        mode="lines",
        hoverinfo="skip",
        **place,
    )
