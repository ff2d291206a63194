"""One comparison: live while it runs, then its leaderboard, its five best on the holdout, and saving them."""

from __future__ import annotations

import streamlit as st

from src.config import get_settings
from src.dashboard.components.job_card import show_job_card, show_live_job
from src.dashboard.components.page import plain, provenance, show_error
from src.dashboard.locale import _, duration, moment, ngettext, number, translated
from src.dashboard.machine_learning.finalists_view import show_finalists
from src.dashboard.machine_learning.leaderboard import show_leaderboard
from src.dashboard.machine_learning.table_profile import source_name
from src.dashboard.models.names import split_name
from src.errors import JobNotFound
from src.jobs import Job, get_job
from src.ml.model_comparison import Comparison

CLOSER_LOOK = ("look", "finalist", "positive", "false_alarm", "missed", "threshold")
"""What the URL of a comparison may name besides its job."""


def show_comparison(job_id: str) -> None:
    """Show the comparison that a job makes or made."""
    if st.button(_("New comparison"), icon=":material/arrow_back:", key="new_comparison", type="tertiary"):
        for name in {"job", *CLOSER_LOOK} & set(st.query_params):
            del st.query_params[name]
        st.rerun()
    try:
        job = get_job(job_id)
    except JobNotFound as error:
        show_error(error)
        return
    if job.kind != "compare_models":
        st.error(plain(_("Job {job_id} is no comparison. The list of jobs shows what it is.").format(job_id=job_id)))
        return
    if not job.is_finished:
        show_live_job(job, progress_message, below=_leaderboard_so_far)
        return
    show_job_card(job, progress_message(job))
    _result(job)


def _leaderboard_so_far(job: Job) -> None:
    if job.result:
        show_leaderboard(Comparison.from_record(job.result))


def _result(job: Job) -> None:
    if not job.result:
        return
    comparison = Comparison.from_record(job.result).stopped()
    if not comparison.ranked:
        return
    provenance(
        _("Data: {source}, {rows} rows").format(
            source=source_name(comparison.fingerprint["source"]), rows=number(comparison.fingerprint["rows"], 0)
        ),
        _("trained on {train}, held out {holdout}").format(
            train=number(comparison.train_rows, 0), holdout=number(comparison.holdout_rows, 0)
        ),
        _("split: {split}").format(split=split_name(comparison.split)),
        _("computed {time}").format(time=moment(job.finished_at)),
    )
    for note in comparison.notes:
        st.caption(f":material/info: {plain(translated(note))}")
    if comparison.budget_reached:
        st.warning(_("The time budget was used up: the table shows what was done by then."))
    st.subheader(_("Leaderboard"), anchor=False)
    show_leaderboard(comparison)
    if comparison.finalists:
        show_finalists(job, comparison)
    else:
        st.info(
            _(
                "It ended before the best were fitted, so there is none to save. "
                "To end early with a result, set a time budget."
            ),
            icon=":material/inventory_2:",
        )


def progress_message(job: Job) -> str:
    """Say what a comparison is doing."""
    if job.is_finished:
        return ""
    if job.state == "queued":
        return _("Waiting until another job ends…")
    comparison = Comparison.from_record(job.result) if job.result else None
    if comparison is None or comparison.phase == "starting":
        return ngettext("Starting {count} worker…", "Starting {count} workers…", get_settings().workers)
    if comparison.phase == "finishing":
        return _("Fitting the best on all rows…")
    done = sum(candidate.state in ("done", "failed") for candidate in comparison.candidates)
    text = _("{done} of {total} candidates compared").format(done=done, total=len(comparison.candidates))
    left = comparison.seconds_left
    return text if left is None else f"{text}, {_('about {time} left').format(time=duration(left))}"
