"""A field in which a number is typed as text."""

from __future__ import annotations

import streamlit as st

from src.dashboard.locale import current_language
from src.dashboard.locale.typed import exchange_marks, write_number


def prepare_number(key: str, value: float | None) -> None:
    """Fill a number in where nothing is typed yet; what is there means the same after a change of the language."""
    state, language = st.session_state, current_language()
    if key not in state:
        state[key] = "" if value is None else write_number(value)
    elif state.get(f"{key}_language", language) != language:
        state[key] = exchange_marks(state[key])
    state[f"{key}_language"] = language
