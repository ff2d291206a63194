"""The ways out of a database without products."""

from __future__ import annotations

import streamlit as st

from src.dashboard.components.page import errors_shown, flash
from src.dashboard.locale import _, number
from src.dashboard.page_list import go_to
from src.pricing.synthetic_history import generate_history

_PRODUCTS, _DAYS = 200, 365


def offer_products() -> None:
    """Say that there are no products, and offer to import real ones or to invent some."""
    st.info(
        _("There are no products yet. Import their sales, or invent some to try everything out."),
        icon=":material/sell:",
    )
    with st.container(horizontal=True):
        is_wanted = st.button(
            _("Generate demo products"), type="primary", key="generate_products", icon=":material/casino:"
        )
        if st.button(_("Import prices"), key="go_import_prices", icon=":material/upload_file:"):
            go_to("price_board", view="import")
    if is_wanted:
        with errors_shown(), st.spinner(_("Making a year of prices and quantities…")):
            made = generate_history(_PRODUCTS, _DAYS)
            st.cache_data.clear()
            message = _("{products} products with {days} days each are there.")
            flash(message.format(products=number(made.products, 0), days=number(_DAYS, 0)))
            st.rerun()
