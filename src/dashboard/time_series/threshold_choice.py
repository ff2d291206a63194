"""Which alarm threshold is looked at: typed as a number of alarms a week, slid to, or named by the URL."""

from __future__ import annotations

import math

import streamlit as st

from src.dashboard.components.page import errors_shown, put_in_url
from src.dashboard.locale import _, current_language, significant
from src.dashboard.locale.typed import read_number
from src.ml.sensor_models.alarm_history import AlarmHistory
from src.ml.sensor_models.threshold_replay import threshold_for, thresholds_to_try

THRESHOLD = "threshold"
"""Its name in the URL."""
_LANGUAGE = "replay_language"


def choose_threshold(key: str, history: AlarmHistory) -> float:
    """Let the reader choose a threshold: found for a wanted number of alarms, or among those that make a difference.

    Parameters
    ----------
    key : str
        Under which the choice is remembered.
    """
    _find(key, history)
    return _slider(key, thresholds_to_try(history), history.alarm_threshold)


def _find(key: str, history: AlarmHistory) -> None:
    with st.form(key="find_threshold", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        label = _("Alarms a week, at most")
        typed = st.text_input(label, value="1", key="wanted_rate", max_chars=20, width=200)
        if st.form_submit_button(_("Find the threshold"), key="find", icon=":material/search:"):
            with errors_shown():
                st.session_state[key] = threshold_for(history, read_number(label, typed))


def _slider(key: str, thresholds: list[float], present: float) -> float:
    if st.session_state.get(key) not in thresholds:
        st.session_state[key] = _nearest(thresholds, _asked(present))
    elif st.session_state.get(_LANGUAGE) != current_language():
        st.session_state[key] = st.session_state[key]  # tells the browser, which knows options by how they are written
    st.session_state[_LANGUAGE] = current_language()
    names = {each: significant(each, 4) for each in thresholds}
    names[present] = _("{threshold} (now)").format(threshold=names[present])
    chosen = st.select_slider(
        _("Raise an alarm from this strength on"), thresholds, format_func=names.__getitem__, key=key
    )
    put_in_url(THRESHOLD, f"{chosen:g}")
    return chosen


def _asked(present: float) -> float:
    try:
        asked = float(st.query_params.get(THRESHOLD, present))
    except ValueError:
        return present
    return asked if math.isfinite(asked) else present


def _nearest(thresholds: list[float], asked: float) -> float:
    return min(thresholds, key=lambda each: abs(each - asked))
