"""A job at a glance: what, how far, how long; its log; and how to stop it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from src.dashboard.components.page import errors_shown, flash, plain
from src.dashboard.locale import _, moment, translated
from src.jobs import Job, cancel, get_job, read_log, retry

STATE_COLOURS = {
    "queued": "gray",
    "running": "blue",
    "done": "green",
    "failed": "red",
    "cancelled": "orange",
    "lost": "red",
}
LOG_LINES = 40
LIVE = "1s"


def state_name(state: str) -> str:
    """Return a job's state in the reader's language."""
    return {
        "queued": _("waiting its turn"),
        "running": _("running"),
        "done": _("done"),
        "failed": _("failed"),
        "cancelled": _("cancelled"),
        "lost": _("lost"),
    }[state]


def show_job_card(job: Job, message: str = "") -> None:
    """Show one job, with what can be done about it now."""
    with st.container(border=True, key=f"job_{job.job_id}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(translated(job.title))}**", width="stretch")
            st.badge(state_name(job.state), color=STATE_COLOURS[job.state])  # type: ignore[arg-type]
        if not job.is_finished:
            st.progress(job.progress, text=message or job.message)
        st.caption(_times(job))
        if job.error:
            st.error(plain(translated(job.error)), icon=":material/error:")
        _actions(job)
        if job.state != "queued":
            _log(job)


def show_live_job(
    job: Job,
    progress: Callable[[Job], str],
    *,
    below: Callable[[Job], None] | None = None,
    on_end: Callable[[Job], None] | None = None,
) -> None:
    """Show one job, anew each second for as long as it is live; the page runs once more when it has ended.

    Parameters
    ----------
    progress : callable
        Says what the job is doing.
    below : callable, optional
        Shows what belongs below the card.
    on_end : callable, optional
        Called once when the job ends while it is looked at.
    """
    run_every = None if job.is_finished else LIVE
    st.fragment(_live_card, run_every=run_every)(job.job_id, progress, below, on_end, not job.is_finished)


def _live_card(
    job_id: str,
    progress: Callable[[Job], str],
    below: Callable[[Job], None] | None,
    on_end: Callable[[Job], None] | None,
    was_live: bool,
) -> None:
    with errors_shown():
        job = get_job(job_id)
        if was_live and job.is_finished:
            if on_end is not None:
                on_end(job)
            st.rerun()
        show_job_card(job, progress(job))
        if below is not None:
            below(job)


def _times(job: Job) -> str:
    facts = [_("started {time}").format(time=moment(job.started_at or job.created_at))]
    if job.finished_at:
        facts.append(_("ended {time}").format(time=moment(job.finished_at)))
    return " · ".join([*facts, f"{_('Job')} {job.job_id}"])


def _actions(job: Job) -> None:
    if not job.is_finished:
        if st.button(_("Cancel"), key=f"cancel_{job.job_id}", icon=":material/stop_circle:"):
            with errors_shown():
                cancel(job.job_id)
                flash(_("The job is cancelled."))
                st.rerun()
    elif job.state != "done" and st.button(_("Try again"), key=f"retry_{job.job_id}", icon=":material/replay:"):
        with errors_shown():
            again = retry(job.job_id)
            for shown in {"job", "inspect"} & set(st.query_params):
                st.query_params[shown] = again.job_id
            flash(_("The job is tried again, as a new one."))
            st.rerun()


def _log(job: Job) -> None:
    lines = read_log(job.job_id).splitlines()[-LOG_LINES:]
    with st.expander(_("Log"), icon=":material/article:", key=f"log_{job.job_id}"):
        st.code("\n".join(lines) or _("The log is empty."), language=None)
