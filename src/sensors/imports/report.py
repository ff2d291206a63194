"""What an import came to, or would come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from src.notes import Note, read_note, write_note


@dataclass(frozen=True)
class ImportReport:
    """The outcome of an import; of a dry run what it would be.

    Attributes
    ----------
    rows : int
        Of the file, without its header.
    new, unchanged, replaced : int
        Readings that were not in the database; that were, with the same value; that were, with another value.
    repeated : int
        Readings that the file has more than once, each time with the same value.
    empty : int
        Cells of a wide table that hold no reading.
    existing, created : tuple of str
        Sensors of the file that were there, and those that were not.
    first, last : datetime or None
        The earliest and the latest reading.
    """

    name: str
    dry_run: bool
    rows: int
    new: int
    unchanged: int
    replaced: int
    repeated: int
    empty: int
    existing: tuple[str, ...]
    created: tuple[str, ...]
    first: datetime | None
    last: datetime | None
    notes: tuple[Note, ...]
    seconds: float

    @property
    def readings(self) -> int:
        """Readings in the file, each counted once."""
        return self.new + self.unchanged + self.replaced

    @property
    def changes_something(self) -> bool:
        """Whether the database is, or would be, another one than before."""
        return bool(self.new or self.replaced or self.created)

    def to_record(self) -> dict[str, Any]:
        """Return it as JSON takes it."""
        return {
            **vars(self),
            "existing": list(self.existing),
            "created": list(self.created),
            "first": self.first and self.first.isoformat(),
            "last": self.last and self.last.isoformat(),
            "notes": write_notes(self.notes),
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> ImportReport:
        """Make it again from `to_record`."""
        first, last = (value and datetime.fromisoformat(value) for value in (record["first"], record["last"]))
        return cls(
            **{
                **record,
                "existing": tuple(record["existing"]),
                "created": tuple(record["created"]),
                "first": first,
                "last": last,
                "notes": read_notes(record["notes"]),
            }
        )


def write_notes(notes: object) -> list[str]:
    """Return notes as JSON takes them."""
    assert isinstance(notes, list | tuple)
    return [write_note(note) for note in notes]


def read_notes(texts: list[str]) -> tuple[Note, ...]:
    """Make notes again from `write_notes`."""
    return tuple(read_note(text) for text in texts)
