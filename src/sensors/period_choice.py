"""Which stretch of time is looked at: one of those that people often want, or days of their own."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo

from sqlalchemy import Engine

from src.database.engine import reading
from src.errors import InvalidPeriod
from src.sensors.reading_stream import Period, span_of_readings

PERIODS = {"24h": timedelta(days=1), "7d": timedelta(days=7), "30d": timedelta(days=30), "all": None}
"""Names of periods that end with the newest reading, with their lengths; all of them are meant where there is none."""
_EARLIEST, _LATEST = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)
_AFTER = timedelta(microseconds=1)


def whole_span(engine: Engine | None = None, *, now: datetime | None = None) -> Period | None:
    """Return the period from the first reading to the newest; None without readings.

    A newest reading that lies in the future, from a clock that is wrong, counts only where there is no other.
    """
    with reading(engine) as connection:
        spans = list(span_of_readings(connection).values())
    if not spans:
        return None
    start, now = min(first for first, _ in spans), now or datetime.now(UTC)
    ends = [last for _, last in spans]
    return Period(start, max((end for end in ends if end <= now), default=max(ends)) + _AFTER)


def period_named(name: str, span: Period) -> Period:
    """Return the period of that name within the span of the readings."""
    length = PERIODS[name]
    return span if length is None else Period(span.end - length, span.end)


def period_of_days(first: date, last: date, zone: tzinfo) -> Period:
    """Return the period of some whole days, the last one included, in somebody's time zone.

    Raises
    ------
    InvalidPeriod
        The last day is before the first, or out of the calendar.
    """
    try:
        start = datetime(first.year, first.month, first.day, tzinfo=zone)
        end = datetime(last.year, last.month, last.day, tzinfo=zone) + timedelta(days=1)
        return Period(start.astimezone(UTC), end.astimezone(UTC))
    except OverflowError:
        raise InvalidPeriod("The day {day} cannot be used. Choose another.", day=str(last)) from None


def period_between(start: str | None, end: str | None) -> Period | None:
    """Return the period between two times as they are typed on a command line; None where neither is.

    Raises
    ------
    InvalidPeriod
        One of them is no time, or the second is not after the first.
    """
    if start is None and end is None:
        return None
    return Period(_EARLIEST if start is None else read_time(start), _LATEST if end is None else read_time(end))


def read_time(text: str) -> datetime:
    """Read a time as it is typed on a command line: ISO 8601; UTC where it names no zone.

    Raises
    ------
    InvalidPeriod
        It is no such time.
    """
    try:
        time = datetime.fromisoformat(text.strip())
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidPeriod(
            "{text!r} is no time. Write it like 2026-03-01 or 2026-03-01T14:30:00Z.", text=text
        ) from None
