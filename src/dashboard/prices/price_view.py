"""A product as the page shows it: key figures, the chart, and one view of what they rest on at a time."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import streamlit as st

from src.dashboard.components import charts
from src.dashboard.components.acts import offer_acts
from src.dashboard.components.choices import choose_view
from src.dashboard.components.page import plain, provenance
from src.dashboard.locale import _, moment, ngettext, translated
from src.dashboard.prices.elasticity_view import show_elasticity
from src.dashboard.prices.importance_view import show_importance
from src.dashboard.prices.outlook import Outlook
from src.dashboard.prices.price_chart import price_chart
from src.dashboard.prices.price_figures import show_price_figures
from src.dashboard.prices.price_names import server_name
from src.dashboard.prices.price_table import show_price_days
from src.dashboard.prices.quality_view import show_quality
from src.dashboard.prices.versions_view import show_versions
from src.pricing.training import LEAST_ROWS

STALE_DAYS = 7


def show_price(outlook: Outlook) -> None:
    """Show one product."""
    show_price_figures(outlook)
    alt = _("Prices and quantities of {product}, and what is expected, with bands of 80 and 95%")
    charts.show(price_chart(outlook), "price", alt.format(product=outlook.product.sku), 560)
    _provenance(outlook)
    views = {
        "quality": _("Quality"),
        "importance": _("What matters"),
        "elasticity": _("Elasticity"),
        "versions": _("Versions"),
        "values": _("Table and CSV"),
    }
    view = choose_view(views)
    if view == "quality":
        show_quality(outlook)
    elif view == "importance":
        show_importance(outlook)
    elif view == "elasticity":
        show_elasticity(outlook)
    elif view == "versions":
        show_versions(outlook)
        offer_acts("product", outlook.product.sku)
    else:
        show_price_days(outlook)


def _provenance(outlook: Outlook) -> None:
    now, last = datetime.now(UTC), outlook.history.dates[-1]
    age = int((np.datetime64(now.date()) - last).astype(int))
    stale = ""
    if age > STALE_DAYS:
        stale = ngettext("the newest day is {count} day old", "the newest day is {count} days old", age)
    elif missed := _missed_days(outlook):
        stale = ngettext("the model does not know {count} day", "the model does not know {count} days", missed)
    version = outlook.version
    provenance(
        _("Data until {day}").format(day=last),
        server_name(outlook.forecast.model_used),
        _("model version {version}").format(version=version) if version else "",
        _("trained {time}").format(time=moment(str(outlook.facts.get("trained_at")))) if version else "",
        _("forecast {time}").format(time=moment(now)),
        stale=stale,
    )
    remarks = [outlook.prediction.remark] if outlook.prediction.remark else []
    texts = [translated(remark) for remark in remarks]
    if outlook.rows < LEAST_ROWS:
        message = _(
            "{rows} days have a price, and {least} are needed for a model. Until then the moving average serves."
        )
        texts.append(message.format(rows=outlook.rows, least=LEAST_ROWS))
    elif not outlook.facts:
        texts.append(_("There is no model yet: the moving average of seven days serves, without bands. Train one."))
    if texts:
        st.caption("  \n".join(f":material/info: {plain(text)}" for text in texts))


def _missed_days(outlook: Outlook) -> int:
    """How many days have come that the model has not learnt."""
    known = outlook.facts.get("data_until")
    return int((outlook.history.dates[-1] - np.datetime64(known)).astype(int)) if known and outlook.version else 0
