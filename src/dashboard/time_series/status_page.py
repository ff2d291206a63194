"""Model status: are the models of the sensors still good?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from src.config import get_settings
from src.dashboard.components.choices import ALL, choose
from src.dashboard.components.demo_plant import offer_demo_plant
from src.dashboard.components.page import page_header, provenance
from src.dashboard.data.filters import choose_machine
from src.dashboard.locale import _, moment, number, percent
from src.dashboard.page_list import go_to
from src.dashboard.time_series.engine import shared_engine
from src.dashboard.time_series.models_version import models_version
from src.dashboard.time_series.status_table import condition_name, show_status_table
from src.database.engine import reading
from src.ml.sensor_models.condition import WORSE, Condition, conditions
from src.sensors.reading_stream import data_version

_SECONDS_KEPT = 60


@st.cache_data(ttl=_SECONDS_KEPT, max_entries=4, show_spinner=False)
def _look(database: str, version: str, models: str) -> tuple[dict[str, Any], datetime]:
    """Look once at what several readers see; what it is looked up by is there to be part of the key."""
    return shared_engine().get_ml_status(), datetime.now(UTC)


def show() -> None:
    """Show the page."""
    page_header(
        _("Model status"), _("Are the models still good? Which sensors have some, how old, and with what error.")
    )
    with reading() as connection:
        version = data_version(connection)
    with st.spinner(_("Looking at the models…")):
        status, looked_at = _look(get_settings().effective_database_url, version, models_version())
    if not status["sensors"]:
        st.info(_("There are no sensors yet. Load the demo plant to try everything out."), icon=":material/sensors:")
        offer_demo_plant()
        return
    if not status["anomaly_detectors"] and not status["forecasters"]:
        st.info(_("No sensor has a model yet. Train some first."), icon=":material/model_training:")
        _training_button("without", _("Train those without models"), which="without")
        return
    rows, machine, wanted = _filtered(status["sensors"])
    _key_figures(status)
    newest = max((row["newest_reading"] for row in status["sensors"] if row["newest_reading"]), default=None)
    provenance(_("Data as of {time}").format(time=moment(newest)), _("looked at {time}").format(time=moment(looked_at)))
    _to_training(rows, machine)
    chosen = [row for row in rows if wanted is None or wanted in conditions(row)]
    if chosen:
        show_status_table(chosen)
    else:
        st.info(_("No sensor fits the filters."), icon=":material/search_off:")


def _filtered(sensors: Sequence[dict[str, Any]]) -> tuple[list[dict[str, Any]], str, Condition | None]:
    names = {ALL: _("All sensors")} | {str(condition): condition_name(condition) for condition in Condition}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        machine = choose_machine(row["equipment"] for row in sensors)
        wanted = choose(_("Sensors to look at"), list(names), "condition", names=names.__getitem__)
    rows = [row for row in sensors if machine in (ALL, row["equipment"])]
    return rows, machine, Condition(wanted) if wanted else None


def _key_figures(status: dict[str, Any]) -> None:
    counts = Counter(condition for row in status["sensors"] for condition in conditions(row))
    figures = {
        _("Sensors"): (number(status["total_sensors"], 0), None),
        _("With a detector"): (number(status["anomaly_detectors"], 0), None),
        _("With a forecaster"): (number(status["forecasters"], 0), None),
        _("Coverage"): (percent(status["coverage"]), _("Share of the sensors that have both.")),
        _("Drift"): (number(counts[Condition.DRIFT], 0), _drift_help()),
        _("Worse"): (number(counts[Condition.WORSE], 0), _worse_help()),
    }
    row = st.container(horizontal=True)
    for label, (value, explained) in figures.items():
        row.metric(label, value, border=True, help=explained)


def _drift_help() -> str:
    return _("The last day's readings have left what the model was trained on.")


def _worse_help() -> str:
    message = _("The last error is more than {times} times the error at training.")
    return message.format(times=number(WORSE))


def _to_training(rows: Sequence[dict[str, Any]], machine: str) -> None:
    """Offer to train just those whose models are not in order."""
    found = {condition: [row for row in rows if condition in conditions(row)] for condition in Condition}
    labels = {
        Condition.DRIFT: _("Train those that drift"),
        Condition.WORSE: _("Train those that got worse"),
    }
    with st.container(horizontal=True):
        if found[Condition.WITHOUT]:
            on_machine = {"machine": machine} if machine != ALL else {}
            _training_button("without", _("Train those without models"), which="without", **on_machine)
        for condition, label in labels.items():
            if found[condition]:
                ids = ",".join(str(row["sensor_id"]) for row in found[condition])
                _training_button(condition, label, which="some", sensors=ids)


def _training_button(name: str, label: str, **query: str) -> None:
    if st.button(label, type="primary", key=f"train_{name}", icon=":material/model_training:"):
        go_to("training", **query)
