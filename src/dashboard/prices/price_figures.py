"""The key figures of a product."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from src.dashboard.components.key_figures import key_figure
from src.dashboard.locale import _, ngettext, number, percent, score, signed_percent
from src.dashboard.prices.outlook import Outlook
from src.dashboard.prices.price_names import price_text
from src.pricing.elasticity import LEAST_DAYS


def show_price_figures(outlook: Outlook) -> None:
    """Show where price and sales go, and how far to believe it."""
    row = st.container(horizontal=True)
    history, forecast = outlook.history, outlook.forecast
    last, then, days = history.prices[-1], forecast.prices[-1], len(forecast.prices)
    key_figure(row, _("Last price"), price_text(last), str(history.dates[-1]))
    ahead = ngettext("Price in {count} day", "Price in {count} days", days)
    key_figure(row, ahead, price_text(then), signed_percent(then / last - 1))
    sold, before = forecast.quantities.sum(), history.quantities[-days:]
    change = sold / before.sum() - 1 if len(before) == days and before.sum() else None
    during, helped = ngettext("Sold in {count} day", "Sold in {count} days", days), _("Against as many days before.")
    key_figure(row, during, number(sold, 0), signed_percent(change, 0), help_=helped)
    _against_naive(row, outlook)
    _elasticity(row, outlook)
    _coverage(row, outlook)


def _against_naive(row: DeltaGenerator, outlook: Outlook) -> None:
    helped = _(
        "Mean error of the model over windows of the past, up to 30 days ahead, against that of the naive, which says "
        "“as the last price”. Less is better."
    )
    ratio, label = outlook.figure("error_to_naive"), _("Error against the naive")
    if ratio is None:
        key_figure(row, label, "—", "" if outlook.version else _("without a model"), "gray", helped)
    elif outlook.is_naive:
        key_figure(row, label, signed_percent(ratio - 1, 0), _("not worth a model"), "orange", helped)
    else:
        key_figure(row, label, signed_percent(ratio - 1, 0), _("better"), "green", helped)


def _elasticity(row: DeltaGenerator, outlook: Outlook) -> None:
    helped = _(
        "By how many percent the quantity changed where the price was one percent higher; with its 95% interval."
    )
    found, label = outlook.elasticity, _("Elasticity")
    if found is None:
        is_sold_enough = outlook.history.is_sold.sum() >= LEAST_DAYS
        reason = _("the price hardly moves") if is_sold_enough else _("too few days with sales")
        key_figure(row, label, "—", reason, "gray", helped)
        return
    interval = f"{score(found.low, 2)} … {score(found.high, 2)}"
    key_figure(row, label, score(found.value, 2), interval, help_=helped)


def _coverage(row: DeltaGenerator, outlook: Outlook) -> None:
    helped = _(
        "How much of the 30 days held out lay within bands learnt before them. As near to 80 and 95% as can be is best."
    )
    shares, label = [outlook.figure(f"coverage_{level}") for level in (80, 95)], _("Within the 80 / 95% band")
    if outlook.version:
        key_figure(row, label, " / ".join(percent(share, 0) for share in shares), help_=helped)
    else:
        key_figure(row, label, "—", _("without a model"), "gray", helped)
