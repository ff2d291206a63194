"""Jobs: what is running, what waits, and what came out?"""

from __future__ import annotations

import streamlit as st

from src.dashboard.components.job_card import show_live_job
from src.dashboard.components.page import asked_in_url, errors_shown, page_header, put_in_url
from src.dashboard.components.tables import show_pager
from src.dashboard.locale import _, moment, translated
from src.dashboard.operations.job_kinds import shown_kind
from src.dashboard.operations.job_list import ROWS, show_list
from src.dashboard.page_list import go_to
from src.jobs import UNFINISHED, Job, State, count_jobs, get_job, list_jobs

LIVE = "2s"
_KEY = "state"
_FILTERS: dict[str, tuple[State, ...]] = {
    "all": (),
    "unfinished": UNFINISHED,
    "done": ("done",),
    "failed": ("failed", "lost"),
    "cancelled": ("cancelled",),
}


def show() -> None:
    """Show the page."""
    page_header(_("Jobs"), _("What is running, what waits its turn, and what came out?"))
    if not count_jobs():
        st.info(_("No job has run yet. A comparison of models is one."), icon=":material/list_alt:")
        if st.button(_("Train and compare"), type="primary", key="go_train"):
            go_to("train")
        return
    states = _FILTERS[_choose_filter()]
    first = show_pager(count_jobs(states), "jobs", rows=ROWS)
    jobs = list_jobs(ROWS, first, states)
    live = any(not job.is_finished for job in jobs)
    st.fragment(show_list, run_every=LIVE if live else None)(first, states, live)
    _detail(jobs)


def _choose_filter() -> str:
    names = {
        "all": _("all"),
        "unfinished": _("waiting or running"),
        "done": _("done"),
        "failed": _("failed or lost"),
        "cancelled": _("cancelled"),
    }
    st.session_state[_KEY] = asked_in_url(_KEY, list(names), "all")
    st.segmented_control(
        _("State"), list(names), format_func=names.__getitem__, key=_KEY, required=True, on_change=_put_filter_in_url
    )
    return str(st.session_state[_KEY])


def _put_filter_in_url() -> None:
    put_in_url(_KEY, st.session_state[_KEY])
    st.query_params.pop("jobs_page", None)


def _detail(jobs: list[Job]) -> None:
    titles = {job.job_id: _line(job) for job in jobs}
    ids = list(titles)
    asked = st.query_params.get("inspect", ids[0] if ids else "")
    if asked and asked not in ids:
        asked = _add_asked(titles, asked)
        ids = list(titles)
    if not ids:
        return
    st.session_state["inspect"] = asked  # the URL says which, for "Try again" changes it too
    chosen = st.selectbox(
        _("Look at one"), ids, format_func=titles.__getitem__, key="inspect", on_change=_put_choice_in_url
    )
    with errors_shown():
        job = get_job(chosen)
        show_live_job(job, shown_kind(job).progress, below=_offer_result)


def _line(job: Job) -> str:
    return f"{translated(job.title)} · {moment(job.created_at)} · {job.job_id[:8]}"


def _add_asked(titles: dict[str, str], asked: str) -> str:
    """Put the job that the URL names among those that can be looked at; it may be on another page of the list."""
    with errors_shown():
        job = get_job(asked)
        titles[job.job_id] = _line(job)
        return job.job_id
    return next(iter(titles), "")


def _put_choice_in_url() -> None:
    put_in_url("inspect", st.session_state["inspect"])


def _offer_result(job: Job) -> None:
    kind = shown_kind(job)
    if kind.is_open_to(job) and st.button(kind.label(), key="open_result", type="primary"):
        kind.open(job)
