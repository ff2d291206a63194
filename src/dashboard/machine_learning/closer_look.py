"""The best of a comparison, looked at in one way at a time; what takes long is computed when it is asked for."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from src.dashboard.components import charts
from src.dashboard.components.page import asked_in_url, plain, put_in_url
from src.dashboard.locale import _, score
from src.dashboard.machine_learning.holdout_view import CHART_WIDTH, show_folds, show_holdout
from src.dashboard.machine_learning.importance_view import show_importance
from src.dashboard.machine_learning.learning_view import show_learning_curve
from src.dashboard.machine_learning.threshold_view import show_thresholds
from src.evaluation.thresholds import rarer_class
from src.jobs import Job
from src.ml.candidates import candidates_for
from src.ml.model_comparison import Comparison, Finalist


def show_closer_look(job: Job, comparison: Comparison, names: dict[str, str]) -> None:
    """Show one of: holdout, folds, calibration, threshold, importance of features, learning curve; see the URL."""
    labels = _views(comparison)
    view = st.segmented_control(
        _("What to look at"),
        list(labels),
        format_func=labels.__getitem__,
        default=asked_in_url("look", list(labels), next(iter(labels))),
        required=True,
        key="look_at",
    )
    put_in_url("look", view)
    if view in ("holdout", "folds", "calibration"):
        _of_all(view, comparison, names)
        return
    finalist = _choose_finalist(comparison, names, view)
    if view == "threshold":
        show_thresholds(job, comparison, finalist, names[finalist.id])
    elif view == "importance":
        show_importance(job, comparison, finalist.id, names[finalist.id])
    else:
        show_learning_curve(job, comparison, finalist.id, names[finalist.id])


def _views(comparison: Comparison) -> dict[str, str]:
    views = {"holdout": _("Rows held out"), "folds": _("Folds")}
    if comparison.task == "classification":
        views["calibration"] = _("Calibration")
        if len(comparison.signature.classes) == 2:
            views["threshold"] = _("Decision threshold")
    return {**views, "importance": _("Importance of features"), "learning": _("Learning curve")}


def _of_all(view: str, comparison: Comparison, names: dict[str, str]) -> None:
    if view == "holdout":
        show_holdout(comparison, names)
    elif view == "folds":
        show_folds(comparison)
    else:
        _calibration(comparison, names)


def _choose_finalist(comparison: Comparison, names: dict[str, str], view: str) -> Finalist:
    by_id = {finalist.id: finalist for finalist in comparison.finalists}
    ids = list(by_id)
    able = [name for name in ids if view != "threshold" or by_id[name].holdout.thresholds]
    chosen = st.selectbox(
        _("Model"),
        ids,
        index=ids.index(asked_in_url("finalist", ids, (able or ids)[0])),
        format_func=names.__getitem__,
        key="look_finalist",
        width=CHART_WIDTH,
    )
    put_in_url("finalist", chosen)
    return by_id[chosen]


def _calibration(comparison: Comparison, names: dict[str, str]) -> None:
    all_of_them = {names[f.id]: f.holdout for f in comparison.finalists}  # each keeps its colour
    holdouts = {name: holdout for name, holdout in all_of_them.items() if holdout.calibration}
    if holdouts:
        first = next(iter(holdouts.values()))
        labels = [curve.label for curve in first.calibration]
        default = rarer_class(first.thresholds) if first.thresholds else labels[0]
        label = st.segmented_control(
            _("Class"), labels, default=default, format_func=plain, required=True, key="calibration_class"
        )
        row = charts.side_by_side()
        with row.container(width=CHART_WIDTH):
            charts.show(charts.calibration(all_of_them, label), "calibration", _("Calibration on the holdout"), 380)
        with row.container(width=CHART_WIDTH - 75):
            st.markdown(
                _(
                    "Of the rows that were given a class with 30%, about 30% should be of it: a model on the dotted "
                    "line can be believed. Above it, it is too careful; below it, too sure. Small points stand for few "
                    "rows."
                )
            )
            briers = [next(c.brier for c in h.calibration if c.label == label) for h in holdouts.values()]
            table = pd.DataFrame({_("Model"): list(holdouts), _("Brier score"): list(map(score, briers))})
            st.dataframe(table, hide_index=True, alt=_("Brier score of each model"))
            st.caption(_("Brier score: mean squared difference of probability and truth for this class; 0 is best."))
    _say_without(comparison, names)


def _say_without(comparison: Comparison, names: dict[str, str]) -> None:
    """Say which models have no calibration, and why."""
    able = {candidate.id: candidate.probabilities for candidate in candidates_for(comparison.task)}
    for finalist in comparison.finalists:
        if finalist.holdout.calibration:
            continue
        if able.get(finalist.id, True):
            st.info(_("This comparison was made before calibration was kept. Compare again to see it."))
            return
        st.caption(":material/info: " + plain(_("{model} gives no probabilities.").format(model=names[finalist.id])))
