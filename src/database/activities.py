"""Who did what and when: each act of a person that changes something others rely on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import sqlalchemy as sa
from sqlalchemy import Connection

from src.database.engine import reading, writing
from src.database.tables import activities
from src.notes import Note, read_note, write_note

Kind = Literal["model", "sensor", "machine", "data", "product", "key"]
_LONGEST_NAME = 200


@dataclass(frozen=True)
class Activity:
    """One act; `actor` is empty where nobody gave a name, `subject` is the name of what was acted on."""

    happened_at: datetime
    actor: str
    kind: str
    subject: str
    action: Note


def record_activity(actor: str, kind: Kind, subject: str, action: Note, connection: Connection | None = None) -> None:
    """Remember an act, within a transaction that is open already or in one of its own.

    Names that are longer than 200 characters are cut.
    """
    if connection is None:
        with writing() as connection:
            record_activity(actor, kind, subject, action, connection)
        return
    connection.execute(
        sa.insert(activities).values(
            happened_at=datetime.now(UTC),
            actor=actor[:_LONGEST_NAME],
            kind=kind,
            subject=subject[:_LONGEST_NAME],
            action=write_note(action),
        )
    )


def read_activities(
    kind: Kind | tuple[Kind, ...] | None = None, subject: str | None = None, limit: int = 100
) -> list[Activity]:
    """Return the latest acts, newest first; of one kind or some, or on one subject of a kind, where that is named."""
    query = sa.select(activities).order_by(activities.c.happened_at.desc(), activities.c.activity_id.desc())
    if kind is not None:
        query = query.where(activities.c.kind.in_([kind] if isinstance(kind, str) else kind))
    if subject is not None:
        query = query.where(activities.c.subject == subject[:_LONGEST_NAME])
    with reading() as connection:
        rows = connection.execute(query.limit(limit)).all()
    return [Activity(row.happened_at, row.actor, row.kind, row.subject, read_note(row.action)) for row in rows]
