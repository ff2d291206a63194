"""The days on which Brazil goes shopping: they move demand, and are known ahead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from src.notes import Note

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

    name: Note
    day: date
    run_up: int
    uplift: float


def shopping_dates(years: Iterable[int]) -> list[ShoppingDate]:
    """Return the shopping dates of some years, in order."""
    found = []
    for year in years:
        found += [
            ShoppingDate(Note("Consumer Day"), date(year, 3, 15), 2, 0.25),
            ShoppingDate(Note("Mother's Day"), _weekday_of_month(year, 5, _SUNDAY, 2), 7, 0.35),
            ShoppingDate(Note("Valentine's Day"), date(year, 6, 12), 4, 0.25),
            ShoppingDate(Note("Father's Day"), _weekday_of_month(year, 8, _SUNDAY, 2), 6, 0.25),
            ShoppingDate(Note("Children's Day"), date(year, 10, 12), 6, 0.3),
            ShoppingDate(Note("Black Friday"), black_friday(year), 2, 0.7),
            ShoppingDate(Note("Christmas Eve"), date(year, 12, 24), 14, 0.5),
        ]
    return sorted(found, key=lambda one: one.day)


def shopping_names(dates: NDArray[np.datetime64], country: str) -> dict[np.datetime64, Note]:
    """Return what those of the dates are called that are shopping dates, in order; none of another country's.

    Parameters
    ----------
    dates : array of datetime64[D]
    country : str
        Two letters of ISO 3166, such as BR.
    """
    if country != "BR":
        return {}
    years = np.unique(dates.astype("datetime64[Y]")).astype(int) + 1970
    known = {np.datetime64(one.day, "D"): one.name for one in shopping_dates(years.tolist())}
    wanted = set(dates.astype("datetime64[D]").tolist())
    return {day: name for day, name in known.items() if day.item() in wanted}


def black_friday(year: int) -> date:
    """Return the day after the fourth Thursday of November."""
    return _weekday_of_month(year, 11, _THURSDAY, 4) + timedelta(days=1)


def _weekday_of_month(year: int, month: int, weekday: int, number: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))
