"""Remarks that go with a result: said once where they are known, shown in the reader's language."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from src.errors import FarolError


@dataclass(frozen=True)
class Note:
    """One remark, kept as a template and its values so that a page can translate it, as with errors.

    Examples
    --------
    >>> str(Note("{rows} rows have no target.", {"rows": 3}))
    '3 rows have no target.'
    """

    template: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.template.format(**self.values)

    @staticmethod
    def of(error: FarolError) -> Note:
        """Return what an error says, with values that can be kept as JSON."""
        return read_note(write_note(error))


def write_note(note: Note | FarolError) -> str:
    """Put a note, or what an error says, into a text from which `read_note` makes it again."""
    return json.dumps(_record(note))


def read_note(text: str) -> Note:
    """Return the note that `write_note` has written; any other text is a note without values."""
    try:
        note = _note(json.loads(text))
        str(note)
    except (AttributeError, LookupError, TypeError, ValueError):  # no JSON, or none that `write_note` wrote
        return _note(_verbatim(text))
    return note


def _record(note: Note | FarolError) -> dict[str, Any]:
    values = {name: _plain(value) for name, value in note.values.items()}
    record = {"template": note.template, "values": values}
    try:
        same = str(_note(record)) == str(note)
    except (ValueError, TypeError):  # a format that only the original value understands
        same = False
    return record if same else _verbatim(str(note))


def _verbatim(text: str) -> dict[str, Any]:
    return {"template": "{message}", "values": {"message": text}}


def _note(record: dict[str, Any]) -> Note:
    values = {name: _note(value) if isinstance(value, dict) else value for name, value in record["values"].items()}
    return Note(record["template"], values)


def _plain(value: object) -> object:
    if isinstance(value, Note | FarolError):
        return _record(value)
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
