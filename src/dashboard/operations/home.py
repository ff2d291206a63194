"""Home: is all well, what is there, and what is to be done next?"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import streamlit as st

from src.dashboard.components.choices import remember_choice
from src.dashboard.components.demo_plant import keep_demo_plant_going, offer_demo_plant
from src.dashboard.components.page import asked_in_url, errors_shown, page_header, provenance
from src.dashboard.components.tables import show_pager
from src.dashboard.locale import _, moment, number
from src.dashboard.operations.live_scores import Scores, live_scores
from src.dashboard.operations.machine_card import show_machine, state_name
from src.dashboard.operations.next_step import show_next_step
from src.dashboard.page_list import go_to
from src.jobs import UNFINISHED, count_jobs, poll
from src.sensors.plant_state import MachineState, PlantState, plant_state
from src.sensors.sensor_manager import create_sensor_manager
from src.utils.model_store import list_models

REFRESH = "30s"
CARD_WIDTH = 250
CARDS = 24
_EVERY_STATE = "all"
_WORST_FIRST = ("failure", "warning", "normal")
_KEY = "state"


def show() -> None:
    """Show the page."""
    page_header(_("Home"), _("Is all well? Each machine with its state and latest readings, and what to do next."))
    if create_sensor_manager().get_enabled_sensors():
        st.fragment(_plant_now, run_every=REFRESH)()
    else:
        _nothing_yet()


def _plant_now() -> None:
    """Show the plant with what is known of it, then ask the detectors, and show it once more where they have news."""
    with errors_shown():
        poll()
        keep_demo_plant_going()
        plant, scores = plant_state(), live_scores().latest
        running, models = count_jobs(UNFINISHED), len(list_models())
        _key_figures(plant, models, running, scores)
        provenance(
            _("Data as of {time}").format(time=moment(plant.data_as_of)),
            _("looked at {time}").format(time=moment(datetime.now(UTC))),
            stale=_("no reading came since when one was due") if plant.is_stale else "",
        )
        show_next_step(plant, models, running, scores)
        _machines(plant, scores or {})
        if live_scores().ask_again():
            st.rerun()


def _nothing_yet() -> None:
    st.info(
        _("There are no sensors yet. Load the demo plant to try everything out, or import readings of your own."),
        icon=":material/database_off:",
    )
    with st.container(horizontal=True):
        offer_demo_plant()
        if st.button(_("Import readings"), key="go_import", icon=":material/upload_file:"):
            go_to("import")


def _key_figures(plant: PlantState, models: int, running: int, scores: Scores | None) -> None:
    said = list((scores or {}).values())
    figures = {
        _("Machines"): number(len(plant.machines), 0),
        _("Sensors"): number(plant.sensors, 0),
        _("Readings"): number(plant.readings, 0) + ("" if plant.readings_exact else "+"),
        _("Saved models"): number(models, 0),
        _("Jobs running"): number(running, 0),
        _("Anomalies now"): number(sum(one.is_ongoing for one in said) if said else None, 0),
        _("Open faults"): number(sum(one.fault is not None for one in said) if said else None, 0),
    }
    row = st.container(horizontal=True)
    for label, value in figures.items():
        row.metric(label, value, border=True)


def _machines(plant: PlantState, scores: Scores) -> None:
    chosen = _choose_state(plant)
    machines = sorted(plant.machines, key=lambda machine: _urgency(machine, scores))
    machines = [machine for machine in machines if chosen in (_EVERY_STATE, machine.state)]
    if not machines:
        st.caption(_("No machine is in this state."))
    first = show_pager(len(machines), "machines", rows=CARDS)
    row = st.container(horizontal=True)
    for machine in machines[first : first + CARDS]:
        with row.container(border=True, width=CARD_WIDTH):
            show_machine(machine, scores)


def _urgency(machine: MachineState, scores: Scores) -> tuple[int, bool]:
    said = [scores[latest.sensor_id] for latest in machine.latest if latest.sensor_id in scores]
    return _WORST_FIRST.index(machine.state), all(one.is_normal for one in said)


def _choose_state(plant: PlantState) -> str:
    counts = Counter(machine.state for machine in plant.machines)
    names = {_EVERY_STATE: f"{_('all')} {number(len(plant.machines), 0)}"}
    names |= {state: f"{state_name(state)} {number(counts[state], 0)}" for state in _WORST_FIRST}
    st.session_state[_KEY] = asked_in_url(_KEY, list(names), _EVERY_STATE)
    st.segmented_control(
        _("Machines by state"),
        list(names),
        format_func=names.__getitem__,
        key=_KEY,
        required=True,
        on_change=remember_choice,
        args=(_KEY,),
    )
    return str(st.session_state[_KEY])
