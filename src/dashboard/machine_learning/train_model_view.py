"""Train and compare: which model is best for this table?"""

from __future__ import annotations

from dataclasses import asdict

import pandas as pd
import streamlit as st

from src.config import get_settings
from src.dashboard.components.demo_plant import offer_demo_plant
from src.dashboard.components.page import asked_in_url, page_header, plain, put_in_url, show_error
from src.dashboard.locale import _, moment, translated
from src.dashboard.machine_learning.choices_form import choose
from src.dashboard.machine_learning.comparison_view import show_comparison
from src.dashboard.machine_learning.table_profile import PLANT, show_profile
from src.dashboard.machine_learning.uploaded_table import ask_for_file
from src.errors import FarolError, NoReadings
from src.jobs import list_jobs, submit
from src.ml.comparison_job import TABLE
from src.ml.comparison_plan import Choices
from src.notes import Note
from src.sensors.training_table import get_dataframe_leituras_sensores
from src.tables.export import as_parquet

UPLOAD = "upload"


@st.cache_data(ttl=get_settings().cache_ttl, show_spinner=False, max_entries=2)
def load_sensor_data() -> pd.DataFrame:
    """Load the plant's training table: lux, temperature and vibration of each machine with its state."""
    return get_dataframe_leituras_sensores()


def show() -> None:
    """Show the page: a comparison where the URL names one, else what a new one is made of."""
    page_header(_("Train and compare"), _("Which model is best for this table? Compare them, and keep the best."))
    if job_id := st.query_params.get("job"):
        show_comparison(job_id)
        return
    _offer_running()
    table = _choose_table()
    if table is None:
        return
    frame, source, notes = table
    for note in notes:
        st.caption(f":material/info: {plain(translated(note))}")
    profile = show_profile(frame)
    choices = choose(frame, profile, source, is_plant=st.session_state["source"] == PLANT)
    if choices is None:
        return
    if st.button(_("Train and compare models"), type="primary", key="start", icon=":material/play_arrow:"):
        try:
            job = submit(
                "compare_models", asdict(choices), title=_title(choices), attachments={TABLE: as_parquet(frame)}
            )
        except FarolError as error:
            show_error(error)
            return
        st.query_params["job"] = job.job_id
        st.rerun()


def _title(choices: Choices) -> Note:
    if choices.source == PLANT:
        return Note("Compare models: {target} from the plant's readings", {"target": choices.target})
    return Note("Compare models: {target} from {source}", {"target": choices.target, "source": choices.source})


def _offer_running() -> None:
    """Lead back to the comparisons that run: leaving the page must not lose them from sight."""
    for job in list_jobs(limit=10):
        if job.kind == "compare_models" and not job.is_finished:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.info(
                    f"{_('A comparison is running')}: {plain(translated(job.title))}",
                    icon=":material/hourglass_top:",
                    width="stretch",
                )
                if st.button(_("Watch"), key=f"watch_{job.job_id}"):
                    st.query_params["job"] = job.job_id
                    st.rerun()


def _choose_table() -> tuple[pd.DataFrame, str, tuple[Note, ...]] | None:
    labels = {PLANT: _("The plant's readings"), UPLOAD: _("A file of mine")}
    source = st.segmented_control(
        _("Training table"),
        list(labels),
        format_func=labels.__getitem__,
        default=asked_in_url("source", list(labels), PLANT),
        required=True,
        key="source",
        persist_state="session",
    )
    put_in_url("source", source)
    return _plant_table() if source == PLANT else ask_for_file()


def _plant_table() -> tuple[pd.DataFrame, str, tuple[Note, ...]] | None:
    try:
        with st.spinner(_("Loading the readings…")):
            frame = load_sensor_data()
    except NoReadings as error:
        st.info(translated(error), icon=":material/database_off:")
        offer_demo_plant()
        return None
    with st.container(horizontal=True, vertical_alignment="center"):
        as_of = _("Readings up to {time}.").format(time=moment(frame["timestamp"].max()))
        st.caption(as_of)
        if st.button(_("Refresh"), icon=":material/refresh:", key="refresh", type="tertiary"):
            load_sensor_data.clear()
            st.rerun()
    return frame, PLANT, ()
