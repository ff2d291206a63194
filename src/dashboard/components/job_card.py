"""A job at a glance: what, how far, how long; its log; and how to stop it."""

from __future__ import annotations

import streamlit as st

from src.config import get_settings
from src.dashboard.components.page import errors_shown, flash
from src.dashboard.locale import _, moment
from src.jobs import Job, cancel, retry
from src.logs import job_log_path

STATE_COLOURS = {
    "queued": "gray",
    "running": "blue",
    "done": "green",
    "failed": "red",
    "cancelled": "orange",
    "lost": "red",
}
LOG_LINES = 40


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
            st.markdown(f"**{job.title or job.kind}**", width="stretch")
            st.badge(state_name(job.state), color=STATE_COLOURS[job.state])  # type: ignore[arg-type]
        if job.is_live:
            st.progress(job.progress, text=message or job.message)
        st.caption(_times(job))
        if job.error:
            st.error(job_error(job), icon=":material/error:")
        if job.state == "lost":
            st.warning(_("The job's process is gone: the machine was restarted, or it was ended. Start it again."))
        _actions(job)
        if job.state != "queued":
            _log(job)


def job_error(job: Job) -> str:
    """Return why a job failed, in the reader's language."""
    if job.error is None:
        return ""
    return _(job.error.template).format(**job.error.values)


def _times(job: Job) -> str:
    facts = [_("started {time}").format(time=moment(job.started_at or job.created_at))]
    if job.finished_at:
        facts.append(_("ended {time}").format(time=moment(job.finished_at)))
    return " · ".join([*facts, f"{_('Job')} {job.job_id}"])


def _actions(job: Job) -> None:
    if job.is_live:
        if st.button(_("Cancel"), key=f"cancel_{job.job_id}", icon=":material/stop_circle:"):
            with errors_shown():
                cancel(job.job_id)
                flash(_("The job is cancelled; what was done by then is kept."))
                st.rerun()
    elif job.state != "done" and st.button(_("Try again"), key=f"retry_{job.job_id}", icon=":material/replay:"):
        with errors_shown():
            again = retry(job.job_id)
            if "job" in st.query_params:
                st.query_params["job"] = again.job_id
            st.rerun()


def _log(job: Job) -> None:
    path = job_log_path(get_settings(), job.job_id)
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:] if path.exists() else []
    with st.expander(_("Log"), icon=":material/article:", key=f"log_{job.job_id}"):
        st.code("\n".join(lines) or _("The log is empty."), language=None)
