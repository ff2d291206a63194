"""How good a saved model was on rows that nobody trained on, and among which candidates it was chosen."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from src.dashboard.components.page import plain
from src.dashboard.locale import _, number, score, significant
from src.dashboard.machine_learning.holdout_view import show_class_charts, show_value_charts
from src.evaluation.metrics import metrics_for
from src.ml.model_facts import ModelFacts


def show_quality(*models: ModelFacts) -> None:
    """Show the metrics and the pictures of the holdout that were kept with one model, or with several."""
    st.subheader(_("On rows that nobody trained on"), anchor=False)
    tried = {label(facts): facts for facts in models if facts.trial and facts.trial.holdout}
    holdouts = {name: facts.trial.holdout for name, facts in tried.items() if facts.trial and facts.trial.holdout}
    if not holdouts:
        st.caption(_("Not known: it does not come from a comparison made here."))
        return
    tasks = {facts.task for facts in tried.values()}
    st.dataframe(
        pd.DataFrame(
            [
                {_("Model"): name, _("Rows"): number(holdout.rows, 0), **_scores(holdout.metrics, tasks)}
                for name, holdout in holdouts.items()
            ]
        ),
        hide_index=True,
        alt=_("Metrics on the holdout"),
    )
    for name, facts in tried.items():
        _say_how_decided(facts, name if len(tried) > 1 else "")
    if classes := {name: holdout for name, holdout in holdouts.items() if holdout.labels}:
        show_class_charts(classes)
    for name, holdout in holdouts.items():
        if not holdout.labels:
            signature = tried[name].signature
            show_value_charts({name: (name, holdout)}, signature.target_unit if signature else "")


def _say_how_decided(facts: ModelFacts, name: str) -> None:
    """Say which decisions the figures are of, where the model has a threshold."""
    if facts.decision is None or facts.trial is None:
        return
    if facts.trial.by_threshold:
        said = _(
            "Decided by the threshold {threshold} for {label!r}. It was chosen on these rows, so that others may be "
            "decided a little worse."
        ).format(threshold=significant(facts.decision.threshold), label=facts.decision.positive)
    else:
        said = _("These figures are of the more probable class, not of the threshold that the model decides by.")
    st.caption(f":material/tune: {plain(': '.join(filter(None, [name, said])))}")


def label(facts: ModelFacts) -> str:
    """Return what a version is called where several are shown."""
    return f"{facts.name} v{facts.version}"


def _scores(metrics: dict[str, float | None], tasks: set[str]) -> dict[str, str]:
    names = [metric.name for task in sorted(tasks) for metric in metrics_for(task)]
    return {name: score(metrics.get(name)) for name in names}


def show_leaderboard_place(facts: ModelFacts) -> None:
    """Show the leaderboard that a model comes from."""
    if not facts.trial or not facts.trial.leaderboard:
        return
    with st.expander(_("What it was compared with"), icon=":material/leaderboard:"):
        rows = [
            {_("Rank"): str(place), _("Model"): each.name, facts.trial.metric: score(each.score)}
            for place, each in enumerate(facts.trial.leaderboard, 1)
        ]
        st.dataframe(pd.DataFrame(rows), hide_index=True, alt=_("What it was compared with"))
