"""Home: is all well, what is there, and what is to be done next?"""

from __future__ import annotations

from collections import Counter
from typing import Literal

import streamlit as st

from src.dashboard.components.demo_plant import offer_demo_plant
from src.dashboard.components.page import asked_in_url, page_header, provenance, put_in_url
from src.dashboard.components.tables import show_pager
from src.dashboard.locale import _, moment, ngettext, number
from src.dashboard.operations.machine_card import show_machine, state_name
from src.dashboard.page_list import go_to
from src.jobs import UNFINISHED, count_jobs, poll
from src.sensors.plant_state import PlantState, plant_state
from src.utils.model_store import list_models

CARD_WIDTH = 250
CARDS = 24
_EVERY_STATE = "all"
_WORST_FIRST = ("failure", "warning", "normal")
_KEY = "state"


def show() -> None:
    """Show the page."""
    page_header(_("Home"), _("Is all well? Each machine with its state and latest readings, and what to do next."))
    plant = plant_state()
    if not plant.machines:
        _nothing_yet()
        return
    poll()
    running = count_jobs(UNFINISHED)
    models = len(list_models())
    _key_figures(plant, models, running)
    provenance(
        _("Data as of {time}").format(time=moment(plant.data_as_of)),
        stale=_("no reading came since when one was due") if plant.is_stale else "",
    )
    _next_step(plant, models, running)
    _machines(plant)


def _nothing_yet() -> None:
    st.info(
        _("There are no sensors yet. Load the demo plant to try everything out, or import readings of your own."),
        icon=":material/database_off:",
    )
    with st.container(horizontal=True):
        offer_demo_plant()
        _button_to("import", _("Import readings"), "upload_file")


def _key_figures(plant: PlantState, models: int, running: int) -> None:
    figures = {
        _("Machines"): number(len(plant.machines), 0),
        _("Sensors"): number(plant.sensors, 0),
        _("Readings"): number(plant.readings, 0) + ("" if plant.readings_exact else "+"),
        _("Saved models"): number(models, 0),
        _("Jobs running"): number(running, 0),
    }
    row = st.container(horizontal=True)
    for label, value in figures.items():
        row.metric(label, value, border=True)


def _machines(plant: PlantState) -> None:
    chosen = _choose_state(plant)
    machines = sorted(plant.machines, key=lambda machine: _WORST_FIRST.index(machine.state))
    machines = [machine for machine in machines if chosen in (_EVERY_STATE, machine.state)]
    if not machines:
        st.caption(_("No machine is in this state."))
    first = show_pager(len(machines), "machines", rows=CARDS)
    row = st.container(horizontal=True)
    for machine in machines[first : first + CARDS]:
        with row.container(border=True, width=CARD_WIDTH):
            show_machine(machine)


def _choose_state(plant: PlantState) -> str:
    counts = Counter(machine.state for machine in plant.machines)
    names = {_EVERY_STATE: f"{_('all')} {number(len(plant.machines), 0)}"}
    names |= {state: f"{state_name(state)} {number(counts[state], 0)}" for state in _WORST_FIRST}
    st.session_state[_KEY] = asked_in_url(_KEY, list(names), _EVERY_STATE)
    st.segmented_control(
        _("Machines by state"), list(names), format_func=names.__getitem__, key=_KEY, required=True, on_change=_remember
    )
    return str(st.session_state[_KEY])


def _remember() -> None:
    put_in_url(_KEY, st.session_state[_KEY])


def _next_step(plant: PlantState, models: int, running: int) -> None:
    attention = sum(machine.state != "normal" for machine in plant.machines)
    with st.container(horizontal=True, vertical_alignment="center"):
        if running:
            text = ngettext(
                "Next: look at the job that is running.", "Next: look at the {count} jobs that are running.", running
            )
            path, label, icon = "jobs", _("Jobs"), "list_alt"
        elif not models:
            text = _("Next: train models that tell a machine's state from its sensors.")
            path, label, icon = "train", _("Train and compare"), "leaderboard"
        elif attention:
            text = ngettext(
                "Next: {count} machine needs attention. Ask a saved model what its values mean.",
                "Next: {count} machines need attention. Ask a saved model what their values mean.",
                attention,
            )
            path, label, icon = "predict", _("Predict by hand"), "touch_app"
        else:
            text = _("Next: ask a saved model what state some values mean.")
            path, label, icon = "predict", _("Predict by hand"), "touch_app"
        st.markdown(text)
        _button_to(path, label, icon, kind="primary")


def _button_to(path: str, label: str, icon: str, *, kind: Literal["primary", "secondary"] = "secondary") -> None:
    if st.button(label, type=kind, key=f"go_{path}", icon=f":material/{icon}:"):
        go_to(path)
