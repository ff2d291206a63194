"""One machine: its state, and what its sensors read now against their limits."""

from __future__ import annotations

import streamlit as st

from src.dashboard.components.page import plain
from src.dashboard.locale import _, moment, number, score, translated
from src.dashboard.operations.live_scores import Said, Scores
from src.dashboard.page_list import PAGES
from src.sensors.plant_state import LatestReading, MachineState

_NO_BREAK = "\N{NO-BREAK SPACE}"
_BADGES = {"normal": ("green", "check_circle"), "warning": ("orange", "warning"), "failure": ("red", "error")}


def show_machine(machine: MachineState, scores: Scores) -> None:
    """Show the card of one machine, with what the detectors say of its sensors, as far as they have one."""
    colour, icon = _BADGES[machine.state]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{plain(machine.equipment)}**", width="stretch")
        st.badge(state_name(machine.state), color=colour, icon=f":material/{icon}:")  # type: ignore[arg-type]
    st.markdown(
        "  \n".join(_reading(latest, scores.get(latest.sensor_id)) for latest in machine.latest) or _("No reading yet.")
    )
    for latest in machine.latest:
        if (said := scores.get(latest.sensor_id)) is not None and not said.is_normal:
            _lead_to(latest, said)
    if machine.since is not None:
        st.caption(_("since {time}").format(time=moment(machine.since)))


def state_name(state: str) -> str:
    """Say a machine's state in the reader's language."""
    return {"normal": _("normal"), "warning": _("warning"), "failure": _("failure")}[state]


def _reading(latest: LatestReading, said: Said | None) -> str:
    text = f"{_quantity(latest)} **{number(latest.value, 1)}**{_NO_BREAK}{plain(latest.unit)}"
    crossed = {
        "warning": f":material/warning: {_('beyond the warning limit')}",
        "critical": f":material/error: {_('beyond the critical limit')}",
    }
    marks = [f":small[{crossed[latest.crossed]}]"] if latest.crossed else []
    marks += [_mark(said)] if said is not None else []
    return " ".join([text, *marks])


def _mark(said: Said) -> str:
    if said.fault is not None:
        return f":orange-badge[:material/sensors_off: {_('sensor fault')}]"
    text = _("score {score}").format(score=score(said.score, 2))
    if said.is_ongoing:
        return f":red-badge[:material/troubleshoot: {_('anomaly')}, {text}]"
    return f":small[{text}]"


def _quantity(latest: LatestReading) -> str:
    quantities = {"lux": _("Light"), "temperature": _("Temperature"), "vibration": _("Vibration")}
    return plain(quantities.get(latest.sensor_type, latest.display_name))


def _lead_to(latest: LatestReading, said: Said) -> None:
    """Lead to where a sensor that is not normal is looked at."""
    st.page_link(
        st.Page(PAGES["anomalies"], url_path="anomalies"),
        label=_("Look at {sensor}").format(sensor=_quantity(latest)),
        icon=":material/arrow_forward:",
        help=plain(translated(said.fault)) if said.fault else None,
        query_params={"sensor": str(latest.sensor_id)},
    )
