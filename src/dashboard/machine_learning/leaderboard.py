"""The leaderboard: every candidate with the mean and the spread of each metric."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from src.dashboard.components.page import plain
from src.dashboard.components.tables import offer_csv
from src.dashboard.locale import _, score, translated
from src.evaluation.metrics import metrics_for
from src.ml.model_comparison import CandidateResult, Comparison


def show_leaderboard(comparison: Comparison) -> None:
    """Show every candidate, the best first; while it fills, also those that wait."""
    metrics = [metric.name for metric in metrics_for(comparison.task)]
    finished = comparison.phase == "done"
    tied = _tied(comparison)
    rows = [
        _row(place, candidate, metrics, with_state=not finished, mark=" ≈" if candidate in tied else "")
        for place, candidate in enumerate(comparison.candidates, 1)
        if candidate.state == "done" or not finished
    ]
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        height=35 * (len(rows) + 1) + 3,
        alt=_("Candidates ranked by {metric}").format(metric=comparison.metric),
        column_config=_widths(metrics, with_state=not finished),
    )
    st.caption(_explanation(comparison))
    _members(comparison)
    if finished:
        _remarks(comparison)
        whole = comparison.leaderboard.reset_index(names="id")
        offer_csv(whole, "leaderboard", file_name=f"leaderboard-{comparison.target}")


def _widths(metrics: list[str], *, with_state: bool) -> dict[Any, Any]:
    """Widths in pixels with which a leaderboard fits a window of 1400 pixels; in less room the metrics are scrolled."""
    names = {_("Rank"): 56, _("Model"): 212}
    others = dict.fromkeys(metrics, 96) | {_("Fit (s)"): 60} | ({_("State"): 90} if with_state else {})
    return {
        **{name: st.column_config.TextColumn(width=width, pinned=True) for name, width in names.items()},
        **{name: st.column_config.TextColumn(width=width) for name, width in others.items()},
    }


def _tied(comparison: Comparison) -> list[CandidateResult]:
    """The candidates that the data cannot tell apart; the best alone is no tie."""
    tied = [candidate for candidate in comparison.candidates if candidate.tied]
    return tied if len(tied) > 1 else []


def _row(
    place: int, candidate: CandidateResult, metrics: list[str], *, with_state: bool, mark: str
) -> dict[str, object]:
    done = candidate.state == "done"
    row: dict[str, object] = {
        _("Rank"): f"{place}{mark}" if done else "",
        _("Model"): candidate.name,
    }
    if with_state:
        row[_("State")] = _state(candidate)
    for metric in metrics:
        row[metric] = _mean_and_spread(candidate, metric) if done else ""
    return row | {_("Fit (s)"): score(candidate.fit_seconds, 2) if done else ""}


def _mean_and_spread(candidate: CandidateResult, metric: str) -> str:
    mean, spread = candidate.metrics.get(metric), candidate.spread.get(metric)
    if mean is None:
        return "—"
    return f"{score(mean)} ±{score(spread, 3)}"


def _state(candidate: CandidateResult) -> str:
    if candidate.state == "failed":
        return _("failed: {reason}").format(reason=translated(candidate.reason) if candidate.reason else "")
    return _("done") if candidate.state == "done" else _("waiting")


def _explanation(comparison: Comparison) -> str:
    tied = _tied(comparison)
    text = _("Ranked by {metric}: mean ± standard deviation over {folds} folds.").format(
        metric=comparison.metric, folds=comparison.folds
    )
    if len(comparison.signature.classes) == 2:
        found = _("Recall, Precision and F1 are those of {label!r}.")
        text += f" {plain(found.format(label=str(comparison.signature.classes[1])))}"
    if not tied:
        return text
    tie = _("The {count} marked ≈ are within one standard error of the best: the data cannot tell them apart.")
    return f"{text} {tie.format(count=len(tied))}"


def _members(comparison: Comparison) -> None:
    """Say what a blend or a stack is made of."""
    names = {candidate.id: candidate.name for candidate in comparison.candidates}
    for candidate in comparison.candidates:
        if candidate.members:
            members = ", ".join(names[member] for member in candidate.members)
            text = _("{name} is made of: {members}").format(name=candidate.name, members=members)
            st.caption(f":material/join_inner: {plain(text)}")


def _remarks(comparison: Comparison) -> None:
    """Say below the table what it leaves out: who failed and why, who was not done, what a fit remarked."""
    for candidate in comparison.candidates:
        if candidate.state == "failed":
            st.warning(plain(f"{candidate.name}: {_state(candidate)}"), icon=":material/error:")
    if skipped := [candidate.name for candidate in comparison.candidates if candidate.state == "skipped"]:
        st.caption(":material/timer_off: " + _("Not done: {names}").format(names=", ".join(skipped)))
    remarks = [f"{candidate.name}: {remark}" for candidate in comparison.candidates for remark in candidate.remarks]
    if remarks:
        with st.expander(_("Remarks while fitting: {count}").format(count=len(remarks)), icon=":material/comment:"):
            st.text("\n".join(remarks))
