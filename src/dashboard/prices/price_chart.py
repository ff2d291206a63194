"""The picture of a product: prices and quantities, and what is expected of them."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from src.dashboard.components.chart_bands import FORECAST, add_band
from src.dashboard.components.charts import PALETTE
from src.dashboard.locale import _
from src.dashboard.prices.outlook import Outlook
from src.dashboard.prices.price_marks import add_marks
from src.dashboard.prices.price_names import price_format, quantity_format
from src.pricing.product_forecast import PriceForecast

_PRICE = PALETTE[0]
_LEAST_SHOWN, _DAYS_SHOWN = 60, 3
_DAY = "%{x|%Y-%m-%d}"


def price_chart(outlook: Outlook) -> go.Figure:
    """Draw prices above and quantities below, on one axis of days."""
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.65, 0.35], vertical_spacing=0.04)
    _add_bands(figure, outlook.forecast)
    _add_history(figure, outlook)
    _add_forecast(figure, outlook)
    add_marks(figure, outlook)
    days = outlook.history.dates
    ahead = len(outlook.forecast.dates)
    first = max(days[-1] - max(_DAYS_SHOWN * ahead, _LEAST_SHOWN), days[0])
    window = [str(first), str(outlook.forecast.dates[-1] + 1)]
    figure.update_xaxes(tickformat="%m-%d\n%Y", hoverformat="%Y-%m-%d", range=window)
    figure.update_xaxes(rangeslider={"visible": True, "thickness": 0.08, "range": [str(days[0]), window[1]]}, row=2)
    figure.update_yaxes(title=_("Price"), row=1)
    figure.update_yaxes(title=_("Quantity a day"), rangemode="tozero", row=2)
    legend = {"y": 1.0, "yanchor": "bottom", "traceorder": "normal"}
    figure.update_layout(showlegend=True, hovermode="x", legend=legend, bargap=0.1)
    return figure


def _add_bands(figure: go.Figure, forecast: PriceForecast) -> None:
    if np.isnan(forecast.lower_80).any():
        return
    days = _days(forecast.dates)
    add_band(figure, days, forecast.lower_95, forecast.upper_95, 95, row=1, col=1)
    add_band(figure, days, forecast.lower_80, forecast.upper_80, 80, row=1, col=1)


def _add_history(figure: go.Figure, outlook: Outlook) -> None:
    history = outlook.history
    days, written = _days(history.dates), price_format(history.prices)
    figure.add_scatter(
        x=days,
        y=history.prices,
        name=_("price"),
        mode="lines",
        line={"color": _PRICE, "width": 1.5, "shape": "hv"},
        text=np.where(history.is_observed, "", f" ({_('no row that day')})"),
        hovertemplate=f"{_DAY}: %{{y:{written}}}%{{text}}<extra></extra>",
        row=1,
        col=1,
    )
    figure.add_bar(
        x=days,
        y=history.quantities,
        name=_("quantity"),
        marker={"color": _PRICE, "opacity": 0.6},
        hovertemplate=f"{_DAY}: %{{y:{quantity_format(history.quantities)}}}<extra></extra>",
        row=2,
        col=1,
    )


def _add_forecast(figure: go.Figure, outlook: Outlook) -> None:
    forecast = outlook.forecast
    days, written = _days(forecast.dates), price_format(forecast.prices)
    has_bands = not np.isnan(forecast.lower_80).any()
    low_80, high_80, low_95, high_95 = (f"%{{customdata[{place}]:{written}}}" for place in range(4))
    bands = f"<br>80%: {low_80} – {high_80}<br>95%: {low_95} – {high_95}"
    figure.add_scatter(
        x=days,
        y=forecast.prices,
        name=_("forecast"),
        mode="lines" if len(days) > 1 else "markers",
        line={"color": FORECAST, "width": 2},
        customdata=np.column_stack([forecast.lower_80, forecast.upper_80, forecast.lower_95, forecast.upper_95])
        if has_bands
        else None,
        hovertemplate=f"{_DAY}: %{{y:{written}}}{bands if has_bands else ''}<extra></extra>",
        row=1,
        col=1,
    )
    figure.add_bar(
        x=days,
        y=forecast.quantities,
        name=_("forecast of the quantity"),
        marker={"color": FORECAST, "opacity": 0.6},
        hovertemplate=f"{_DAY}: %{{y:{quantity_format(forecast.quantities)}}}<extra></extra>",
        showlegend=False,
        row=2,
        col=1,
    )


def _days(dates: np.ndarray) -> list[str]:
    return [str(day) for day in dates]
