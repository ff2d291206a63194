"""How a product's quantity follows its price."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from src.dashboard.components import charts
from src.dashboard.components.charts import PALETTE
from src.dashboard.components.page import plain
from src.dashboard.locale import _, number, score
from src.dashboard.prices.outlook import Outlook
from src.dashboard.prices.price_names import price_format, quantity_format
from src.pricing.elasticity import LEAST_DAYS, Elasticity

_MOST_POINTS = 5_000


def show_elasticity(outlook: Outlook) -> None:
    """Say it in a sentence, and show the days."""
    found = outlook.elasticity
    if found is None:
        message = _(
            "No elasticity can be told: fewer than {least} days with something sold, or a price that hardly moves."
        )
        st.info(message.format(least=LEAST_DAYS), icon=":material/trending_flat:")
    else:
        st.markdown(plain(_in_words(found)))
    _show_days(outlook)
    if found is not None:
        message = _(
            "Least squares on logarithms of {days} days, with the day of the week, a trend and the year's season taken "
            "out; the interval allows for errors that last some days. What moves price and demand together, such as an "
            "advertised promotion, is in it."
        )
        st.caption(message.format(days=number(found.days, 0)))


def _in_words(found: Elasticity) -> str:
    interval = _("95% interval: {low} to {high}").format(low=score(found.low, 2), high=score(found.high, 2))
    if not found.is_certain:
        return _("Whether more or less is sold at a higher price cannot be told ({interval}).").format(
            interval=interval
        )
    message = (
        _("Where the price was 1% higher, {percent}% less was sold ({interval}).")
        if found.value < 0
        else _("Where the price was 1% higher, {percent}% more was sold ({interval}).")
    )
    return message.format(percent=score(abs(found.value), 2), interval=interval)


def _show_days(outlook: Outlook) -> None:
    history = outlook.history
    sold = history.is_sold
    if not sold.any():
        return
    price, quantity = price_format(history.prices), quantity_format(history.quantities)
    figure = go.Figure()
    groups = (
        (sold & ~outlook.promotions, _("other days"), PALETTE[0], "circle"),
        (sold & outlook.promotions, _("promotion"), PALETTE[5], "triangle-down"),
    )
    for where, name, colour, symbol in groups:
        figure.add_scatter(
            x=history.prices[where][-_MOST_POINTS:],
            y=history.quantities[where][-_MOST_POINTS:],
            name=name,
            mode="markers",
            marker={"color": colour, "size": 6, "opacity": 0.6, "symbol": symbol},
            text=[str(day) for day in history.dates[where][-_MOST_POINTS:]],
            hovertemplate=f"%{{text}}: %{{x:{price}}} → %{{y:{quantity}}}<extra></extra>",
        )
    figure.update_xaxes(title=_("Price"))
    figure.update_yaxes(title=_("Quantity a day"), rangemode="tozero")
    figure.update_layout(showlegend=True)
    charts.show(figure, "elasticity_days", _("Price and quantity of each day"), 360)
