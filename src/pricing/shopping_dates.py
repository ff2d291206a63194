"""The days on which Brazil goes shopping: they move demand, and are known ahead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

_THURSDAY, _SUNDAY = 3, 6


@dataclass(frozen=True)
class ShoppingDate:
    """A day for which people buy more, the days before it included.

    Attributes
    ----------
    run_up : int
        How many days before it count too.
    uplift : float
        By how much demand rises on the day itself, on the log scale; before it, it rises towards that.
    """

    name: str
    day: date
    run_up: int
    uplift: float


def shopping_dates(years: Iterable[int]) -> list[ShoppingDate]:
    """Return the shopping dates of some years, in order."""
    found = []
    for year in years:
        found += [
            ShoppingDate("Consumer Day", date(year, 3, 15), 2, 0.25),
            ShoppingDate("Mother's Day", _weekday_of_month(year, 5, _SUNDAY, 2), 7, 0.35),
            ShoppingDate("Valentine's Day", date(year, 6, 12), 4, 0.25),
            ShoppingDate("Father's Day", _weekday_of_month(year, 8, _SUNDAY, 2), 6, 0.25),
            ShoppingDate("Children's Day", date(year, 10, 12), 6, 0.3),
            ShoppingDate("Black Friday", black_friday(year), 2, 0.7),
            ShoppingDate("Christmas", date(year, 12, 24), 14, 0.5),
        ]
    return sorted(found, key=lambda one: one.day)


def black_friday(year: int) -> date:
    """Return the day after the fourth Thursday of November."""
    return _weekday_of_month(year, 11, _THURSDAY, 4) + timedelta(days=1)


def _weekday_of_month(year: int, month: int, weekday: int, number: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))
