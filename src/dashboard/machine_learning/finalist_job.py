"""What is computed on demand for one of the best, as a job: asked for once, kept, and shown in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from src.dashboard.components.job_card import show_job_card
from src.dashboard.components.page import errors_shown, plain, provenance
from src.dashboard.locale import _, moment, translated
from src.jobs import Job, find_job, get_job, submit
from src.notes import Note

LIVE = "1.5s"


def show_finalist_job(
    kind: str, parameters: dict[str, Any], title: Note, show: Callable[[dict[str, Any]], None]
) -> None:
    """Offer to compute something, show how far it is, or show what came out.

    Parameters
    ----------
    kind, parameters, title
        As `jobs.submit` takes them.
    show : callable
        Shows a result, or what there is of it.
    """
    with errors_shown():
        job = find_job(kind, parameters)
        if job is not None and not job.is_finished:
            _live(job.job_id, show)
            return
        if job is not None and job.result:
            show(job.result)
            provenance(_("computed {time}").format(time=moment(job.finished_at)))
        if job is None or job.state != "done":
            _offer(kind, parameters, title, job)


def _offer(kind: str, parameters: dict[str, Any], title: Note, before: Job | None) -> None:
    if before is not None and before.error:
        st.error(plain(translated(before.error)), icon=":material/error:")
    elif before is not None:
        st.info(_("It was cancelled before it was done."), icon=":material/stop_circle:")
    label = _("Compute") if before is None else _("Compute again")
    if st.button(label, type="primary", icon=":material/calculate:", key=f"compute_{kind}"):
        submit(kind, parameters, title=title)
        st.rerun()


@st.fragment(run_every=LIVE)
def _live(job_id: str, show: Callable[[dict[str, Any]], None]) -> None:
    with errors_shown():
        job = get_job(job_id)
        if job.is_finished:
            st.rerun()
        show_job_card(job)
        if job.result:
            show(job.result)
