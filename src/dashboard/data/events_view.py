"""The events of the machines: what goes on, what was, and forms to say so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from src.dashboard.components.acting import acting_name
from src.dashboard.components.choices import choose
from src.dashboard.components.page import errors_shown, flash, plain
from src.dashboard.components.tables import show_table
from src.dashboard.data.event_form import kind_name, show_event_form, show_new_event
from src.dashboard.data.filters import choose_machine
from src.dashboard.locale import _, duration, moment
from src.sensors.event_changes import end_event, list_events
from src.sensors.events import Event
from src.sensors.machines import Machine


def show_events(machines: Sequence[Machine]) -> None:
    """Show the events of one machine or of all, those that go on first."""
    names = [machine.name for machine in machines]
    with st.container(horizontal=True):
        machine = choose_machine(names)
    events = list_events(machine or None)
    going_on = [event for event in events if event.ended_at is None]
    if going_on:
        st.subheader(_("Going on"), anchor=False)
    for event in going_on:
        _open_event(event)
    st.subheader(_("All events"), anchor=False)
    if events:
        _table(events)
        by_id = {str(event.event_id): event for event in events}
        titles = {event_id: _title(event) for event_id, event in by_id.items()}
        chosen = choose(_("Change an event"), list(by_id), "event", names=titles.__getitem__)
        show_event_form(by_id[chosen], names)
    else:
        st.info(_("No event is known here yet."), icon=":material/event_busy:")
    show_new_event(names, machine or names[0])


def _open_event(event: Event) -> None:
    with st.container(horizontal=True, vertical_alignment="center", border=True, key=f"open_{event.event_id}"):
        since = _("{kind} since {time}").format(kind=kind_name(event.kind), time=moment(event.started_at))
        st.markdown(f"**{plain(event.equipment)}** · {plain(f'{since} {event.note}')}", width="stretch")
        if st.button(_("End now"), key=f"end_{event.event_id}", icon=":material/stop_circle:"):
            with errors_shown():
                end_event(event, datetime.now(UTC), actor=acting_name())
                flash(_("The event is over."))
                st.rerun()


def _table(events: Sequence[Event]) -> None:
    frame = pd.DataFrame(
        [
            {
                _("Machine"): event.equipment,
                _("Kind"): kind_name(event.kind),
                _("Start"): moment(event.started_at),
                _("End"): moment(event.ended_at) if event.ended_at else _("goes on"),
                _("Lasts"): duration(((event.ended_at or datetime.now(UTC)) - event.started_at).total_seconds()),
                _("Note"): event.note,
            }
            for event in events
        ]
    )
    raw = pd.DataFrame([vars(event) for event in events])
    show_table(frame, "events", _("Events, the newest first"), file_name="events", download=raw)


def _title(event: Event) -> str:
    return f"{event.equipment} · {kind_name(event.kind)} · {moment(event.started_at)}"
