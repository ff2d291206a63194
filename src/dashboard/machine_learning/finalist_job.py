"""What is computed on demand for one of the best, as a job: asked for once, kept, and shown in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from src.dashboard.components.job_card import show_live_job
from src.dashboard.components.page import errors_shown, plain, provenance
from src.dashboard.locale import _, moment, translated
from src.jobs import Job, find_job, submit
from src.notes import Note


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
            show_live_job(job, lambda job: job.message, below=lambda job: _show_so_far(job, show))
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


def _show_so_far(job: Job, show: Callable[[dict[str, Any]], None]) -> None:
    if job.result:
        show(job.result)
