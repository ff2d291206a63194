"""Dates such as 31/12/2024: which number is the day is said by the column, or not at all."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from src.notes import Note

_DATE = r"^(?P<first>\d{1,2})[-/.](?P<second>\d{1,2})[-/.](?P<year>\d{4})(?P<rest>[ T].*)?$"
_MONTHS = 12


def with_iso_dates(texts: pa.Array, column: str) -> tuple[pa.Array, Note | None]:
    """Write dates such as 31/12/2024 as 2024-12-31, where the column leaves no doubt which number is the day.

    It leaves none where one of the two is beyond 12 somewhere and the other, but for dates that there are not, nowhere.
    What is no such date stays as it is written.

    Parameters
    ----------
    texts : pyarrow.StringArray
    column : str
        Its name, for the note.

    Returns
    -------
    pyarrow.StringArray, Note or None
        The texts as they came and None, where there is nothing to be written anew, or in doubt.
    """
    parts = pc.extract_regex(texts, _DATE)
    first, second, year, rest = (pc.struct_field(parts, name) for name in ("first", "second", "year", "rest"))
    is_first_day, is_second_day = _are_days(first, second), _are_days(second, first)
    if is_first_day == is_second_day:
        return texts, None
    day, month = (first, second) if is_first_day else (second, first)
    dates = pc.binary_join_element_wise(year, _two_digits(month), _two_digits(day), "-")
    if is_first_day:
        note = Note("Read with the day first: {column!r}.", {"column": column})
    else:
        note = Note("Read with the month first: {column!r}.", {"column": column})
    return pc.coalesce(pc.binary_join_element_wise(dates, rest, ""), texts), note


def _are_days(numbers: pa.Array, others: pa.Array) -> bool:
    """Whether some of the numbers can be days only, beside others that can be months."""
    beyond = (pc.greater(pc.cast(each, pa.int64()), _MONTHS) for each in (numbers, others))
    return bool(pc.any(pc.and_not(*beyond)).as_py())


def _two_digits(numbers: pa.Array) -> pa.Array:
    return pc.utf8_lpad(numbers, 2, "0")
