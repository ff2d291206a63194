"""One comparison: live while it runs, then its leaderboard, its five best on the holdout, and saving them."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from src.dashboard.components.job_card import show_job_card
from src.dashboard.components.page import provenance, show_error
from src.dashboard.locale import _, duration, moment, ngettext, number, translated
from src.dashboard.machine_learning.finalists_view import show_finalists
from src.errors import JobNotFound
from src.evaluation.metrics import metrics_for
from src.jobs import Job, get_job
from src.ml.model_comparison import CandidateResult, Comparison

LIVE = "1.5s"


def show_comparison(job_id: str) -> None:
    """Show the comparison that a job makes or made."""
    if st.button(_("New comparison"), icon=":material/arrow_back:", key="new_comparison", type="tertiary"):
        del st.query_params["job"]
        st.rerun()
    try:
        job = get_job(job_id)
    except JobNotFound as error:
        show_error(error)
        return
    if job.is_live:
        _live(job_id)
        return
    show_job_card(job, _message(job))
    _result(job)


@st.fragment(run_every=LIVE)
def _live(job_id: str) -> None:
    job = get_job(job_id)
    if not job.is_live:
        st.rerun()
    show_job_card(job, _message(job))
    if job.result:
        _leaderboard(Comparison.from_record(job.result))


def _result(job: Job) -> None:
    if not job.result:
        return
    comparison = Comparison.from_record(job.result)
    if not comparison.ranked:
        return
    provenance(
        _("Data: {source}, {rows} rows").format(
            source=comparison.fingerprint["source"] or "—", rows=number(comparison.fingerprint["rows"], 0)
        ),
        _("trained on {train}, held out {holdout}").format(
            train=number(comparison.train_rows, 0), holdout=number(comparison.holdout_rows, 0)
        ),
        _("split: {split}").format(split=comparison.split),
        _("computed {time}").format(time=moment(job.finished_at)),
    )
    for note in comparison.notes:
        st.caption(f":material/info: {translated(note)}")
    if comparison.budget_reached:
        st.warning(_("The time budget was used up: the table shows what was done by then."))
    st.subheader(_("Leaderboard"), anchor=False)
    _leaderboard(comparison)
    if comparison.finalists:
        show_finalists(job, comparison)


def _message(job: Job) -> str:
    """Say what the comparison is doing."""
    if not job.is_live or not job.result:
        return _("Starting…") if job.is_live else ""
    comparison = Comparison.from_record(job.result)
    if comparison.phase == "starting":
        return ngettext("Starting {count} worker…", "Starting {count} workers…", comparison.workers)
    if comparison.phase == "finishing":
        return _("Fitting the best on all rows…")
    done = sum(candidate.state in ("done", "failed") for candidate in comparison.candidates)
    text = _("{done} of {total} candidates compared").format(done=done, total=len(comparison.candidates))
    left = comparison.seconds_left
    return text if left is None else f"{text}, {_('about {time} left').format(time=duration(left))}"


def _leaderboard(comparison: Comparison) -> None:
    metrics = [metric.name for metric in metrics_for(comparison.task)]
    rows = [_row(place, candidate, metrics) for place, candidate in enumerate(comparison.candidates, 1)]
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        height=min(36 * (len(rows) + 1) + 3, 700),
        alt=_("Candidates ranked by {metric}").format(metric=comparison.metric),
        column_config={_("Fit time (s)"): st.column_config.NumberColumn(format="%.2f")},
    )
    tied = sum(candidate.tied for candidate in comparison.candidates)
    explanation = _("Ranked by {metric}: mean ± standard deviation over {folds} folds.").format(
        metric=comparison.metric, folds=comparison.folds
    )
    if tied > 1:
        explanation += " " + _(
            "The {count} marked ≈ are within one standard error of the best: the data cannot tell them apart."
        ).format(count=tied)
    st.caption(explanation)


def _row(place: int, candidate: CandidateResult, metrics: list[str]) -> dict[str, object]:
    done = candidate.state == "done"
    row: dict[str, object] = {
        _("Rank"): str(place) if done else "",
        _("Tie"): "≈" if candidate.tied else "",
        _("Model"): candidate.name,
    }
    for metric in metrics:
        row[metric] = _mean_and_spread(candidate, metric) if done else ""
    row[_("Fit time (s)")] = candidate.fit_seconds
    row[_("State")] = _state(candidate)
    return row


def _mean_and_spread(candidate: CandidateResult, metric: str) -> str:
    mean, spread = candidate.metrics.get(metric), candidate.spread.get(metric)
    if mean is None:
        return "—"
    digits = 4 if abs(mean) < 100 else 1
    return f"{number(mean, digits)} ± {number(spread, digits)}"


def _state(candidate: CandidateResult) -> str:
    if candidate.state == "failed":
        return _("failed: {reason}").format(reason=candidate.reason)
    if candidate.state == "done" and candidate.remarks:
        return _("done, with a remark: {remark}").format(remark=candidate.remarks[0])
    return {"waiting": _("waiting"), "done": _("done"), "skipped": _("not done in time")}[candidate.state]
