"""The plant: is all well?"""

from __future__ import annotations

import streamlit as st

from src.dashboard.components.demo_plant import offer_demo_plant
from src.dashboard.components.page import page_header, plain, provenance
from src.dashboard.locale import _, moment, number
from src.dashboard.page_list import go_to
from src.sensors.plant_state import MachineState, PlantState, plant_state
from src.utils.model_store import list_models

CARD_WIDTH = 250
_NO_BREAK = "\N{NO-BREAK SPACE}"
STATE_BADGES = {"normal": ("green", "check_circle"), "warning": ("orange", "warning"), "failure": ("red", "error")}


def show() -> None:
    """Show the page."""
    page_header(_("Plant"), _("Is all well? Each machine, its state and its latest readings."))
    plant = plant_state()
    if not plant.machines:
        st.info(
            _("There are no sensors yet. Load the demo plant to try everything out."), icon=":material/database_off:"
        )
        offer_demo_plant()
        return
    _key_figures(plant)
    provenance(_("Data as of {time}").format(time=moment(plant.data_as_of)))
    row = st.container(horizontal=True)
    for machine in plant.machines:
        with row.container(border=True, width=CARD_WIDTH):
            _machine(machine)
    _next_step()


def _key_figures(plant: PlantState) -> None:
    attention = sum(machine.state != "normal" for machine in plant.machines)
    figures = {
        _("Machines"): number(len(plant.machines), 0),
        _("Need attention"): number(attention, 0),
        _("Sensors"): number(plant.sensors, 0),
        _("Readings"): number(plant.readings, 0),
    }
    row = st.container(horizontal=True)
    for label, value in figures.items():
        row.metric(label, value, border=True)


def _machine(machine: MachineState) -> None:
    names = {"normal": _("normal"), "warning": _("warning"), "failure": _("failure")}
    colour, icon = STATE_BADGES[machine.state]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(machine.equipment)}**", width="stretch")
        st.badge(names[machine.state], color=colour, icon=f":material/{icon}:")  # type: ignore[arg-type]
    quantities = {"lux": _("Light"), "temperature": _("Temperature"), "vibration": _("Vibration")}
    values = [
        f"{plain(quantities.get(latest.sensor_type, latest.display_name))} "
        f"**{number(latest.value, 1)}**{_NO_BREAK}{plain(latest.unit)}"
        for latest in machine.latest
    ]
    st.markdown("  \n".join(values))


def _next_step() -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if list_models():
            st.markdown(_("Next: ask a saved model what state some values mean."))
            if st.button(_("Predict by hand"), type="primary", key="go_predict"):
                go_to("predict")
        else:
            st.markdown(_("Next: train models that tell a machine's state from its sensors."))
            if st.button(_("Train and compare"), type="primary", key="go_train"):
                go_to("train")
