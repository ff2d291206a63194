"""A sensor's description to fill in or to change, and what else can be done with a sensor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from src.dashboard.components.acting import acting_name
from src.dashboard.components.number_field import prepare_number
from src.dashboard.components.page import errors_shown, flash, plain, put_in_url
from src.dashboard.locale import _, translated
from src.dashboard.locale.typed import read_number
from src.sensors.machines import Machine
from src.sensors.quantities import PLANT_QUANTITIES
from src.sensors.sensor_fields import LABELS, LIMITS, LONGEST, SensorDescription
from src.sensors.sensor_manager import Sensor, create_sensor_manager

_EXAMPLE = SensorDescription(display_name="", equipment="", sensor_type="")
_OPENED = "sensor_opened"
_ROUND = "sensor_round"


def show_new_sensor(machines: Sequence[Machine]) -> None:
    """Ask for a sensor that is not there yet."""
    with st.expander(_("Add a sensor"), icon=":material/add:", key="add_sensor"):
        typed = _ask(_EXAMPLE, machines, f"new_{_round()}", _("Add"))
        if typed is None:
            return
        with errors_shown():
            sensor = create_sensor_manager().add(_read(typed, enabled=True), actor=acting_name())
            _start_anew()
            put_in_url("sensor", str(sensor.sensor_id))
            flash(_("The sensor {name} is added.").format(name=sensor.display_name))
            st.rerun()


def show_sensor_form(now: Sensor, machines: Sequence[Machine]) -> None:
    """Let one sensor be changed, taken out of use, or deleted."""
    opened = st.session_state.get(_OPENED)
    if opened is None or opened.sensor_id != now.sensor_id:
        opened = st.session_state[_OPENED] = now
    if opened != now:  # what is typed may rest on what is no more: that is for its writer to judge
        st.warning(
            _("Somebody has changed this sensor since you opened it. What you see below is how it was."),
            icon=":material/sync_problem:",
        )
        st.button(_("Show it as it is now"), key="reload_sensor", on_click=_start_anew)
    key = f"{now.sensor_id}_{_round()}"
    typed = _ask(opened, machines, key, _("Save"))
    if typed is not None:
        with errors_shown():
            create_sensor_manager().update(opened, _read(typed, enabled=opened.enabled), actor=acting_name())
            _start_anew()
            flash(_("The sensor {name} is saved.").format(name=typed["display_name"].strip()))
            st.rerun()
    _switch(opened)
    _delete(now)


def _ask(shown: SensorDescription, machines: Sequence[Machine], key: str, button: str) -> dict[str, Any] | None:
    """Ask for all fields; numbers as text, for a browser's own field drops a comma unseen."""
    with st.form(key=f"sensor_{key}", border=True):
        typed: dict[str, Any] = {}
        for row in (("display_name", "equipment", "platform"), ("sensor_type", "unit")):
            for column, name in zip(st.columns(len(row), vertical_alignment="bottom"), row, strict=True):
                with column:
                    typed[name] = _ask_text(name, shown, machines, f"{name}_{key}")
        for row in (LIMITS[:3], LIMITS[3:]):
            for column, name in zip(st.columns(len(row), vertical_alignment="bottom"), row, strict=True):
                prepare_number(f"{name}_{key}", getattr(shown, name))
                typed[name] = column.text_input(_label(name, shown), key=f"{name}_{key}")
        st.caption(_("A limit that is left empty is none. From low to high: physical, critical, warning."))
        pressed = st.form_submit_button(button, type="primary", key=f"submit_sensor_{key}")
    return typed if pressed else None


def _ask_text(name: str, shown: SensorDescription, machines: Sequence[Machine], key: str) -> str:
    choices = {"equipment": [machine.name for machine in machines], "sensor_type": list(PLANT_QUANTITIES)}.get(name)
    value, label = getattr(shown, name), translated(LABELS[name])
    if not choices:
        return st.text_input(label, value=value, max_chars=LONGEST[name], key=key)
    helps = {
        "equipment": _("Choose one, or type the name of a new one."),
        "sensor_type": _("Machines with lux, temperature and vibration are in the training table."),
    }
    options = list(dict.fromkeys([*choices, value] if value else choices))
    chosen = st.selectbox(
        label,
        options,
        index=options.index(value) if value else None,
        accept_new_options=True,
        help=helps[name],
        placeholder=_("Choose or type"),
        key=key,
    )
    return chosen or ""


def _label(name: str, shown: SensorDescription) -> str:
    label = translated(LABELS[name])
    return plain(f"{label} ({shown.unit})" if shown.unit else label)


def _read(typed: dict[str, Any], *, enabled: bool) -> SensorDescription:
    """Read what was typed; an empty limit is none."""
    limits = {
        name: read_number(translated(LABELS[name]), typed[name]) if typed[name].strip() else None for name in LIMITS
    }
    return SensorDescription(**{**typed, **limits}, enabled=enabled)


def _switch(sensor: Sensor) -> None:
    label = _("Take out of use") if sensor.enabled else _("Take into use")
    help_text = _("Its readings stay; out of use it is neither on the plant's page nor in the training table.")
    icon = ":material/toggle_off:" if sensor.enabled else ":material/toggle_on:"
    if st.button(label, key="switch_sensor", icon=icon, help=help_text):
        with errors_shown():
            create_sensor_manager().set_enabled(sensor, not sensor.enabled, actor=acting_name())
            _start_anew()
            flash(
                _("{name} is out of use.").format(name=sensor.display_name)
                if sensor.enabled
                else _("{name} is in use.").format(name=sensor.display_name)
            )
            st.rerun()


def _delete(sensor: Sensor) -> None:
    with st.expander(_("Delete this sensor"), icon=":material/delete:"), st.form(key=f"delete_{sensor.sensor_id}"):
        st.markdown(_("All its readings are deleted with it, and this cannot be undone."))
        label = _("Type {name} to confirm").format(name=plain(sensor.display_name))
        typed = st.text_input(label, key=f"confirm_{sensor.sensor_id}", autocomplete="off")
        if st.form_submit_button(_("Delete for good"), key="delete_sensor", icon=":material/delete:"):
            if typed.strip() != sensor.display_name:
                st.error(_("That is not its name. Nothing is deleted."), icon=":material/error:")
                return
            with errors_shown():
                readings = create_sensor_manager().delete(sensor.sensor_id, actor=acting_name())
                _start_anew()
                st.query_params.pop("sensor", None)
                message = _("The sensor {name} is deleted, with {readings} readings.")
                flash(message.format(name=sensor.display_name, readings=readings))
                st.rerun()


def _round() -> int:
    """The number of the form: another one has fields of its own, filled from what is stored."""
    return st.session_state.setdefault(_ROUND, 0)


def _start_anew() -> None:
    st.session_state[_ROUND] = _round() + 1
    st.session_state.pop(_OPENED, None)
