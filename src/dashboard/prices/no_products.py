"""The ways out of a database without products."""

from __future__ import annotations

import streamlit as st

from src.dashboard.components.page import errors_shown, flash
from src.dashboard.locale import _, number
from src.pricing.synthetic_history import generate_history

_PRODUCTS, _DAYS = 200, 365


def offer_products() -> None:
    """Say that there are no products, offer to invent some, and tell how to import real ones."""
    st.info(_("There are no products yet. Invent some to try everything out."), icon=":material/sell:")
    if st.button(_("Generate demo products"), type="primary", key="generate_products", icon=":material/casino:"):
        with errors_shown(), st.spinner(_("Making a year of prices and quantities…")):
            made = generate_history(_PRODUCTS, _DAYS)
            st.cache_data.clear()
            message = _("{products} products with {days} days each are there.")
            flash(message.format(products=number(made.products, 0), days=number(_DAYS, 0)))
            st.rerun()
    st.markdown(_("Real ones come from a file, a row a product and day: `python -m src prices import FILE`"))
