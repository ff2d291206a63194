"""What is saved and what is known of it: a model to save, its record, the version it gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from src.errors import DuplicateModelName, ModelNotSaved
from src.storage.artefacts import FILE_SUFFIXES, FOLDER_SUFFIX, library_versions
from src.storage.json_values import json_dict
from src.storage.model_folder import Entries, ModelFolder, Record
from src.storage.model_names import checked_name, collision_key, file_stem
from src.storage.registry_file import SIDECAR_SUFFIX, ModelFiles, entry_of
from src.storage.signing import signature

MOST_NOTES = 2_000


@dataclass(frozen=True)
class SavedModel:
    """One version of a saved model. `path` is where its artefact lies; `saved_at` is in UTC, None if unknown."""

    name: str
    version: int
    kind: str
    path: Path
    sha256: str
    saved_at: datetime | None
    metadata: dict[str, Any]

    @classmethod
    def from_record(cls, record: Mapping[str, Any], folder: Path) -> SavedModel:
        """Make one from a record of a store's folder."""
        return cls(
            name=record["name"],
            version=record["version"],
            kind=record["kind"],
            path=folder / record["path"],
            sha256=record["sha256"],
            saved_at=utc_time(record["saved_at"]),
            metadata=record["metadata"],
        )


@dataclass(frozen=True, kw_only=True)
class ModelToSave:
    """What `ModelStore.save_many` saves: a model to pickle, or `content` that is an artefact already.

    `content` is the bytes of a pickle (or joblib) file, or the path of a folder when `suffix` is empty.
    The other fields are those of `ModelStore.save`.
    """

    name: str
    model: object = None
    content: bytes | Path | None = None
    metadata: Mapping[str, Any] | None = None
    kind: str = "model"
    suffix: str = ".pkl"
    details: Mapping[str, Any] | None = None
    overwrite: bool = False


def new_record(item: ModelToSave) -> Record:
    """Check what is to be saved, and begin its record.

    Raises
    ------
    InvalidModelName, NotJson, ModelNotSaved
        The name, the metadata or the suffix cannot be used.
    """
    is_folder = isinstance(item.content, Path)
    if item.suffix not in ((FOLDER_SUFFIX,) if is_folder else FILE_SUFFIXES):
        raise ModelNotSaved(
            "A model is saved with the suffix .pkl or .joblib, and a folder without one; not with {suffix!r}.",
            suffix=item.suffix,
        )
    return {
        "name": checked_name(item.name),
        "kind": item.kind,
        "metadata": json_dict(item.metadata, "metadata"),
        "libraries": library_versions(),
        "details": json_dict(item.details, "details"),
    }


def checked_notes(notes: str) -> str:
    """Return the notes on a model, or refuse them.

    Raises
    ------
    NotJson, ModelNotSaved
        They are no text that can be kept, or too long: they stand in the registry, which is read whole each time.
    """
    if len(notes) > MOST_NOTES:
        raise ModelNotSaved(
            "The notes have {count:,} characters; at most {most:,} are kept.", count=len(notes), most=MOST_NOTES
        )
    return str(json_dict({"description": notes}, "notes")["description"])


class Numbering:
    """Which names and versions are taken; made once for any number of models, while the lock is held.

    Parameters
    ----------
    entries : dict
        The registry; what is entered goes into it.
    folder : ModelFolder
        Where the files lie.
    """

    def __init__(self, entries: Entries, folder: ModelFolder) -> None:
        self._entries = entries
        self._folder = folder
        self._known = {collision_key(name): name for name in entries}

    @cached_property
    def _files(self) -> dict[str, ModelFiles]:
        return self._folder.files()  # tens of milliseconds in a large folder, and often not needed

    def enter(self, record: Record, item: ModelToSave) -> None:
        """Give a record of what is saved here its version, sign it, and enter it as the current one.

        Raises
        ------
        DuplicateModelName
            The name is taken.
        """
        self._number(record, item)
        record["saved_at"] = record["current_since"] = now()
        record["signature_mac"] = signature(record, self._folder.key())
        self._enter(record)

    def enter_unsigned(self, record: Record, item: ModelToSave) -> None:
        """Give a record of what comes from elsewhere its version, and enter it; it is not trusted until it is adopted.

        Raises
        ------
        DuplicateModelName
            The name is taken.
        """
        self._number(record, item)
        record["current_since"], record["signature_mac"] = now(), ""
        self._enter(record)

    def _number(self, record: Record, item: ModelToSave) -> None:
        record["version"] = self.next_version(record["name"], overwrite=item.overwrite)
        record["path"] = file_stem(record["name"], record["version"]) + item.suffix

    def _enter(self, record: Record) -> None:
        self._entries[record["name"]] = entry_of(record)
        self._known[collision_key(record["name"])] = record["name"]

    def next_version(self, name: str, *, overwrite: bool) -> int:
        """Return the version that the next save of a name gets.

        Raises
        ------
        DuplicateModelName
            The name is taken.
        """
        current = self._entries.get(name)
        if current is not None and not overwrite:
            raise _duplicate(name, name)
        if current is None:
            self.refuse_twin(name)
            folder, suffixes = self._folder.path, (*FILE_SUFFIXES, SIDECAR_SUFFIX)
            if not any((folder / f"{name}{suffix}").exists() for suffix in suffixes):
                return 1
        files = self._files.get(name, ModelFiles())
        if current is None and files.artefacts.keys() - files.sidecars.keys():
            raise DuplicateModelName(
                "A file of the name {name!r} that was not saved here lies in the models folder. Adopt it with "
                "`python -m src models trust {name!r}`, delete it, or choose another name.",
                name=name,
            )
        # What a reset or a crash left behind keeps its number: no file is ever overwritten.
        return 1 + max([current["version"] if current else 0, *files.artefacts, *files.sidecars])

    def refuse_twin(self, name: str) -> None:
        """Refuse a name that differs from a known one only in case: on some systems they would be one file.

        Raises
        ------
        DuplicateModelName
        """
        known = self._known.get(collision_key(name), name)
        if known != name:
            raise _duplicate(name, known)


def _duplicate(name: str, known: str) -> DuplicateModelName:
    return DuplicateModelName(
        "There is a model {known!r} already, so {name!r} is taken (upper and lower case count as the same). Choose "
        "another name, or save a new version of it with overwrite.",
        name=name,
        known=known,
    )


def now() -> str:
    """Return the present as the registry writes it; such texts sort as the times they stand for."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def utc_time(text: str) -> datetime | None:
    """Read a time of the registry; one without an offset, the legacy way, is taken as UTC. None if it is none."""
    try:
        time = datetime.fromisoformat(text)
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (ValueError, OverflowError):  # the second for the first day of the year 1, east of Greenwich
        return None
