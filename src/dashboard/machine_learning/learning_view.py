"""Whether more data would help one of the best."""

from __future__ import annotations

from typing import Any

import streamlit as st

from src.dashboard.components import charts
from src.dashboard.components.page import plain
from src.dashboard.locale import _, translated
from src.dashboard.machine_learning.finalist_job import show_finalist_job
from src.jobs import Job
from src.ml.finalist_jobs import LEARNING_CURVE, parameters_for
from src.ml.learning_curve import SHARES, LearningCurve, what_it_says
from src.ml.model_comparison import Comparison
from src.notes import Note


def show_learning_curve(job: Job, comparison: Comparison, finalist: str, name: str) -> None:
    """Show how a finalist's score grows with the rows it is fitted on; compute it when asked."""
    st.caption(
        _(
            "The score when the model is fitted on 10% to all of the rows of each fold. Lines that meet: more rows of "
            "this kind teach it nothing new. A lower line that still rises: more data would help."
        )
    )
    parameters = parameters_for(job.job_id, job.parameters, comparison, finalist)
    title = Note("Learning curve: {model} for {target}", {"model": name, "target": comparison.target})
    show_finalist_job(LEARNING_CURVE, parameters, title, _show)


def _show(record: dict[str, Any]) -> None:
    curve = LearningCurve.from_record(record)
    if not curve.points:
        return
    if len(curve.points) == len(SHARES):
        st.markdown(f"**{plain(translated(what_it_says(curve)))}**")
    figure = charts.learning_curves(curve.points, curve.metric)
    charts.show(figure, "learning_curve", _("Score against the number of rows"), 380)
