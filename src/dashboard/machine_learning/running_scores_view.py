"""How good each model was in use, by the answers that people gave."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from src.dashboard.components import charts
from src.dashboard.components.tables import show_table
from src.dashboard.locale import _, number, percent, significant
from src.ml.prediction_history import ROLLING, HistoryFilter, Scores, running_scores, scores_of_models


def show_scores(wanted: HistoryFilter) -> None:
    """Show each version's score, and how it went over time."""
    scores = scores_of_models(wanted)
    if not scores:
        st.info(
            _("How good the models are in use shows here as soon as somebody says what a prediction really was."),
            icon=":material/rule:",
        )
        return
    st.subheader(_("How good in use"), anchor=False)
    table = pd.DataFrame([_row(score) for score in scores])
    raw = pd.DataFrame([vars(score) | {"accuracy": score.accuracy} for score in scores])
    show_table(table, "scores", _("Scores by the answers"), file_name="scores_in_use", download=raw, rows=20)
    running = running_scores(wanted)
    for is_share, title in ((True, _("Share right")), (False, _("Mean absolute error"))):
        lines = {
            str(name): line
            for name, line in running[running["is_share"] == is_share].groupby("model_name")
            if len(line) > 1
        }
        if lines:
            figure = charts.running_scores(lines, title, is_share=is_share)
            alt = _("{score} over the latest {count} answers at each time").format(score=title, count=ROLLING)
            charts.show(figure, f"running_{is_share}", alt, 260)
            st.caption(alt)


def _row(score: Scores) -> dict[str, str]:
    return {
        _("Model"): score.model_name,
        _("Version"): str(score.model_version),
        _("Answers"): number(score.answers, 0),
        _("Share right"): percent(score.accuracy),
        _("Mean absolute error"): "—" if score.mean_error is None else significant(score.mean_error),
    }
