"""The marks in the picture of a product: promotions, holidays, shopping dates, the end of the data."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from src.dashboard.components.chart_text import literal
from src.dashboard.components.chart_times import mark_time
from src.dashboard.components.charts import PALETTE
from src.dashboard.locale import _, current_language, translated
from src.dashboard.prices.outlook import Outlook
from src.pricing.holiday_calendar import holiday_names
from src.pricing.shopping_dates import shopping_names

_PROMOTION, _HOLIDAY, _SHOPPING = PALETTE[5], PALETTE[3], PALETTE[1]


def add_marks(figure: go.Figure, outlook: Outlook) -> None:
    """Mark what moves prices and quantities, known ahead where it is, and where the data ends."""
    _add_promotions(figure, outlook)
    days = np.concatenate([outlook.history.dates, outlook.forecast.dates])
    holidays = holiday_names(days, outlook.country, current_language())
    _add_days(figure, holidays, _("holiday"), {"color": _HOLIDAY, "size": 9, "symbol": "star"})
    shopping = {day: translated(name) for day, name in shopping_names(days, outlook.country).items()}
    # Open and larger, so that both are seen where a day is a holiday too.
    around = {"color": _SHOPPING, "size": 12, "symbol": "diamond-open", "line": {"width": 2}}
    _add_days(figure, shopping, _("shopping date"), around)
    mark_time(figure, str(outlook.history.dates[-1]), _("end of the data"))


def _add_promotions(figure: go.Figure, outlook: Outlook) -> None:
    history, where = outlook.history, outlook.promotions
    if not where.any():
        return
    figure.add_scatter(
        x=history.dates[where].astype(str),
        y=history.prices[where],
        name=_("promotion"),
        mode="markers",
        marker={"color": _PROMOTION, "size": 7, "symbol": "triangle-down"},
        hovertemplate=f"{_('promotion')}<extra></extra>",
        row=1,
        col=1,
    )


def _add_days(figure: go.Figure, names: Mapping[np.datetime64, str], kind: str, marker: Mapping[str, object]) -> None:
    """A mark at the foot of each day that has a name."""
    if not names:
        return
    figure.add_scatter(
        x=[str(day) for day in names],
        y=[0] * len(names),
        name=kind,
        mode="markers",
        marker=marker,
        cliponaxis=False,
        text=[literal(name) for name in names.values()],
        hovertemplate="%{text}<extra></extra>",
        row=2,
        col=1,
    )
