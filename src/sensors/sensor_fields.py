"""What a sensor's description may hold: checked in one place, whoever asks for it."""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from typing import Any

from src.errors import InvalidSensor
from src.notes import Note

LONGEST = {"display_name": 200, "equipment": 200, "platform": 200, "sensor_type": 50, "unit": 50}
REQUIRED = ("display_name", "equipment", "sensor_type")
LIMITS = ("physical_min", "critical_low", "warning_low", "warning_high", "critical_high", "physical_max")
"""From the lowest to the highest; the first three are lower ends, the others upper ones."""

LABELS = {
    "display_name": Note("Name"),
    "equipment": Note("Machine"),
    "sensor_type": Note("Quantity"),
    "unit": Note("Unit"),
    "platform": Note("Place"),
    "physical_min": Note("Physical minimum"),
    "physical_max": Note("Physical maximum"),
    "warning_low": Note("Low warning limit"),
    "warning_high": Note("High warning limit"),
    "critical_low": Note("Low critical limit"),
    "critical_high": Note("High critical limit"),
    "enabled": Note("In use"),
}
"""What people call each field."""


@dataclass(frozen=True, kw_only=True)
class SensorDescription:
    """A sensor before it has an identifier. All values are in `unit`; None means not known, or no limit."""

    display_name: str
    equipment: str
    sensor_type: str
    unit: str = ""
    platform: str = ""
    physical_min: float | None = None
    physical_max: float | None = None
    warning_low: float | None = None
    warning_high: float | None = None
    critical_low: float | None = None
    critical_high: float | None = None
    enabled: bool = True


def checked(description: SensorDescription) -> SensorDescription:
    """Return a description as it can be stored: texts without blanks around them, limits in order.

    Raises
    ------
    InvalidSensor
        A text is missing, too long or has control characters; a limit is no finite number; limits are out of order
        (physical minimum, critical low ≤ warning low < warning high ≤ critical high, physical maximum).
    """
    texts = {name: checked_text(name, getattr(description, name)) for name in LONGEST}
    description = replace(description, **texts)  # type: ignore[arg-type]
    known = [(name, value) for name in LIMITS if (value := _finite(name, getattr(description, name))) is not None]
    for (lower, low), (upper, high) in pairwise(known):
        _check_order(lower, low, upper, high)
    return description


def checked_text(field: str, text: str) -> str:
    """Return the text of one field without blanks around it.

    Raises
    ------
    InvalidSensor
        It is missing where one is needed, too long, or has control characters.
    """
    text = text.strip()
    if not text and field in REQUIRED:
        raise InvalidSensor("{field} is empty. Type one.", field=LABELS[field])
    if len(text) > LONGEST[field]:
        raise InvalidSensor(
            "{field} has {length} characters; at most {most} are possible. Shorten it.",
            field=LABELS[field],
            length=len(text),
            most=LONGEST[field],
        )
    if any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in text):
        raise InvalidSensor(
            "{field} is {text!r}, with a character that is not shown. Type it anew.", field=LABELS[field], text=text
        )
    return text


def same_name(name: str) -> str:
    """Return what two names have in common that people take for the same: case, blanks and forms of letters aside."""
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).split())


def differences(before: SensorDescription, after: SensorDescription) -> list[tuple[str, Any, Any]]:
    """Return the fields in which two descriptions differ, with both values."""
    names = [field.name for field in fields(SensorDescription)]
    pairs = [(name, getattr(before, name), getattr(after, name)) for name in names]
    return [(name, old, new) for name, old, new in pairs if old != new]


def _finite(field: str, value: float | None) -> float | None:
    if value is not None and not math.isfinite(value):
        raise InvalidSensor("{field} is {value}. Type a finite number, or none.", field=LABELS[field], value=value)
    return value


def _check_order(lower: str, low: float, upper: str, high: float) -> None:
    if low > high:
        raise InvalidSensor(
            "{lower} ({low}) is above {upper} ({high}). Put them in order.",
            lower=LABELS[lower],
            low=low,
            upper=LABELS[upper],
            high=high,
        )
    crosses = LIMITS.index(lower) < 3 <= LIMITS.index(upper)  # what is normal lies in between, and cannot be nothing
    if crosses and low == high:
        raise InvalidSensor(
            "{lower} and {upper} are both {value}, so that nothing is left in between. Move one of them.",
            lower=LABELS[lower],
            upper=LABELS[upper],
            value=high,
        )
