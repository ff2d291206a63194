"""What people do with events: add, change, end and delete them, checked against what is there."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from src.database.activities import record_activity
from src.database.engine import reading, writing
from src.database.tables import equipment_events
from src.errors import ChangedMeanwhile, EventNotFound, InvalidEvent
from src.notes import Note
from src.sensors.events import Event, EventKind, event_values, read_event, read_events
from src.sensors.sensor_manager import known_equipment

LONGEST_NOTE = 2_000
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)

KIND_NAMES = {
    EventKind.WARNING: Note("warning"),
    EventKind.FAILURE: Note("failure"),
    EventKind.MAINTENANCE: Note("maintenance"),
}


def list_events(machine: str | None = None, *, engine: Engine | None = None) -> list[Event]:
    """Return the events of one machine, or of all, the latest first."""
    with reading(engine) as connection:
        events = read_events(connection, equipment=machine)
    return sorted(events, key=lambda event: event.started_at, reverse=True)


def add_event(event: Event, *, actor: str, engine: Engine | None = None) -> Event:
    """Store an event, and return it with its identifier.

    Raises
    ------
    InvalidEvent
        There is no such machine or kind, it ends before it starts, a time has no zone, or it overlaps another event
        of its kind on the machine.
    """
    with writing(engine) as connection:
        _keep_events_to_ourselves(connection)
        event = _checked(connection, event)
        insert = sa.insert(equipment_events).values(**event_values(event)).returning(equipment_events.c.event_id)
        event = replace(event, event_id=connection.scalar(insert))
        _record(connection, actor, event, Note("{kind} added, from {start}", _facts(event)))
    return event


def change_event(before: Event, after: Event, *, actor: str, engine: Engine | None = None) -> Event:
    """Change a stored event from what was read to something else, and return it as it is then.

    Raises
    ------
    EventNotFound
        It has been deleted.
    ChangedMeanwhile
        Somebody else has changed it since it was read; nothing is changed.
    InvalidEvent
        As in `add_event`.
    """
    with writing(engine) as connection:
        _keep_events_to_ourselves(connection)
        _check_unchanged(connection, before)
        after = _checked(connection, replace(after, event_id=before.event_id))
        if after != before:
            connection.execute(sa.update(equipment_events).where(_is(before)).values(**event_values(after)))
            ended = replace(before, ended_at=after.ended_at) == after and before.ended_at is None
            action = (
                Note("{kind} ended, at {end}", _facts(after))
                if ended
                else Note("{kind} changed: now from {start} to {end}", _facts(after))
            )
            _record(connection, actor, after, action)
    return after


def end_event(before: Event, ended_at: datetime, *, actor: str, engine: Engine | None = None) -> Event:
    """Give an event that goes on its end; raises as `change_event` does."""
    return change_event(before, replace(before, ended_at=ended_at), actor=actor, engine=engine)


def delete_event(before: Event, *, actor: str, engine: Engine | None = None) -> None:
    """Delete a stored event.

    Raises
    ------
    EventNotFound, ChangedMeanwhile
        As in `change_event`.
    """
    with writing(engine) as connection:
        _keep_events_to_ourselves(connection)
        _check_unchanged(connection, before)
        connection.execute(sa.delete(equipment_events).where(_is(before)))
        _record(connection, actor, before, Note("{kind} deleted; it was from {start} to {end}", _facts(before)))


def _keep_events_to_ourselves(connection: Connection) -> None:
    """Let nobody else add or change events until this transaction ends; in SQLite there is one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("LOCK TABLE equipment_events IN SHARE ROW EXCLUSIVE MODE")


def _check_unchanged(connection: Connection, before: Event) -> None:
    now = read_event(connection, before.event_id, for_change=True) if before.event_id is not None else None
    if now is None:
        raise EventNotFound("The event is not there any more. Somebody has deleted it.")
    if now != before:
        raise ChangedMeanwhile(
            "Somebody has changed the event since you opened it: it is now a {kind} from {start} to {end}. Nothing "
            "of yours is stored; look at it again.",
            **_facts(now),
        )


def _checked(connection: Connection, event: Event) -> Event:
    event = replace(event, note=event.note.strip())
    if event.kind not in KIND_NAMES:
        raise InvalidEvent(
            "{kind!r} is no kind of event. Choose one of {kinds}.", kind=event.kind, kinds=", ".join(KIND_NAMES)
        )
    if event.equipment not in known_equipment(connection):
        raise InvalidEvent("There is no machine called {machine!r}. Add a sensor on it first.", machine=event.equipment)
    _check_note(event.note)
    for time in (event.started_at, event.ended_at):
        if time is not None and (time.tzinfo is None or not EARLIEST < time < LATEST):
            raise InvalidEvent(
                "The time {time} cannot be used. Give one between 1900 and 2200, with its time zone.", time=str(time)
            )
    if event.ended_at is not None and event.ended_at <= event.started_at:
        raise InvalidEvent("The event ends at {end}, which is not after its start at {start}.", **_facts(event))
    _check_overlap(connection, event)
    return event


def _check_note(note: str) -> None:
    if len(note) > LONGEST_NOTE:
        raise InvalidEvent(
            "The note has {length:,} characters; at most {most:,} are possible. Shorten it.",
            length=len(note),
            most=LONGEST_NOTE,
        )
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in note if letter not in "\n\t"):
        raise InvalidEvent("The note has a character that is not shown. Type it anew.")


def _check_overlap(connection: Connection, event: Event) -> None:
    """Two events of one kind at a time on one machine would be one, told twice."""
    for other in read_events(connection, equipment=event.equipment):
        if other.event_id == event.event_id or other.kind != event.kind:
            continue
        before_its_end = other.ended_at is None or event.started_at < other.ended_at
        if before_its_end and (event.ended_at is None or other.started_at < event.ended_at):
            raise InvalidEvent(
                "On {machine} there is a {kind} from {start} to {end} already, and this one overlaps it. Change "
                "that one, or choose other times.",
                machine=other.equipment,
                **_facts(other),
            )


def _is(event: Event) -> sa.ColumnElement[bool]:
    return equipment_events.c.event_id == event.event_id


def _facts(event: Event) -> dict[str, object]:
    return {
        "kind": KIND_NAMES[EventKind(event.kind)],
        "start": _written(event.started_at),
        "end": _written(event.ended_at) if event.ended_at else "…",
    }


def _written(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _record(connection: Connection, actor: str, event: Event, action: Note) -> None:
    record_activity(actor, "machine", event.equipment, action, connection)
