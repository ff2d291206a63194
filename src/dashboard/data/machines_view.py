"""The machines, and another name for one of them."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from src.dashboard.components.acting import acting_name
from src.dashboard.components.choices import choose
from src.dashboard.components.page import errors_shown, flash
from src.dashboard.components.tables import show_table
from src.dashboard.locale import _
from src.sensors.machines import Machine, rename_machine


def show_machines(machines: Sequence[Machine]) -> None:
    """Show each machine with how much belongs to it, and a form for another name."""
    frame = pd.DataFrame(
        [
            {
                _("Machine"): machine.name,
                _("Sensors"): machine.sensors,
                _("In use"): machine.enabled_sensors,
                _("Events"): machine.events,
                _("Going on"): machine.open_events,
            }
            for machine in machines
        ]
    )
    show_table(frame, "machines", _("Machines with their sensors and events"), file_name="machines")
    st.caption(_("A machine is there as long as a sensor or an event belongs to it; a new one comes with its sensor."))
    st.subheader(_("Rename a machine"), anchor=False)
    before = choose(_("Machine"), [machine.name for machine in machines], "rename")
    with st.form(key=f"rename_form_{before}"):
        after = st.text_input(_("New name"), value=before, max_chars=200, key=f"new_name_{before}")
        if st.form_submit_button(_("Rename"), type="primary", key="rename_machine"):
            with errors_shown():
                after = rename_machine(before, after, actor=acting_name())
                st.query_params.pop("rename", None)
                flash(
                    _("{before} is called {after} now, in all its sensors and events.").format(
                        before=before, after=after
                    )
                )
                st.rerun()
