"""One machine: its state, and what its sensors read now against their limits."""

from __future__ import annotations

import streamlit as st

from src.dashboard.components.page import plain
from src.dashboard.locale import _, moment, number
from src.sensors.plant_state import LatestReading, MachineState

_NO_BREAK = "\N{NO-BREAK SPACE}"
_BADGES = {"normal": ("green", "check_circle"), "warning": ("orange", "warning"), "failure": ("red", "error")}


def show_machine(machine: MachineState) -> None:
    """Show the card of one machine."""
    colour, icon = _BADGES[machine.state]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(machine.equipment)}**", width="stretch")
        st.badge(state_name(machine.state), color=colour, icon=f":material/{icon}:")  # type: ignore[arg-type]
    st.markdown("  \n".join(_reading(latest) for latest in machine.latest) or _("No reading yet."))
    if machine.since is not None:
        st.caption(_("since {time}").format(time=moment(machine.since)))


def state_name(state: str) -> str:
    """Say a machine's state in the reader's language."""
    return {"normal": _("normal"), "warning": _("warning"), "failure": _("failure")}[state]


def _reading(latest: LatestReading) -> str:
    quantities = {"lux": _("Light"), "temperature": _("Temperature"), "vibration": _("Vibration")}
    name = plain(quantities.get(latest.sensor_type, latest.display_name))
    text = f"{name} **{number(latest.value, 1)}**{_NO_BREAK}{plain(latest.unit)}"
    crossed = {
        "warning": f":material/warning: {_('beyond the warning limit')}",
        "critical": f":material/error: {_('beyond the critical limit')}",
    }
    return f"{text} :small[{crossed[latest.crossed]}]" if latest.crossed else text
