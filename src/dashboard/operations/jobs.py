"""Jobs: what is running, what waits, and what came out?"""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from src.dashboard.components.job_card import show_job_card, state_name
from src.dashboard.components.page import errors_shown, page_header, put_in_url
from src.dashboard.locale import _, duration, moment, translated
from src.dashboard.machine_learning.comparison_view import progress_message
from src.dashboard.page_list import go_to
from src.jobs import Job, get_job, list_jobs

LIVE = "2s"
MOST = 200


def show() -> None:
    """Show the page."""
    page_header(_("Jobs"), _("What is running, what waits its turn, and what came out?"))
    jobs = list_jobs(limit=MOST)
    if not jobs:
        st.info(_("No job has run yet. A comparison of models is one."), icon=":material/list_alt:")
        if st.button(_("Train and compare"), type="primary", key="go_train"):
            go_to("train")
        return
    live = any(not job.is_finished for job in jobs)
    st.fragment(_list_or_error, run_every=LIVE if live else None)(live)
    _detail(jobs)


def _list_or_error(was_live: bool) -> None:
    with errors_shown():
        _list(was_live)


def _list(was_live: bool) -> None:
    jobs = list_jobs(limit=MOST)
    if was_live and not any(not job.is_finished for job in jobs):
        st.rerun()  # nothing moves any more: stop asking
    st.dataframe(
        pd.DataFrame([_row(job) for job in jobs]),
        hide_index=True,
        alt=_("Jobs, the newest first"),
        column_config={  # narrow enough that state, progress and time are in sight at 800 pixels; the title is below
            _("What"): st.column_config.TextColumn(width=210),
            _("Progress"): st.column_config.ProgressColumn(min_value=0, max_value=1, format="percent", width=110),
        },
        height=min(36 * (len(jobs) + 1) + 3, 420),
    )


def _row(job: Job) -> dict[str, object]:
    return {
        _("What"): translated(job.title),
        _("State"): state_name(job.state),
        _("Progress"): round(job.progress, 2),
        _("Took"): _took(job),
        _("Created"): moment(job.created_at),
    }


def _took(job: Job) -> str:
    if job.started_at is None:
        return "—"
    return duration(((job.finished_at or datetime.now(UTC)) - job.started_at).total_seconds())


def _detail(jobs: list[Job]) -> None:
    titles = {job.job_id: f"{translated(job.title)} · {moment(job.created_at)} · {job.job_id[:8]}" for job in jobs}
    ids = list(titles)
    asked = st.query_params.get("inspect", ids[0])
    if asked not in ids:
        with errors_shown():
            get_job(asked)
        asked = ids[0]
    st.session_state["inspect"] = asked  # the URL says which, for "Try again" changes it too
    chosen = st.selectbox(
        _("Look at one"), ids, format_func=titles.__getitem__, key="inspect", on_change=_put_choice_in_url
    )
    live = any(job.job_id == chosen and not job.is_finished for job in jobs)
    st.fragment(_card, run_every=LIVE if live else None)(chosen, live)


def _put_choice_in_url() -> None:
    put_in_url("inspect", st.session_state["inspect"])


def _card(job_id: str, was_live: bool) -> None:
    with errors_shown():
        job = get_job(job_id)
        if was_live and job.is_finished:
            st.rerun()
        is_comparison = job.kind == "compare_models"
        show_job_card(job, progress_message(job) if is_comparison else "")
        if is_comparison and job.result and st.button(_("Open the comparison"), key="open_comparison", type="primary"):
            go_to("train", job=job.job_id)
