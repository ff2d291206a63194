"""Events in the database: labelled intervals on equipment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy import Connection

from src.database.tables import equipment_events


class EventKind(StrEnum):
    """What an event says of its equipment."""

    WARNING = "warning"
    FAILURE = "failure"
    MAINTENANCE = "maintenance"


@dataclass(frozen=True)
class Event:
    """One interval: `started_at` belongs to it, `ended_at` no more; None means that it goes on.

    The identifier is that in the database; two events that say the same are equal, whatever theirs.
    """

    equipment: str
    kind: str
    started_at: datetime
    ended_at: datetime | None = None
    note: str = ""
    event_id: int | None = field(default=None, compare=False)


_COLUMNS = [equipment_events.c[column.name] for column in fields(Event)]


def add_events(connection: Connection, events: Sequence[Event]) -> None:
    """Store events within an open transaction."""
    if events:
        connection.execute(sa.insert(equipment_events), [event_values(event) for event in events])


def event_values(event: Event) -> dict[str, object]:
    """Return what is stored of an event; the identifier is the database's."""
    values = asdict(event)
    del values["event_id"]
    return values


def end_events(connection: Connection, events: Sequence[Event]) -> None:
    """Give stored events that go on, found by equipment, kind and start, the end that they have here."""
    goes_on = equipment_events.c.ended_at.is_(None)  # what a person has ended stays as it is
    for event in events:
        connection.execute(sa.update(equipment_events).where(_same(event), goes_on).values(ended_at=event.ended_at))


def delete_events(connection: Connection, events: Sequence[Event]) -> None:
    """Delete stored events, found by equipment, kind and start."""
    for event in events:
        connection.execute(sa.delete(equipment_events).where(_same(event)))


def read_events(
    connection: Connection, *, equipment: str | None = None, going_on_at: datetime | None = None
) -> list[Event]:
    """Read all events, those of one piece of equipment, or those that go on at one moment, by equipment and start."""
    statement = sa.select(*_COLUMNS).order_by(equipment_events.c.equipment, equipment_events.c.started_at)
    if equipment is not None:
        statement = statement.where(equipment_events.c.equipment == equipment)
    if going_on_at is not None:
        ended_at = equipment_events.c.ended_at
        statement = statement.where(
            equipment_events.c.started_at <= going_on_at, ended_at.is_(None) | (ended_at > going_on_at)
        )
    return [Event(**row) for row in connection.execute(statement).mappings()]


def read_event(connection: Connection, event_id: int, *, for_change: bool = False) -> Event | None:
    """Read one event, or None. With `for_change`, others who want to change it wait."""
    statement = sa.select(*_COLUMNS).where(equipment_events.c.event_id == event_id)
    row = connection.execute(statement.with_for_update() if for_change else statement).mappings().one_or_none()
    return Event(**row) if row else None


def _same(event: Event) -> sa.ColumnElement[bool]:
    return (
        (equipment_events.c.equipment == event.equipment)
        & (equipment_events.c.kind == event.kind)
        & (equipment_events.c.started_at == event.started_at)
    )
