"""Which features the models of a product look at most."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from src.dashboard.components import charts
from src.dashboard.components.charts import PALETTE
from src.dashboard.components.choices import choose
from src.dashboard.locale import _, percent
from src.dashboard.prices.feature_names import feature_name
from src.dashboard.prices.outlook import Outlook
from src.dashboard.prices.predictor import shared_predictor
from src.pricing.features import FEATURES

_MOST_BARS = 12
_DAYS_AHEAD = "days_ahead"


def show_importance(outlook: Outlook) -> None:
    """Show each feature's share in the sizes of the SHAP values, for the price or the quantity."""
    contributions = shared_predictor().contributions(outlook.product.sku) if outlook.version else None
    if contributions is None:
        message = (
            _("This version was trained before it was kept what matters. Train it anew.")
            if outlook.version
            else _("Without a model nothing is looked at. Train one.")
        )
        st.info(message, icon=":material/insights:")
        return
    names = {
        "one_step": _("Price of the next day"),
        "direct": _("Price over several days"),
        "quantity": _("Quantity of the next day"),
    }
    kinds = [kind for kind in names if kind in contributions]
    with st.container(width=320):
        kind = choose(_("What is looked at for"), kinds, "for", names=names.__getitem__)
    sizes = contributions[kind]
    if not sizes.sum():
        st.info(_("Nothing: it is the same on all days."), icon=":material/trending_flat:")
        return
    if outlook.is_naive and kind != "quantity":
        st.caption(f":material/info: {_('The last price serves; these are what the model that lost looks at.')}")
    _show_bars(sizes / sizes.sum())
    st.caption(
        _(
            "Mean size of the SHAP values on the days learnt from, as LightGBM reckons them, as shares of their sum. "
            "Of two features that say the same, each may look unimportant."
        )
    )


def _show_bars(shares: np.ndarray) -> None:
    known = [*FEATURES, _DAYS_AHEAD]
    order = [place for place in np.argsort(-shares, kind="stable")[:_MOST_BARS] if shares[place] > 0]
    names = [feature_name(known[place]) for place in order]
    texts = [percent(shares[place]) for place in order]
    figure = go.Figure(
        go.Bar(
            x=shares[order],
            y=names,
            orientation="h",
            marker={"color": PALETTE[0]},
            text=texts,
            textposition="outside",
            cliponaxis=False,
            customdata=[known[place] for place in order],
            hovertemplate="%{y} (%{customdata}): %{text}<extra></extra>",
        )
    )
    figure.update_xaxes(title=_("Share"), tickformat=".0%", rangemode="tozero")
    figure.update_yaxes(type="category", autorange="reversed")
    figure.update_layout(margin={"r": 64})
    charts.show(figure, "importance", _("What matters most"), 110 + 28 * len(order))
