"""What people think of anomalies: real, false, planned or a fault of the sensor. Kept as labels, and changeable."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from src.database.activities import record_activity
from src.database.engine import reading, writing
from src.database.identifiers import plain_identifier
from src.database.tables import anomaly_verdicts, sensors
from src.errors import ChangedMeanwhile, InvalidVerdict, VerdictNotFound
from src.notes import Note
from src.sensors.existing import existing_sensors
from src.sensors.moments import as_utc

LONGEST_NOTE = 2_000
_LONGEST_NAME = 200


class VerdictKind(StrEnum):
    """What an anomaly was."""

    REAL = "real"
    FALSE = "false"
    PLANNED = "planned"
    SENSOR_FAULT = "sensor_fault"


VERDICT_NAMES = {
    VerdictKind.REAL: Note("real anomaly"),
    VerdictKind.FALSE: Note("false alarm"),
    VerdictKind.PLANNED: Note("planned"),
    VerdictKind.SENSOR_FAULT: Note("sensor fault"),
}


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What somebody thinks of a stretch of one sensor's readings: `started_at` belongs to it, `ended_at` no more.

    Two that say the same are equal, whoever said so and when.
    """

    sensor_id: int
    started_at: datetime
    ended_at: datetime
    kind: str
    note: str = ""
    decided_by: str = field(default="", compare=False)
    decided_at: datetime | None = field(default=None, compare=False)
    verdict_id: int | None = field(default=None, compare=False)


_TABLE = anomaly_verdicts.c
_COLUMNS = [_TABLE[column.name] for column in fields(Verdict)]


def read_verdicts(
    sensor_ids: Iterable[int] | None = None,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    engine: Engine | None = None,
) -> list[Verdict]:
    """Return the verdicts on some sensors or all, those that touch the time given, by sensor and start.

    Raises
    ------
    SensorNotFound, InvalidPeriod
        A sensor does not exist, or a time cannot be used.
    """
    conditions: list[sa.ColumnElement[bool]] = []
    if since is not None:
        conditions.append(_TABLE.ended_at > as_utc(since))
    if until is not None:
        conditions.append(_TABLE.started_at < as_utc(until))
    with reading(engine) as connection:
        if sensor_ids is not None:
            conditions.append(_TABLE.sensor_id.in_(existing_sensors(connection, sensor_ids)))
        return _select(connection, *conditions)


def add_verdict(verdict: Verdict, *, actor: str, engine: Engine | None = None) -> Verdict:
    """Keep a verdict, and return it as it is kept.

    Raises
    ------
    InvalidVerdict
        There is no such kind, it ends before it starts, its note cannot be shown, or it overlaps another one.
    InvalidPeriod
        A time cannot be used.
    SensorNotFound
        There is no such sensor.
    """
    with writing(engine) as connection:
        verdict = _checked(connection, replace(verdict, verdict_id=None), actor)
        insert = sa.insert(anomaly_verdicts).values(**_values(verdict)).returning(_TABLE.verdict_id)
        verdict = replace(verdict, verdict_id=connection.scalar(insert))
        _record(connection, actor, verdict, Note("{verdict}: {start} to {end}", _facts(verdict)))
    return verdict


def change_verdict(before: Verdict, after: Verdict, *, actor: str, engine: Engine | None = None) -> Verdict:
    """Change a verdict from what was read to something else on the same sensor, and return it as it is then.

    Raises
    ------
    VerdictNotFound
        It has been taken back.
    ChangedMeanwhile
        Somebody else has changed it since it was read; nothing is changed.
    InvalidVerdict, InvalidPeriod
        As in `add_verdict`.
    """
    with writing(engine) as connection:
        now = _unchanged(connection, before)
        after = _checked(connection, replace(after, verdict_id=now.verdict_id, sensor_id=now.sensor_id), actor)
        if after == now:
            return now
        connection.execute(sa.update(anomaly_verdicts).where(_is(now)).values(**_values(after)))
        facts = _facts(after) | {"before": VERDICT_NAMES[VerdictKind(now.kind)]}
        _record(connection, actor, after, Note("{before}, now {verdict}: {start} to {end}", facts))
    return after


def delete_verdict(before: Verdict, *, actor: str, engine: Engine | None = None) -> None:
    """Take a verdict back; raises as `change_verdict` does."""
    with writing(engine) as connection:
        now = _unchanged(connection, before)
        connection.execute(sa.delete(anomaly_verdicts).where(_is(now)))
        _record(connection, actor, now, Note("no longer {verdict}: {start} to {end}", _facts(now)))


def _unchanged(connection: Connection, before: Verdict) -> Verdict:
    existing_sensors(connection, [before.sensor_id], keep=True)
    found = _select(connection, _is(before))
    if not found:
        raise VerdictNotFound("The verdict is not there any more. Somebody has taken it back.")
    if found[0] != before:
        raise ChangedMeanwhile(
            "Somebody has changed the verdict since you opened it: it is now {verdict}, from {start} to {end}. Nothing "
            "of yours is stored; look at it again.",
            **_facts(found[0]),
        )
    return found[0]


def _checked(connection: Connection, verdict: Verdict, actor: str) -> Verdict:
    # Others who decide on the same sensor wait, so that of two who mark the same anomaly one is told.
    (sensor_id,) = existing_sensors(connection, [verdict.sensor_id], keep=True)
    verdict = replace(
        verdict,
        sensor_id=sensor_id,
        started_at=as_utc(verdict.started_at),
        ended_at=as_utc(verdict.ended_at),
        note=verdict.note.strip(),
        decided_by=actor[:_LONGEST_NAME],
        decided_at=datetime.now(UTC),
    )
    if verdict.kind not in list(VerdictKind):
        raise InvalidVerdict(
            "{kind!r} is no verdict. Choose one of {kinds}.", kind=verdict.kind, kinds=", ".join(VerdictKind)
        )
    if verdict.ended_at <= verdict.started_at:
        raise InvalidVerdict("The verdict ends at {end}, which is not after its start at {start}.", **_facts(verdict))
    if len(verdict.note) > LONGEST_NOTE or not all(_is_shown(letter) for letter in verdict.note):
        raise InvalidVerdict(
            "The note has more than {most:,} characters, or one that is not shown. Write it anew.", most=LONGEST_NOTE
        )
    _check_overlap(connection, verdict)
    return replace(verdict, kind=VerdictKind(verdict.kind).value)


def _check_overlap(connection: Connection, verdict: Verdict) -> None:
    overlaps = (_TABLE.started_at < verdict.ended_at) & (_TABLE.ended_at > verdict.started_at)
    for other in _select(connection, _TABLE.sensor_id == verdict.sensor_id, overlaps):
        if other.verdict_id != verdict.verdict_id:
            raise InvalidVerdict(
                "There is a verdict already, {verdict}, from {start} to {end}. Change that one, or choose other times.",
                **_facts(other),
            )


def _select(connection: Connection, *conditions: sa.ColumnElement[bool]) -> list[Verdict]:
    statement = sa.select(*_COLUMNS).where(*conditions).order_by(_TABLE.sensor_id, _TABLE.started_at)
    return [Verdict(**row) for row in connection.execute(statement).mappings()]


def _is(verdict: Verdict) -> sa.ColumnElement[bool]:
    return _TABLE.verdict_id == plain_identifier(verdict.verdict_id)


def _values(verdict: Verdict) -> dict[str, Any]:
    values = asdict(verdict)
    del values["verdict_id"]
    return values


def _is_shown(letter: str) -> bool:
    return letter in "\n\t" or unicodedata.category(letter) not in ("Cc", "Cs")


def _facts(verdict: Verdict) -> dict[str, object]:
    return {
        "verdict": VERDICT_NAMES.get(VerdictKind(verdict.kind)),
        "start": f"{verdict.started_at:%Y-%m-%d %H:%M} UTC",
        "end": f"{verdict.ended_at:%Y-%m-%d %H:%M} UTC",
    }


def _record(connection: Connection, actor: str, verdict: Verdict, action: Note) -> None:
    name = connection.scalar(sa.select(sensors.c.display_name).where(sensors.c.sensor_id == verdict.sensor_id))
    record_activity(actor, "sensor", str(name), action, connection)
