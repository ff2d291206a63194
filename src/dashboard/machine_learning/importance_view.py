"""Which features one of the best needs."""

from __future__ import annotations

from typing import Any

import streamlit as st

from src.dashboard.components import charts
from src.dashboard.components.page import plain
from src.dashboard.locale import _, number, score
from src.dashboard.machine_learning.finalist_job import show_finalist_job
from src.jobs import Job
from src.ml.finalist_jobs import IMPORTANCE, parameters_for
from src.ml.model_comparison import Comparison
from src.ml.permutation_importance import Importance
from src.notes import Note

MOST_BARS = 30


def show_importance(job: Job, comparison: Comparison, finalist: str, name: str) -> None:
    """Show how much worse a finalist gets when a column of the holdout is shuffled; compute it when asked."""
    st.caption(
        _(
            "How much worse the model gets on the rows held out when one column is shuffled: what it loses shows what "
            "it relies on. Of two columns that say the same, each may look unimportant."
        )
    )
    parameters = parameters_for(job.job_id, job.parameters, comparison, finalist)
    title = Note("Importance of features: {model} for {target}", {"model": name, "target": comparison.target})
    show_finalist_job(IMPORTANCE, parameters, title, _show)


def _show(record: dict[str, Any]) -> None:
    importance = Importance.from_record(record)
    shown = importance.features[:MOST_BARS]
    axis = _("Loss of {metric}").format(metric=importance.metric)
    names = [feature.name for feature in shown]
    figure = charts.importances(names, [f.mean for f in shown], [f.spread for f in shown], axis)
    charts.show(figure, "importance", _("Loss of the metric without each feature"), 110 + 30 * len(shown))
    st.caption(
        _("{metric} {baseline} with nothing shuffled; {rows} rows, each column shuffled {repeats} times.").format(
            metric=importance.metric,
            baseline=score(importance.baseline),
            rows=number(importance.rows, 0),
            repeats=importance.repeats,
        )
    )
    unneeded = [feature.name for feature in importance.features if not feature.is_needed]
    if unneeded:
        text = _("The model does about as well without any one of: {names}.").format(names=", ".join(unneeded))
        st.caption(f":material/info: {plain(text)}")
