"""The way out of an empty database."""

from __future__ import annotations

import streamlit as st

from src.dashboard.components.page import errors_shown, flash
from src.dashboard.locale import _


def offer_demo_plant() -> None:
    """Offer to load the demo plant, and do it."""
    if st.button(_("Load the demo plant"), type="primary", key="load_demo", icon=":material/factory:"):
        from src.sensors.demo_plant import load_demo_plant

        with errors_shown(), st.spinner(_("Making 90 days of readings…")):
            load_demo_plant()
            st.cache_data.clear()
            flash(_("The demo plant is loaded."))
            st.rerun()
