"""The list of sensors, and one of them to change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from src.dashboard.components.choices import ALL, choose
from src.dashboard.components.page import put_in_url
from src.dashboard.components.tables import show_table
from src.dashboard.data.filters import choose_machine
from src.dashboard.data.sensor_form import show_new_sensor, show_sensor_form
from src.dashboard.locale import _, translated
from src.dashboard.locale.typed import number_or_dash
from src.sensors.machines import Machine
from src.sensors.sensor_fields import LABELS, LIMITS, same_name
from src.sensors.sensor_manager import Sensor


def show_sensors(sensors: Sequence[Sensor], machines: Sequence[Machine]) -> None:
    """Show the sensors that the filters leave, then one of them to change, and a form for a new one."""
    found = _filtered(sensors)
    if not found:
        st.info(_("No sensor fits the filters."), icon=":material/search_off:")
        st.button(_("Show all"), key="show_all", type="primary", on_click=_forget_filters)
    else:
        show_table(
            pd.DataFrame([_row(sensor) for sensor in found]),
            "sensor_list",
            _("Sensors with their limits"),
            file_name="sensors",
            download=pd.DataFrame([vars(sensor) for sensor in found]),
            column_config={translated(LABELS["display_name"]): st.column_config.TextColumn(pinned=True)},
        )
        st.subheader(_("Change a sensor"), anchor=False)
        by_id = {str(sensor.sensor_id): sensor for sensor in found}
        chosen = choose(_("Sensor"), list(by_id), "sensor", names=lambda each: by_id[each].display_name)
        show_sensor_form(by_id[chosen], machines)
    show_new_sensor(machines)


def _filtered(sensors: Sequence[Sensor]) -> list[Sensor]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.session_state["search"] = st.query_params.get("search", "")[:200]
        st.text_input(_("Search"), key="search", icon=":material/search:", on_change=_put_search, width=280)
        machine = choose_machine(sensor.equipment for sensor in sensors)
    words = same_name(st.session_state["search"]).split()
    return [
        sensor
        for sensor in sensors
        if machine in (ALL, sensor.equipment) and all(word in _searched(sensor) for word in words)
    ]


def _searched(sensor: Sensor) -> str:
    return same_name(
        " ".join((sensor.display_name, sensor.equipment, sensor.sensor_type, sensor.unit, sensor.platform))
    )


def _put_search() -> None:
    if text := st.session_state["search"].strip():
        put_in_url("search", text)
    else:
        st.query_params.pop("search", None)


def _forget_filters() -> None:
    for name in ("search", "machine"):
        st.query_params.pop(name, None)


def _row(sensor: Sensor) -> dict[str, Any]:
    texts = ("display_name", "equipment", "sensor_type", "unit")
    return {
        **{translated(LABELS[name]): getattr(sensor, name) for name in texts},
        translated(LABELS["enabled"]): sensor.enabled,
        **{translated(LABELS[name]): number_or_dash(getattr(sensor, name)) for name in LIMITS},
        translated(LABELS["platform"]): sensor.platform,
    }
