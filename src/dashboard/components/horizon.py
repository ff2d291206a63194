"""How far ahead is to be forecast: one of some choices, or a number of one's own."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from src.dashboard.components.choices import choose, remember_choice
from src.dashboard.components.page import put_in_url
from src.dashboard.locale import _

CUSTOM = "custom"


def choose_horizon(names: Mapping[str, str], default: str, own: str, label: str, own_default: str) -> str:
    """Let the reader choose how far ahead; return it as it was chosen or typed.

    Parameters
    ----------
    names : mapping
        What the choices are called, in order. `horizon` in the URL is one of them, or a number of one's own.
    default : str
        The choice where the URL names none.
    own, label, own_default : str
        Key in the URL, label and default of the field for a number of one's own.
    """
    asked = st.query_params.get("horizon") or default
    if asked not in (*names, CUSTOM):
        put_in_url(own, asked)
        put_in_url("horizon", CUSTOM)
    names = {**names, CUSTOM: _("Other…")}
    chosen = choose(_("Horizon"), list(names), "horizon", default=default, names=names.__getitem__)
    return chosen if chosen != CUSTOM else _type_own(own, label, own_default)


def _type_own(key: str, label: str, default: str) -> str:
    st.session_state[key] = st.query_params.get(key) or default
    st.text_input(label, key=key, on_change=remember_choice, args=(key,), width=120)
    return st.session_state[key].strip()
