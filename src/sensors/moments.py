"""Times and lengths of time as callers give them, checked and in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from numbers import Real

from src.errors import InvalidPeriod

EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
MOST_HOURS = 1_000_000


def as_utc(time: datetime) -> datetime:
    """Return a time in UTC; one without a zone is taken as UTC.

    Raises
    ------
    InvalidPeriod
        It is no time, or not one between 1900 and 2200.
    """
    if isinstance(time, datetime):
        aware = time if time.tzinfo else time.replace(tzinfo=UTC)
        if EARLIEST < aware < LATEST:  # nor is it pandas' NaT
            return aware.astimezone(UTC)
    raise InvalidPeriod("The time {time} cannot be used. Give one between 1900 and 2200.", time=str(time))


def length_of_hours(hours: float) -> timedelta:
    """Return so many hours as a length of time.

    Raises
    ------
    InvalidPeriod
        They are not more than 0, or more than a million.
    """
    is_number = isinstance(hours, Real) and not isinstance(hours, bool)
    if not is_number or not 0 < hours <= MOST_HOURS:  # so that NaN is refused too
        raise InvalidPeriod(
            "{hours} hours are no length of time here. Choose more than 0 and at most {most:,}.",
            hours=hours,
            most=MOST_HOURS,
        )
    return max(timedelta(hours=float(hours)), timedelta(microseconds=1))
