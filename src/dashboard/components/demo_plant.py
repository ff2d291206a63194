"""The demo plant: the way out of an empty database, and always up to now."""

from __future__ import annotations

import threading

import streamlit as st

from src.dashboard.components.page import errors_shown, flash
from src.dashboard.locale import _
from src.sensors.demo_plant import bring_up_to_now, load_demo_plant


def offer_demo_plant() -> None:
    """Offer to load the demo plant, and do it."""
    if st.button(_("Load the demo plant"), type="primary", key="load_demo", icon=":material/factory:"):
        with errors_shown(), st.spinner(_("Making 90 days of readings…")):
            load_demo_plant()
            st.cache_data.clear()
            flash(_("The demo plant is loaded."))
            st.rerun()


def keep_demo_plant_going() -> None:
    """Bring the demo plant, if there is one, up to now; one session at a time is enough."""
    turn = _turn()
    if turn.acquire(blocking=False):
        try:
            bring_up_to_now()
        finally:
            turn.release()


@st.cache_resource(show_spinner=False)
def _turn() -> threading.Lock:
    return threading.Lock()
