"""What is saved and what is known of it: a model to save, its record, the version it gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from src.errors import DuplicateModelName, ModelNotSaved
from src.storage.artefacts import FILE_SUFFIXES, FOLDER_SUFFIX, library_versions
from src.storage.json_values import json_dict
from src.storage.model_folder import Entries, ModelFolder, Record
from src.storage.model_names import checked_name, collision_key, file_stem
from src.storage.registry_file import SIDECAR_SUFFIX, ModelFiles, entry_of
from src.storage.signing import signature


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
    InvalidModelName, InvalidModelMetadata, ModelNotSaved
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


def enter(record: Record, item: ModelToSave, entries: Entries, folder: ModelFolder) -> None:
    """Give a record its version, sign it, and enter it as the current one.

    Raises
    ------
    DuplicateModelName
        The name is taken.
    """
    name = record["name"]
    record["version"] = next_version(name, item.overwrite, entries, folder)
    record["path"] = file_stem(name, record["version"]) + item.suffix
    record["saved_at"] = record["current_since"] = now()
    record["signature_mac"] = signature(record, folder.key())
    entries[name] = entry_of(record)


def next_version(name: str, overwrite: bool, entries: Entries, folder: ModelFolder) -> int:
    """Return the version that the next save of a name gets.

    Raises
    ------
    DuplicateModelName
        The name is taken.
    """
    known = entries.get(name)
    if known is not None and not overwrite:
        raise _duplicate(name, name)
    if known is None:
        refuse_twin(name, entries)
        if not any((folder.path / f"{name}{suffix}").exists() for suffix in (*FILE_SUFFIXES, SIDECAR_SUFFIX)):
            return 1
    files = folder.files().get(name, ModelFiles())
    if known is None and files.artefacts.keys() - files.sidecars.keys():
        raise DuplicateModelName(
            "A file of the name {name!r} that was not saved here lies in the models folder. Adopt it with "
            "`python -m src models trust {name!r}`, delete it, or choose another name.",
            name=name,
        )
    # What a reset or a crash left behind keeps its number: no file is ever overwritten.
    return 1 + max([known["version"] if known else 0, *files.artefacts, *files.sidecars])


def refuse_twin(name: str, entries: Entries) -> None:
    """Refuse a name that differs from a known one only in case: on some systems they would be one file.

    Raises
    ------
    DuplicateModelName
    """
    key = collision_key(name)
    for other in entries:
        if other != name and collision_key(other) == key:
            raise _duplicate(name, other)


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
    except ValueError:
        return None
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
