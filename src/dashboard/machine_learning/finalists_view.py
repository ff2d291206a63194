"""The best of a comparison, side by side on the holdout, each with a way to save it."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from src.dashboard.components import charts
from src.dashboard.components.page import plain
from src.dashboard.locale import _, number, score
from src.dashboard.machine_learning.save_card import show_save_card
from src.evaluation.metrics import metrics_for
from src.jobs import Job
from src.ml.model_comparison import CandidateResult, Comparison
from src.utils.model_store import list_models

# Two and four of them fit a window of 1400 pixels, one and two a window of 800.
CHART_WIDTH = 525
CONFUSION_WIDTH = 256


def show_finalists(job: Job, comparison: Comparison) -> None:
    """Show the best of a finished comparison."""
    names = {candidate.id: candidate.name for candidate in comparison.candidates}
    st.subheader(_("The best {count}").format(count=len(comparison.finalists)), anchor=False)
    _top_table(comparison, names)
    _top_charts(comparison)
    st.subheader(_("On rows that nobody trained on"), anchor=False)
    _holdout_table(comparison, names)
    if comparison.task == "classification":
        _class_charts(comparison, names)
    else:
        _value_charts(comparison, names)
    st.subheader(_("Save the ones worth keeping"), anchor=False)
    entries = list_models()
    for finalist in comparison.finalists:
        saved_as = [name for name, entry in entries.items() if entry["sha256"] == finalist.sha256]
        show_save_card(job, comparison, finalist, saved_as)


def _top(comparison: Comparison) -> list[CandidateResult]:
    by_id = {candidate.id: candidate for candidate in comparison.candidates}
    return [by_id[finalist.id] for finalist in comparison.finalists]


def _top_table(comparison: Comparison, names: dict[str, str]) -> None:
    st.dataframe(
        _metric_table({names[c.id]: c.metrics for c in _top(comparison)}, comparison), alt=_("The best models")
    )


def _holdout_table(comparison: Comparison, names: dict[str, str]) -> None:
    table = _metric_table({names[f.id]: f.holdout.metrics for f in comparison.finalists}, comparison)
    st.dataframe(table, alt=_("Metrics on the holdout"))
    st.caption(_("{rows} rows, held out before the comparison began.").format(rows=number(comparison.holdout_rows, 0)))


def _metric_table(metrics: dict[str, dict[str, float | None]], comparison: Comparison) -> pd.DataFrame:
    names = [metric.name for metric in metrics_for(comparison.task)]
    return pd.DataFrame(
        [{_("Model"): model, **{n: score(values.get(n)) for n in names}} for model, values in metrics.items()]
    ).set_index(_("Model"))


def _top_charts(comparison: Comparison) -> None:
    top = _top(comparison)
    row = charts.side_by_side()
    with row.container(width=CHART_WIDTH):
        st.markdown(f"**{comparison.metric}**, {_('mean and standard deviation over the folds')}")
        scored = [(c.name, c.metrics[comparison.metric] or 0.0, c.spread[comparison.metric] or 0.0) for c in top]
        names, means, spreads = (list(column) for column in zip(*scored, strict=True))
        figure = charts.scores_with_spread(names, means, spreads, comparison.metric)
        charts.show(figure, "top_spread", _("Score of the best models with its spread"), 380)
    with row.container(width=CHART_WIDTH):
        st.markdown(f"**{_('All metrics')}**")
        metrics = {c.name: c.metrics for c in top}
        # The errors of a regression have units of their own, so each metric gets an axis of its own.
        figure = charts.metric_bars(metrics) if comparison.task == "classification" else charts.metric_panels(metrics)
        charts.show(figure, "top_bars", _("Metrics of the best models"), 380)


def _class_charts(comparison: Comparison, names: dict[str, str]) -> None:
    holdouts = {names[f.id]: f.holdout for f in comparison.finalists}
    row = charts.side_by_side()
    for name, holdout in holdouts.items():
        with row.container(width=CONFUSION_WIDTH):
            alt = _("Confusion matrix of {model}").format(model=name)
            charts.show(charts.confusion(holdout, name), f"confusion_{name}", alt, 280)
    labels = list(dict.fromkeys(curve.label for holdout in holdouts.values() for curve in holdout.curves))
    if not labels:
        return
    label = labels[0]
    if len(labels) > 1:
        label = st.segmented_control(
            _("Class"), labels, default=labels[0], format_func=plain, required=True, key="curve_class"
        )
    row = charts.side_by_side()
    with row.container(width=CHART_WIDTH):
        st.markdown(f"**{_('ROC curve')}**: {plain(label)}")
        charts.show(charts.curves(holdouts, label, "roc"), "roc", _("ROC curves on the holdout"), 380)
    with row.container(width=CHART_WIDTH):
        st.markdown(f"**{_('Precision and recall')}**: {plain(label)}")
        charts.show(charts.curves(holdouts, label, "pr"), "pr", _("Precision-recall curves on the holdout"), 380)


def _value_charts(comparison: Comparison, names: dict[str, str]) -> None:
    unit = comparison.signature.target_unit
    for finalist in comparison.finalists:
        row = charts.side_by_side()
        name = names[finalist.id]
        with row.container(width=CHART_WIDTH):
            figure = charts.predicted_against_actual(finalist.holdout, name, unit)
            charts.show(figure, f"actual_{finalist.id}", _("Predicted against actual, {model}").format(model=name))
        with row.container(width=CHART_WIDTH):
            figure = charts.residuals(finalist.holdout, name, unit)
            charts.show(figure, f"residuals_{finalist.id}", _("Residuals of {model}").format(model=name))
