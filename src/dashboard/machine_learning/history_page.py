"""Past predictions: what was asked, what was answered, and was it right?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd
import streamlit as st

from src.dashboard.components.page import asked_in_url, errors_shown, page_header, put_in_url
from src.dashboard.components.tables import ROWS, show_pager
from src.dashboard.locale import _, moment, percent, significant
from src.dashboard.machine_learning.actual_form import ask_what_it_was
from src.dashboard.machine_learning.running_scores_view import show_scores
from src.dashboard.page_list import go_to
from src.ml.prediction_history import (
    HistoryFilter,
    count_predictions,
    find_predictions,
    history_table,
    predicted_classes,
    predicted_models,
)
from src.tables.export import as_csv

ALL = "all"
FILTER_PIXELS = 230  # so that they wrap on a narrow screen, and say all that is chosen
DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}


def show() -> None:
    """Show the page."""
    page_header(_("Past predictions"), _("What was asked, what was answered, and was it right?"))
    with errors_shown():
        models = predicted_models()
        if not models:
            st.info(_("Nobody has asked a model yet."), icon=":material/history:")
            if st.button(_("Predict by hand"), type="primary", key="go_predict"):
                go_to("predict")
            return
        wanted = _filters(models)
        total = count_predictions(wanted)
        if not total:
            st.info(_("No prediction fits these filters. Choose others."), icon=":material/filter_alt_off:")
            return
        show_scores(wanted)
        first = show_pager(total, "history")
        history = find_predictions(wanted, limit=ROWS, offset=first)
        _list(history, wanted)
        ask_what_it_was(history)


def _filters(models: list[str]) -> HistoryFilter:
    with st.container(horizontal=True):
        model = _choice(_("Model"), "model", {ALL: _("All models"), **{name: name for name in models}})
        name = None if model == ALL else model
        outcome = _choice(_("Answer"), "class", {ALL: _("All answers"), **{c: c for c in predicted_classes(name)}})
        periods = {ALL: _("All times"), "day": _("Last 24 hours"), "week": _("Last 7 days")}
        periods |= {"month": _("Last 30 days"), "year": _("Last 365 days")}
        period = _choice(_("Period"), "period", periods)
        states = {ALL: _("All"), "yes": _("Answered by somebody"), "no": _("Not answered yet")}
        answered = _choice(_("What it really was"), "answered", states)
    return HistoryFilter(
        name,
        None if outcome == ALL else outcome,
        None if period == ALL else datetime.now(UTC) - timedelta(days=DAYS[period]),
        None,
        None if answered == ALL else answered == "yes",
    )


def _choice(label: str, key: str, options: dict[str, str]) -> str:
    codes = list(options)
    state = f"history_{key}"
    if st.session_state.get(state) not in codes:
        st.session_state[state] = asked_in_url(key, codes, ALL)
    chosen = st.selectbox(label, codes, format_func=options.__getitem__, key=state, width=FILTER_PIXELS)
    if chosen != st.query_params.get(key, ALL):
        st.query_params.pop("history_page", None)  # other rows, so another first page
    put_in_url(key, chosen)
    return chosen


def _list(history: pd.DataFrame, wanted: HistoryFilter) -> None:
    shown = pd.DataFrame(
        {
            _("Time"): history["predicted_at"].map(moment),
            _("Model"): history["model_name"],
            _("Version"): history["model_version"].astype(str),
            _("Answer"): history["outcome"].map(as_text),
            _("Probability"): history.apply(_probability, axis=1),
            _("Really was"): history["actual"].map(as_text),
            _("Asked by"): history["predicted_by"],
            _("Answered by"): history["actual_by"].fillna(""),
            _("Inputs"): history["inputs"].map(_inputs),
        }
    )
    st.dataframe(shown, hide_index=True, alt=_("Past predictions, the newest first"), key="history_table")
    st.download_button(
        _("Download as CSV"),
        lambda: as_csv(history_table(find_predictions(wanted))),
        file_name="predictions.csv",
        mime="text/csv",
        key="history_download",
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
    )


def _inputs(inputs: dict[str, object]) -> str:
    return " · ".join(f"{name} {as_text(value)}" for name, value in inputs.items())


def _probability(row: pd.Series) -> str:
    """The probability of the answer, which a threshold may have made other than the highest."""
    share = (row["probabilities"] or {}).get(str(row["outcome"]))
    return "" if share is None else percent(share)


def as_text(value: object) -> str:
    """Write a class or a value; nothing where nothing is known."""
    if value is None:
        return ""
    return significant(float(value)) if isinstance(value, int | float) else str(value)
