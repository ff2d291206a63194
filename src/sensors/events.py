"""Events in the database: labelled intervals on equipment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
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
    """One interval: `started_at` belongs to it, `ended_at` no more; None means that it goes on."""

    equipment: str
    kind: str
    started_at: datetime
    ended_at: datetime | None = None
    note: str = ""


_COLUMNS = [equipment_events.c[field.name] for field in fields(Event)]


def add_events(connection: Connection, events: Sequence[Event]) -> None:
    """Store events within an open transaction."""
    if events:
        connection.execute(sa.insert(equipment_events), [asdict(event) for event in events])


def end_events(connection: Connection, events: Sequence[Event]) -> None:
    """Give stored events, found by equipment, kind and start, the end that they have here."""
    for event in events:
        connection.execute(sa.update(equipment_events).where(_same(event)).values(ended_at=event.ended_at))


def delete_events(connection: Connection, events: Sequence[Event]) -> None:
    """Delete stored events, found by equipment, kind and start."""
    for event in events:
        connection.execute(sa.delete(equipment_events).where(_same(event)))


def read_events(connection: Connection, *, going_on_at: datetime | None = None) -> list[Event]:
    """Read all events, or those that go on at one moment, by equipment and start."""
    statement = sa.select(*_COLUMNS).order_by(equipment_events.c.equipment, equipment_events.c.started_at)
    if going_on_at is not None:
        ended_at = equipment_events.c.ended_at
        statement = statement.where(
            equipment_events.c.started_at <= going_on_at, ended_at.is_(None) | (ended_at > going_on_at)
        )
    return [Event(**row) for row in connection.execute(statement).mappings()]


def _same(event: Event) -> sa.ColumnElement[bool]:
    return (
        (equipment_events.c.equipment == event.equipment)
        & (equipment_events.c.kind == event.kind)
        & (equipment_events.c.started_at == event.started_at)
    )
