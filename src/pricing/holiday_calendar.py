"""Public holidays of a country, as days that arrays can be compared with."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from src.errors import InvalidSettings

Dates = NDArray[np.datetime64]


def holidays_around(dates: Dates, country: str) -> Dates:
    """Return the public holidays from the year before the first day to the year after the last one, in order.

    Parameters
    ----------
    dates : array of datetime64[D]
        At least one.
    country : str
        Two letters of ISO 3166, such as BR.

    Raises
    ------
    InvalidSettings
        No holidays are known of that country.
    """
    first, last = (int(day.astype("datetime64[Y]").astype(int)) + 1970 for day in (dates.min(), dates.max()))
    return _holidays(country, first - 1, last + 1)


def holiday_names(dates: Dates, country: str, language: str) -> dict[np.datetime64, str]:
    """Return what those of the dates are called that are public holidays, in order.

    Parameters
    ----------
    language : str
        Such as pt_BR; in English, or the country's own language, where nothing is known in it.
    """
    wanted = dates.astype("datetime64[D]")
    around = holidays_around(wanted, country)
    known = _names(country, language, *(int(str(day)[:4]) for day in (around[0], around[-1])))
    return {day: known[day] for day in around[np.isin(around, wanted)]}


@lru_cache(maxsize=64)
def _names(country: str, language: str, first: int, last: int) -> dict[np.datetime64, str]:
    import holidays

    code = {"en": "en_US"}.get(language, language)
    known = holidays.country_holidays(country, years=range(first, last + 1), language=code)
    return {np.datetime64(day, "D"): name for day, name in known.items()}


@lru_cache(maxsize=64)
def _holidays(country: str, first: int, last: int) -> Dates:
    import holidays

    try:
        known = holidays.country_holidays(country, years=range(first, last + 1))
    except NotImplementedError:
        raise InvalidSettings(
            "FAROL_HOLIDAYS is {country!r}, and no holidays are known of such a country. Give the two letters of one, "
            "such as BR.",
            country=country,
        ) from None
    return np.array(sorted(known), dtype="datetime64[D]")
