"""An event to add or to change; times are those of the reader's clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from src.dashboard.components.acting import acting_name
from src.dashboard.components.moment_field import ask_moment
from src.dashboard.components.page import errors_shown, flash, plain
from src.dashboard.locale import _, reader_zone, translated
from src.sensors.event_changes import KIND_NAMES, LONGEST_NOTE, add_event, change_event, delete_event
from src.sensors.events import Event, EventKind

_OPENED = "event_opened"
_ROUND = "event_round"


def kind_name(kind: str) -> str:
    """Return what people call a kind of event."""
    return translated(KIND_NAMES[EventKind(kind)]) if kind in KIND_NAMES else kind


def show_new_event(machines: Sequence[str], machine: str) -> None:
    """Ask for an event that is not there yet."""
    now = st.session_state.setdefault("new_event_at", datetime.now(UTC).replace(second=0, microsecond=0))
    with st.expander(_("Add an event"), icon=":material/add:", key="add_event"):
        example = Event(machine, EventKind.FAILURE, now)
        typed = _ask(example, machines, f"new_{machine}_{_round()}", _("Add"))
        if typed is None:
            return
        with errors_shown():
            add_event(typed, actor=acting_name())
            _start_anew()
            flash(_("The event is added."))
            st.rerun()


def show_event_form(now: Event, machines: Sequence[str]) -> None:
    """Let one event be changed or deleted."""
    opened = st.session_state.get(_OPENED)
    if opened is None or opened.event_id != now.event_id:
        opened = st.session_state[_OPENED] = now
    if opened != now:
        st.warning(
            _("Somebody has changed this event since you opened it. What you see below is how it was."),
            icon=":material/sync_problem:",
        )
        st.button(_("Show it as it is now"), key="reload_event", on_click=_start_anew)
    typed = _ask(opened, machines, f"{now.event_id}_{_round()}", _("Save"))
    if typed is not None:
        with errors_shown():
            change_event(opened, typed, actor=acting_name())
            _start_anew()
            flash(_("The event is saved."))
            st.rerun()
    _delete(now)


def _ask(shown: Event, machines: Sequence[str], key: str, button: str) -> Event | None:
    zone = ZoneInfo(reader_zone())
    key = f"{key}_{zone.key}"
    with st.container(border=True, key=f"event_{key}"):
        goes_on = st.checkbox(_("It goes on"), value=shown.ended_at is None, key=f"goes_on_{key}")
        with st.form(key=f"event_form_{key}", border=False):
            left, right = st.columns(2)
            machine = left.selectbox(
                _("Machine"), machines, index=_place(machines, shown.equipment), key=f"machine_{key}"
            )
            kinds = {str(kind): kind_name(kind) for kind in KIND_NAMES}
            kind = right.selectbox(
                _("Kind"),
                list(kinds),
                index=_place(list(kinds), shown.kind),
                format_func=kinds.__getitem__,
                key=f"kind_{key}",
            )
            started_at = ask_moment(_("Start"), shown.started_at, zone, f"start_{key}")
            ended_at = None
            if not goes_on:
                default = shown.ended_at or max(shown.started_at + timedelta(hours=1), _this_minute())
                ended_at = ask_moment(_("End"), default, zone, f"end_{key}")
            note = st.text_area(_("Note"), value=shown.note, max_chars=LONGEST_NOTE, key=f"note_{key}", height=80)
            st.caption(_("Times are in {zone}").format(zone=plain(zone.key)))
            pressed = st.form_submit_button(button, type="primary", key=f"submit_{key}")
    if not pressed:
        return None
    return replace(shown, equipment=machine, kind=kind, started_at=started_at, ended_at=ended_at, note=note)


def _delete(event: Event) -> None:
    with st.expander(_("Delete this event"), icon=":material/delete:"), st.form(key=f"delete_{event.event_id}"):
        label = _("Type {name} to confirm").format(name=plain(event.equipment))
        typed = st.text_input(label, key=f"confirm_event_{event.event_id}", autocomplete="off")
        if st.form_submit_button(_("Delete for good"), key="delete_event", icon=":material/delete:"):
            if typed.strip() != event.equipment:
                st.error(_("That is not its name. Nothing is deleted."), icon=":material/error:")
                return
            with errors_shown():
                delete_event(event, actor=acting_name())
                _start_anew()
                st.query_params.pop("event", None)
                flash(_("The event is deleted."))
                st.rerun()


def _place(options: Sequence[str], value: str) -> int:
    return list(options).index(value) if value in options else 0


def _this_minute() -> datetime:
    return datetime.now(UTC).replace(second=0, microsecond=0)


def _round() -> int:
    return st.session_state.setdefault(_ROUND, 0)


def _start_anew() -> None:
    st.session_state[_ROUND] = _round() + 1
    for name in (_OPENED, "new_event_at"):
        st.session_state.pop(name, None)
