"""Price board: which products' models are worth it, and which are to be trained?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import streamlit as st

from src.config import get_settings
from src.dashboard.components.choices import choose_view
from src.dashboard.components.page import page_header, provenance
from src.dashboard.locale import _, moment, ngettext, number, percent, score
from src.dashboard.page_list import go_to
from src.dashboard.prices.board_filters import choose_rows
from src.dashboard.prices.board_table import show_board_table
from src.dashboard.prices.import_view import show_price_import
from src.dashboard.prices.no_products import offer_products
from src.dashboard.prices.predictor import shared_manager
from src.dashboard.prices.price_job_view import show_training
from src.dashboard.prices.training_form import ask_for_plan, start_training
from src.pricing.batch_training import PricePlan
from src.pricing.price_board import BoardRow, Winner, price_board

_SECONDS_KEPT = 20


@st.cache_data(ttl=_SECONDS_KEPT, max_entries=4, show_spinner=False)
def _look(database: str, models: str) -> tuple[list[BoardRow], datetime]:
    """Look once at what several readers see; what it is looked up by is there to be part of the key."""
    return price_board(shared_manager()), datetime.now(UTC)


def show() -> None:
    """Show the page: a training where the URL names its job, else all products, or an import of more."""
    page_header(_("Price board"), _("Which models beat the naive? All products, and training those that need it."))
    if job_id := st.query_params.get("job"):
        show_training(job_id)
        return
    if choose_view({"products": _("All products"), "import": _("Import prices")}) == "import":
        show_price_import()
        return
    with st.spinner(_("Looking at the products…")):
        board, looked_at = _look(get_settings().effective_database_url, str(shared_manager().stamp()))
    if not board:
        offer_products()
        return
    rows = choose_rows(board)
    if not rows:
        st.info(_("No product fits the filters."), icon=":material/search_off:")
        return
    _key_figures(rows)
    newest = max((one.recent.last_day for one in rows if one.recent), default=None)
    provenance(
        _("Data until {day}").format(day=newest) if newest is not None else "",
        _("looked at {time}").format(time=moment(looked_at)),
    )
    above = st.container(horizontal=True, vertical_alignment="center")
    places = show_board_table(rows)
    with above:
        _acts(rows, [rows[place] for place in places])


def _key_figures(rows: Sequence[BoardRow]) -> None:
    winners = Counter(one.winner for one in rows)
    ratios = [ratio for one in rows if (ratio := one.figure("error_to_naive")) is not None]
    held = winners[Winner.MODEL] + winners[Winner.NAIVE]
    figures = {
        _("Products"): (number(len(rows), 0), None),
        _("The model wins"): (number(winners[Winner.MODEL], 0), _("Its error is below that of the last price.")),
        _("The naive wins"): (number(winners[Winner.NAIVE], 0), _("Not worth a model: the last price serves.")),
        _("Without a model"): (number(winners[Winner.NONE], 0), _("The moving average serves.")),
        _("Share that wins"): (percent(winners[Winner.MODEL] / held if held else None, 0), None),
        _("Median error to naive"): (
            score(float(np.median(ratios)) if ratios else None, 2),
            _("Error of the model divided by that of the last price; below 1 is better."),
        ),
    }
    cards = st.container(horizontal=True)
    for label, (value, explained) in figures.items():
        cards.metric(label, value, border=True, help=explained)


def _acts(rows: Sequence[BoardRow], ticked: Sequence[BoardRow]) -> None:
    """Offer to train what is ticked, or all that is shown; and to open a product."""
    chosen = ticked or rows
    label = (
        ngettext("Train the {count} ticked", "Train the {count} ticked", len(ticked))
        if ticked
        else ngettext("Train the one listed", "Train all {count} listed", len(rows))
    )
    pressed = st.button(label, type="primary", key="start_training", icon=":material/model_training:")
    plan: PricePlan = ask_for_plan(with_again=True)
    if pressed:
        start_training([one.product.sku for one in chosen], plan)
    if len(ticked) == 1:
        sku = ticked[0].product.sku
        if st.button(_("Open {sku}").format(sku=sku), key="open_product", icon=":material/sell:"):
            go_to("prices", sku=sku)
    if not ticked:
        st.caption(_("Tick rows to train some, or to open one."))
