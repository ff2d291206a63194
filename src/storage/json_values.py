"""What callers hand over to be kept as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from src.errors import NotJson

_MAX_DEPTH = 32


def json_dict(values: Mapping[str, Any] | None, what: str) -> dict[str, Any]:
    """Copy a dict into what JSON holds: NumPy scalars as Python's, NaN and infinities as null, tuples as lists.

    Parameters
    ----------
    values : mapping or None
        None is an empty dict.
    what : str
        What the dict is called in an error, such as ``metadata``.

    Raises
    ------
    NotJson
        Names the place of the first value that JSON cannot hold.
    """
    if values is None:
        return {}
    if not isinstance(values, Mapping):
        raise _refused(what, f"{_shown(values)} is not a dict")
    converted = _converted(values, what, 0)
    try:
        json.dumps(converted)
    except ValueError as error:  # an integer of thousands of digits
        raise _refused(what, str(error)) from None
    return converted


def _converted(value: Any, place: str, depth: int) -> Any:
    if type(value).__module__ == "numpy" and getattr(value, "ndim", None) == 0:
        value = value.item()
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return _text(value, place)
    if depth > _MAX_DEPTH:
        raise _refused(place, f"it is nested deeper than {_MAX_DEPTH} levels")
    if isinstance(value, Mapping):
        return {_key(key, place): _converted(item, f"{place}[{key!r}]", depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_converted(item, f"{place}[{position}]", depth + 1) for position, item in enumerate(value)]
    raise _refused(place, f"{_shown(value)} is of another type")


def _key(key: Any, place: str) -> str:
    if not isinstance(key, str):
        raise _refused(place, f"the key {_shown(key)} is not text")
    return _text(key, place)


def _text(value: str, place: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _refused(place, f"{_shown(value)} is not valid Unicode") from None
    return value


def _refused(place: str, reason: str) -> NotJson:
    return NotJson(
        "{place} cannot be kept as JSON: {reason}. Use dicts with text as keys, lists, text, numbers, true, false "
        "and null.",
        place=place[:200],
        reason=reason,
    )


def _shown(value: object) -> str:
    return f"{ascii(value)[:80]} ({type(value).__name__})"
