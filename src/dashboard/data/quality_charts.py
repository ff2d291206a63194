"""The pictures of the page on the data's quality."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from src.dashboard.components.chart_text import literal
from src.dashboard.components.chart_times import TIME_TICKS, clock_times, clock_times_of
from src.dashboard.components.charts import NEUTRAL, PALETTE
from src.dashboard.locale import _
from src.sensors.downsampling import Series
from src.sensors.presence import Presence
from src.sensors.quality import SensorQuality
from src.sensors.sensor_manager import Sensor

# From vermilion through orange to blue: told apart by colour-blind readers, and neither sinks into light or dark.
SHARES = ((0.0, "#D55E00"), (0.5, "#E69F00"), (0.9, "#8CC3E8"), (1.0, "#1F83C4"))
MOST_ROWS = 60
_WARNING, _CRITICAL = "#E69F00", "#D55E00"


def code_names() -> dict[int, str]:
    """Return what people call the quality codes other than good."""
    return {1: _("flat line"), 2: _("spike"), 3: _("no value")}


def code_name(code: int) -> str:
    """Return what people call a quality code."""
    return code_names().get(code) or _("code {code}").format(code=code)


def presence_map(picture: Presence, sensors: Sequence[Sensor]) -> go.Figure:
    """Draw which readings are there, sensors by time; with more than 60 sensors those with the fewest."""
    rows = [row for row in _worst(picture) if row < len(sensors)]
    starts = clock_times(pd.DatetimeIndex(picture.starts))
    figure = go.Figure(
        go.Heatmap(
            z=picture.share[rows],
            x=starts,
            y=[_short(sensors[row].display_name) for row in rows],
            customdata=np.dstack([picture.readings[rows], _not_good_texts(picture, rows)]),
            zmin=0,
            zmax=1,
            colorscale=SHARES,
            ygap=1,
            colorbar={"tickformat": ".0%", "thickness": 12, "title": {"text": _("there"), "side": "right"}},
            hovertemplate="%{y}<br>%{x|%Y-%m-%d %H:%M}<br>"
            + _("{share} there and good, {count} readings").format(share="%{z:.0%}", count="%{customdata[0]}")
            + "%{customdata[1]}<extra></extra>",
            hoverongaps=False,
        )
    )
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False)
    figure.update_xaxes(showgrid=False, tickformatstops=TIME_TICKS)
    return figure


def series(points: Series, sensor: Sensor) -> go.Figure:
    """Draw a sensor's readings with its limits; gaps stay open, and readings that are not good are marked."""
    figure = go.Figure()
    figure.add_scatter(
        x=clock_times_of(points.times),
        y=points.values,
        name=_("good"),
        mode="lines",
        line={"color": PALETTE[0], "width": 1.5},
        connectgaps=False,
        hovertemplate=f"%{{x|%Y-%m-%d %H:%M}}: %{{y:.5~g}} {literal(sensor.unit)}<extra></extra>",
    )
    if points.marked_times.size:
        figure.add_scatter(
            x=clock_times_of(points.marked_times),
            y=points.marked_values,
            name=_("not good"),
            mode="markers",
            marker={"color": PALETTE[3], "symbol": "x", "size": 7},
            hovertemplate=f"%{{x|%Y-%m-%d %H:%M}}: %{{y:.5~g}} {literal(sensor.unit)}<extra></extra>",
        )
    limits = [
        (_("warning"), sensor.warning_low, _WARNING, "dash", "left"),
        (_("warning"), sensor.warning_high, _WARNING, "dash", "left"),
        (_("critical"), sensor.critical_low, _CRITICAL, "dot", "right"),
        (_("critical"), sensor.critical_high, _CRITICAL, "dot", "right"),
    ]
    for name, value, colour, dash, side in limits:  # on either side, for they may lie close together
        if value is not None:
            figure.add_hline(
                y=value,
                line={"color": colour, "dash": dash, "width": 1.5},
                annotation={"text": name, "xanchor": side, "x": 0 if side == "left" else 1, "yanchor": "bottom"},
            )
    figure.update_xaxes(tickformatstops=TIME_TICKS)
    figure.update_yaxes(title=literal(sensor.unit))
    figure.update_layout(showlegend=bool(points.marked_times.size))
    return figure


def distribution(quality: SensorQuality) -> go.Figure:
    """Draw how often a sensor's good readings have which values."""
    edges = np.array(quality.edges)
    widths = np.diff(edges)
    figure = go.Figure(
        go.Bar(
            x=edges[:-1] + widths / 2,
            y=quality.counts,
            width=widths if widths.all() else None,
            marker={"color": PALETTE[0], "line": {"color": NEUTRAL, "width": 0.5}},
            customdata=np.column_stack([edges[:-1], edges[1:]]),
            hovertemplate="%{customdata[0]:.5~g} – %{customdata[1]:.5~g}: %{y:,}<extra></extra>",
        )
    )
    figure.update_xaxes(title=literal(quality.sensor.unit))
    figure.update_yaxes(title=_("Readings"))
    figure.update_layout(bargap=0)
    return figure


def _worst(picture: Presence) -> list[int]:
    rows = range(len(picture.sensor_ids))
    if len(rows) <= MOST_ROWS:
        return list(rows)
    shares = np.nan_to_num(picture.share, nan=1.0).mean(axis=1)
    return sorted(np.argsort(shares, kind="stable")[:MOST_ROWS].tolist())


def _not_good_texts(picture: Presence, rows: list[int]) -> np.ndarray:
    """For each cell a line a quality code that occurs in it."""
    texts = np.full((len(rows), len(picture.starts)), "", dtype=object)
    for code, counts in picture.not_good.items():
        chosen, name = counts[rows], code_name(code)
        for row, column in np.argwhere(chosen):
            texts[row, column] += f"<br>{name}: {chosen[row, column]}"
    return texts


def _short(name: str, most: int = 40) -> str:
    return literal(name if len(name) <= most else f"{name[: most - 1]}…")
