"""The list of jobs, one page of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from src.dashboard.components.job_card import state_name
from src.dashboard.components.page import errors_shown
from src.dashboard.locale import _, duration, moment, translated
from src.jobs import Job, State, list_jobs

ROWS = 25


def show_list(first: int, states: tuple[State, ...], was_live: bool) -> None:
    """Show so many jobs after the first ones; once none of them is live any more, the whole page is drawn anew."""
    with errors_shown():
        _list(first, states, was_live)


def _list(first: int, states: tuple[State, ...], was_live: bool) -> None:
    jobs = list_jobs(ROWS, first, states)
    if was_live and not any(not job.is_finished for job in jobs):
        st.rerun()  # nothing moves any more: stop asking
    if not jobs:
        st.caption(_("No job is in this state."))
        return
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
