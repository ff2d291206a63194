"""Identifiers as the drivers take them."""

from __future__ import annotations

from operator import index
from typing import SupportsIndex

_LARGEST = 2**31 - 1


def plain_identifier(identifier: object) -> int:
    """Return an identifier as a plain integer, or 0, which nothing has, for what cannot be one.

    SQLite's driver takes NumPy's integers for bytes and refuses those that are too large; PostgreSQL refuses text.
    """
    number = index(identifier) if isinstance(identifier, SupportsIndex) else 0
    return number if 0 < number <= _LARGEST else 0
