"""One comparison: live while it runs, then its leaderboard, its five best on the holdout, and saving them."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from src.dashboard.components.job_card import show_job_card
from src.dashboard.components.page import provenance, show_error
from src.dashboard.locale import _, duration, moment, ngettext, number, score, translated
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
    if not job.is_finished:
        _live(job_id)
        return
    show_job_card(job, _message(job))
    _result(job)


@st.fragment(run_every=LIVE)
def _live(job_id: str) -> None:
    job = get_job(job_id)
    if job.is_finished:
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
    if job.is_finished or not job.result:
        return "" if job.is_finished else _("Starting…")
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
    finished = comparison.phase == "done"
    rows = [
        _row(place, candidate, metrics, with_state=not finished)
        for place, candidate in enumerate(comparison.candidates, 1)
        if candidate.state == "done" or not finished
    ]
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        height=35 * (len(rows) + 1) + 3,
        alt=_("Candidates ranked by {metric}").format(metric=comparison.metric),
    )
    st.caption(_explanation(comparison))
    if finished:
        _remarks(comparison)


def _row(place: int, candidate: CandidateResult, metrics: list[str], *, with_state: bool) -> dict[str, object]:
    done = candidate.state == "done"
    row: dict[str, object] = {
        _("Rank"): f"{place}{' ≈' if candidate.tied else ''}" if done else "",
        _("Model"): candidate.name,
    }
    if with_state:
        row[_("State")] = _state(candidate)
    for metric in metrics:
        row[metric] = _mean_and_spread(candidate, metric) if done else ""
    return row | {_("Fit time (s)"): score(candidate.fit_seconds, 2) if done else ""}


def _mean_and_spread(candidate: CandidateResult, metric: str) -> str:
    mean, spread = candidate.metrics.get(metric), candidate.spread.get(metric)
    return "—" if mean is None else f"{score(mean)} ± {score(spread, 3)}"


def _state(candidate: CandidateResult) -> str:
    if candidate.state == "failed":
        return _("failed: {reason}").format(reason=candidate.reason)
    return {"waiting": _("waiting"), "done": _("done"), "skipped": _("not done in time")}[candidate.state]


def _explanation(comparison: Comparison) -> str:
    tied = sum(candidate.tied for candidate in comparison.candidates)
    text = _("Ranked by {metric}: mean ± standard deviation over {folds} folds.").format(
        metric=comparison.metric, folds=comparison.folds
    )
    if tied < 2:
        return text
    tie = _("The {count} marked ≈ are within one standard error of the best: the data cannot tell them apart.")
    return f"{text} {tie.format(count=tied)}"


def _remarks(comparison: Comparison) -> None:
    """Say below the table what it leaves out: who failed and why, who was not done in time, what a fit remarked."""
    for candidate in comparison.candidates:
        if candidate.state != "done":
            st.warning(f"{candidate.name}: {_state(candidate)}", icon=":material/error:")
    remarks = [f"{candidate.name}: {remark}" for candidate in comparison.candidates for remark in candidate.remarks]
    if remarks:
        with st.expander(_("Remarks while fitting: {count}").format(count=len(remarks)), icon=":material/comment:"):
            st.text("\n".join(remarks))
