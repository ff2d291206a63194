"""The best of a comparison, side by side: over the folds, and on the rows held out."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from src.dashboard.components import charts
from src.dashboard.components.page import plain
from src.dashboard.components.tables import offer_csv
from src.dashboard.locale import _, number, score
from src.evaluation.holdout import Holdout
from src.evaluation.metrics import metrics_for
from src.ml.model_comparison import Comparison

# Two and four of them fit a window of 1400 pixels, one and two a window of 800.
CHART_WIDTH = 525
CONFUSION_WIDTH = 256


def show_holdout(comparison: Comparison, names: dict[str, str]) -> None:
    """Show what the best did on rows that nobody trained on."""
    _holdout_table(comparison, names)
    if comparison.task == "classification":
        show_class_charts({names[f.id]: f.holdout for f in comparison.finalists})
    else:
        holdouts = {f.id: (names[f.id], f.holdout) for f in comparison.finalists}
        show_value_charts(holdouts, comparison.signature.target_unit)


def _holdout_table(comparison: Comparison, names: dict[str, str]) -> None:
    metrics = [metric.name for metric in metrics_for(comparison.task)]
    scores = {names[f.id]: {metric: f.holdout.metrics.get(metric) for metric in metrics} for f in comparison.finalists}
    said = _("{rows} rows, held out before the comparison began.").format(rows=number(comparison.holdout_rows, 0))
    if any(finalist.holdout.brier is not None for finalist in comparison.finalists):
        for finalist in comparison.finalists:
            scores[names[finalist.id]][_("Brier score")] = finalist.holdout.brier
        said += f" {_('Brier: mean squared error of the probabilities, 0 is best.')}"
    table = pd.DataFrame.from_dict(scores, orient="index").rename_axis(_("Model"))
    st.dataframe(table.map(score), alt=_("Metrics on the holdout"))
    st.caption(said)
    offer_csv(table.reset_index(), "holdout", file_name=f"holdout-{comparison.target}")


def show_folds(comparison: Comparison) -> None:
    """Show the scores of the best over the folds."""
    by_id = {candidate.id: candidate for candidate in comparison.candidates}
    top = [by_id[finalist.id] for finalist in comparison.finalists]
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


def show_class_charts(holdouts: dict[str, Holdout]) -> None:
    """Show the confusion matrix of each model, and the curves of all of them for one class."""
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


def show_value_charts(holdouts: dict[str, tuple[str, Holdout]], unit: str) -> None:
    """Show predicted against actual values and the residuals of models: key of the charts to name and holdout."""
    for key, (name, holdout) in holdouts.items():
        row = charts.side_by_side()
        with row.container(width=CHART_WIDTH):
            figure = charts.predicted_against_actual(holdout, name, unit)
            charts.show(figure, f"actual_{key}", _("Predicted against actual, {model}").format(model=name))
        with row.container(width=CHART_WIDTH):
            figure = charts.residuals(holdout, name, unit)
            charts.show(figure, f"residuals_{key}", _("Residuals of {model}").format(model=name))
