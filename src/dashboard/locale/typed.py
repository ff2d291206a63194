"""Numbers as people type them: 1.5 or 1,5, whatever the language; a browser's own field drops a comma unseen."""

from __future__ import annotations

import math
import re

from src.dashboard.locale import LARGEST, SMALLEST, decimals, number_marks
from src.errors import InvalidPredictionInput

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_SPACED = re.compile(r"^[+-]?[1-9]\d{0,2}(\s\d{3})+(?!\d)")
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(?P<mark>[.,])\d{3}((?P=mark)\d{3})*", re.ASCII)


def write_number(value: float) -> str:
    """Write a number as it would be typed: the language's decimal mark, no groups, five digits or all whole ones."""
    if value and not SMALLEST <= abs(value) < LARGEST:
        text = f"{value:.5g}"
    else:
        behind = decimals(value, 5) if value else 0
        text = f"{value:.{behind}f}".rstrip("0").rstrip(".") if behind else f"{value:.0f}"
    return text.replace(".", number_marks()[0])


def number_or_dash(value: float | None) -> str:
    """Write a number for a cell of a table; a dash where there is none."""
    return "—" if value is None else write_number(value)


def exchange_marks(text: str) -> str:
    """Put point for comma and comma for point: the same number for a reader of the other language."""
    return text.translate(str.maketrans(".,", ",."))


def read_number(name: str, text: str) -> float:
    """Read a number that was typed into the field called `name`.

    A point or a comma is the decimal mark; where there are both, the one that comes last.

    Raises
    ------
    InvalidPredictionInput
        It is no number, or can be read as two: 1,234 by someone who groups thousands.
    """
    plain = text.strip().replace("\N{MINUS SIGN}", "-")
    plain = _SPACED.sub(lambda thousands: re.sub(r"\s", "", thousands[0]), plain)
    if not plain:
        raise InvalidPredictionInput("{name!r} has no value. Type a number.", name=name)
    if not _NUMBER.fullmatch(decimal := _with_decimal_point(name, plain)):
        raise InvalidPredictionInput(
            "{name!r} is {text!r}, which is no number. Write it like {example}.",
            name=name,
            text=text,
            example=write_number(1.5),
        )
    if math.isinf(value := float(decimal)):
        raise InvalidPredictionInput(
            "{name!r} is {value!r}, which is larger than a model can take.", name=name, value=text
        )
    return value


def _with_decimal_point(name: str, text: str) -> str:
    whole, mark, fraction = text.rpartition(max(",.", key=text.rfind))
    if not mark:
        return text
    if not set(whole) & set(",."):
        if mark != number_marks()[0] and _GROUPED.fullmatch(text):
            raise InvalidPredictionInput(
                "{name!r} is {text!r}, which can be read as {thousands} or as {fraction}. Write one of these.",
                name=name,
                text=text,
                thousands=f"{whole}{fraction}",
                fraction=f"{whole}{number_marks()[0]}{fraction}",
            )
        return f"{whole}.{fraction}"
    if whole.count(mark):  # the same mark more than once parts thousands: 1.234.567
        return re.sub(r"[.,]", "", text) if _GROUPED.fullmatch(text) else text
    return f"{re.sub(r'[.,]', '', whole)}.{fraction}" if _GROUPED.fullmatch(whole) else text
