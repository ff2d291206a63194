"""Sensors and machines: what is measured, where, and within which limits?"""

from __future__ import annotations

import streamlit as st

from src.dashboard.components.acts import show_acts
from src.dashboard.components.choices import choose_view
from src.dashboard.components.demo_plant import offer_demo_plant
from src.dashboard.components.page import page_header
from src.dashboard.data.events_view import show_events
from src.dashboard.data.machines_view import show_machines
from src.dashboard.data.sensor_form import show_new_sensor
from src.dashboard.data.sensors_view import show_sensors
from src.dashboard.locale import _
from src.sensors.machines import list_machines
from src.sensors.sensor_manager import create_sensor_manager


def show() -> None:
    """Show the page."""
    page_header(
        _("Sensors and machines"),
        _("What is measured, on which machine, within which limits, and what happened there?"),
    )
    sensors, machines = create_sensor_manager().get_all_sensors(), list_machines()
    view = choose_view(
        {
            "sensors": _("Sensors"),
            "machines": _("Machines"),
            "events": _("Events"),
            "history": _("Who did what"),
        }
    )
    if view == "history":
        show_acts("sensor", "machine", "data", "key")
    elif not sensors and not machines:
        st.info(
            _("There are no sensors yet. Add one, or load the demo plant to try everything out."),
            icon=":material/sensors_off:",
        )
        offer_demo_plant()
        show_new_sensor(machines)
    elif view == "sensors":
        show_sensors(sensors, machines)
    elif view == "machines":
        show_machines(machines)
    else:
        show_events(machines)
