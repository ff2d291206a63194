"""Training: which sensors can have models, and what is to be trained?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from src.config import get_settings
from src.dashboard.components.acting import acting_name
from src.dashboard.components.choices import ALL, choose
from src.dashboard.components.demo_plant import offer_demo_plant
from src.dashboard.components.page import errors_shown, page_header, put_in_url
from src.dashboard.data.filters import choose_machine, pick_sensors
from src.dashboard.locale import _, ngettext
from src.dashboard.time_series.training_form import ask_for_plan
from src.dashboard.time_series.training_job_view import show_training
from src.dashboard.time_series.training_table import show_training_table
from src.database.engine import reading
from src.jobs import submit
from src.ml.sensor_models.readiness import Readiness, lacks_models, readiness
from src.ml.sensor_models.retraining import Plan
from src.ml.sensor_models.store import SensorModels, Version
from src.ml.sensor_models.training_job import parameters_for
from src.ml.sensor_models.training_report import KIND
from src.notes import Note
from src.sensors.reading_stream import data_version
from src.sensors.sensor_manager import Sensor, create_sensor_manager

EVERY, WITHOUT, SOME = "all", "without", "some"
_SECONDS_KEPT = 60


@st.cache_data(ttl=_SECONDS_KEPT, max_entries=24, show_spinner=False)
def _look(sensors: tuple[Sensor, ...], plan: Plan, database: str, version: str) -> list[Readiness]:
    """Count once what several readers look at; database and version are there to be part of the key."""
    return readiness(sensors, plan)


def show() -> None:
    """Show the page: a training where the URL names its job, else what a new one takes."""
    page_header(
        _("Training"), _("Which sensors can have models? Choose some, and train what watches and forecasts them.")
    )
    if job_id := st.query_params.get("job"):
        show_training(job_id)
        return
    sensors = create_sensor_manager().get_all_sensors()
    if not sensors:
        st.info(_("There are no sensors yet. Load the demo plant to try everything out."), icon=":material/sensors:")
        offer_demo_plant()
        return
    versions = SensorModels().versions()
    which, on_machine = _filter(sensors)
    with st.container():
        picked = pick_sensors([s for s in on_machine if s.enabled], _("Choose some")) if which == SOME else []
    plan = ask_for_plan()
    chosen = _chosen(which, on_machine, picked, plan or Plan(), versions)
    in_use = [sensor.sensor_id for sensor in chosen if sensor.enabled]
    is_all = which == EVERY and len(on_machine) == len(sensors)
    if _train_button(len(in_use), is_possible=plan is not None) and plan is not None:
        _start(chosen, None if is_all and in_use else in_use, plan)
    with reading() as connection:
        version = data_version(connection)
    with st.spinner(_("Looking at the readings…")):
        listed = tuple(chosen or on_machine)
        looked = _look(listed, plan or Plan(), get_settings().effective_database_url, version)
    show_training_table(looked, plan or Plan(), versions)


def _filter(sensors: Sequence[Sensor]) -> tuple[str, list[Sensor]]:
    names = {EVERY: _("All sensors"), WITHOUT: _("Those without models"), SOME: _("Some sensors")}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        machine = choose_machine(sensor.equipment for sensor in sensors)
        which = choose(_("To be trained"), list(names), "which", names=names.__getitem__)
    return which, [sensor for sensor in sensors if machine in (ALL, sensor.equipment)]


def _chosen(
    which: str, on_machine: list[Sensor], picked: list[Sensor], plan: Plan, versions: Mapping[str, Version]
) -> list[Sensor]:
    if which == WITHOUT:
        return [sensor for sensor in on_machine if sensor.enabled and lacks_models(sensor, plan, versions)]
    return picked if which == SOME else on_machine


def _train_button(count: int, *, is_possible: bool) -> bool:
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button(
            _("Train"), type="primary", key="start_training", icon=":material/play_arrow:", disabled=not is_possible
        )
        st.markdown(ngettext("{count} sensor is chosen.", "{count} sensors are chosen.", count))
    return pressed


def _start(chosen: Sequence[Sensor], sensor_ids: Sequence[int] | None, plan: Plan) -> None:
    with errors_shown():
        parameters = parameters_for(sensor_ids, plan, actor=acting_name())
        title = Note("Train the models of {count} sensors", {"count": sum(sensor.enabled for sensor in chosen)})
        if sensor_ids is not None and len(sensor_ids) == 1:
            title = Note("Train the models of {sensor}", {"sensor": chosen[0].display_name})
        put_in_url("job", submit(KIND, parameters, title=title).job_id)
        st.rerun()
