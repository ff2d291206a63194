"""Two saved models, or two versions of one, side by side."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from src.dashboard.components.page import asked_in_url
from src.dashboard.components.tables import show_table
from src.dashboard.locale import _, score
from src.dashboard.models.differences import show_both_signatures, show_pairs
from src.dashboard.models.quality import label, show_quality
from src.evaluation.metrics import metrics_for
from src.ml.model_facts import ModelFacts, compare_facts, read_facts
from src.storage.model_names import parse_stem
from src.utils.model_store import default_store, list_models


def choose_other(facts: ModelFacts, names: list[str]) -> ModelFacts | None:
    """Let the reader choose what to compare a model with: another one, or another version of it."""
    entries = list_models()
    own = [saved.version for saved in default_store().versions(facts.name) if saved.version != facts.version]
    others = {name: name for name in names if name != facts.name and name in entries}
    labels = {f"{facts.name}@{v}": _("version {version} of {name}").format(version=v, name=facts.name) for v in own}
    labels |= others
    if not labels:
        return None
    asked = asked_in_url("with", list(labels), "")
    st.session_state["compare_with"] = asked or None
    chosen = st.selectbox(
        _("Compare with"),
        list(labels),
        format_func=labels.__getitem__,
        placeholder=_("Another model or version"),
        key="compare_with",
        on_change=_put_in_url,
    )
    if chosen is None:
        return None
    name, version = parse_stem(chosen) if chosen not in others else (chosen, None)
    return read_facts(name, version)


def _put_in_url() -> None:
    if chosen := st.session_state["compare_with"]:
        st.query_params["with"] = chosen
    else:
        st.query_params.pop("with", None)


def show_side_by_side(first: ModelFacts, second: ModelFacts) -> None:
    """Show what the two are, what they take and how good they were, with the differences marked."""
    pairs = compare_facts(first, second)
    names = label(first), label(second)
    if any(pair.what in ("target", "fingerprint", "split") and pair.differ for pair in pairs):
        st.warning(
            _("They were not tried on the same rows: their scores do not compare."), icon=":material/compare_arrows:"
        )
    st.subheader(_("Scores"), anchor=False)
    _scores(first, second, names)
    st.subheader(_("What differs"), anchor=False)
    show_pairs(pairs, names)
    st.subheader(_("What they take"), anchor=False)
    show_both_signatures(first.signature, second.signature, names)
    show_quality(first, second)


def _scores(first: ModelFacts, second: ModelFacts, names: tuple[str, str]) -> None:
    tasks = dict.fromkeys(facts.task for facts in (first, second))
    rows = []
    for metric in (metric.name for task in tasks for metric in metrics_for(task)):
        folds = [_of_folds(facts, metric) for facts in (first, second)]
        holdout = [_of_holdout(facts, metric) for facts in (first, second)]
        rows.append(
            {
                _("Metric"): metric,
                **{f"{name}, {_('folds')}": score(value) for name, value in zip(names, folds, strict=True)},
                **{f"{name}, {_('holdout')}": score(value) for name, value in zip(names, holdout, strict=True)},
                _("Difference on the holdout"): _difference(*holdout),
            }
        )
    show_table(pd.DataFrame(rows), "scores", _("Scores of both"), file_name="scores")


def _of_folds(facts: ModelFacts, metric: str) -> float | None:
    result = facts.trial.result if facts.trial else None
    return result.metrics.get(metric) if result else facts.metrics.get(metric.lower())


def _of_holdout(facts: ModelFacts, metric: str) -> float | None:
    holdout = facts.trial.holdout if facts.trial else None
    return holdout.metrics.get(metric) if holdout else None


def _difference(first: float | None, second: float | None) -> str:
    if first is None or second is None:
        return "—"
    return ("+" if second > first else "") + score(second - first)
