"""What a sensor's history is made of: trend and seasons."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from src.dashboard.components import charts
from src.dashboard.components.chart_text import literal
from src.dashboard.components.chart_times import TIME_TICKS, clock_times
from src.dashboard.components.charts import PALETTE
from src.dashboard.components.page import provenance
from src.dashboard.locale import _
from src.ml.sensor_models.forecast_report import Components
from src.sensors.sensor_manager import Sensor


def show_components(parts: Components, sensor: Sensor) -> None:
    """Show trend and seasons."""
    alt = _("Trend and seasons of {sensor}").format(sensor=sensor.display_name)
    charts.show(_chart(parts, sensor.unit), "components", alt, 100 + 170 * (1 + len(parts.seasons)))
    source = {"STL": "STL", "prophet": "Prophet"}.get(parts.source, parts.source)
    provenance(_("taken apart by {method}").format(method=source))


def _chart(parts: Components, unit: str) -> go.Figure:
    """Draw the trend and each season in a panel of its own."""
    names = {"daily": _("Season of the day"), "weekly": _("Season of the week"), "yearly": _("Season of the year")}
    panels = {_("Trend"): parts.trend} | {names.get(name, name): values for name, values in parts.seasons.items()}
    figure = make_subplots(
        rows=len(panels),
        cols=1,
        shared_xaxes=True,
        subplot_titles=list(panels),
        vertical_spacing=0.36 / (len(panels) + 1),
    )
    times = clock_times(pd.DatetimeIndex(parts.times))
    for row, (name, values) in enumerate(panels.items(), start=1):
        figure.add_scatter(
            x=times,
            y=values,
            name=name,
            mode="lines",
            line={"color": PALETTE[0], "width": 1.5},
            hovertemplate=f"%{{x|%Y-%m-%d %H:%M}}: %{{y:.5~g}} {literal(unit)}<extra></extra>",
            row=row,
            col=1,
        )
    figure.update_xaxes(tickformatstops=TIME_TICKS)
    figure.update_yaxes(title=literal(unit))
    figure.update_layout(showlegend=False)
    return figure
