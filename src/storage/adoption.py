"""Models that were not saved here: which there are, and taking responsibility for one."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from src.errors import ModelCorrupt, ModelNotFound
from src.storage.artefacts import artefact_digest
from src.storage.model_folder import Entries, ModelFolder, Record
from src.storage.model_names import checked_name
from src.storage.model_records import Numbering, now
from src.storage.registry_file import SIDECAR_DEFAULTS, ModelFiles, entry_of, read_sidecar
from src.storage.signing import is_signed, signature


def untrusted_models(folder: ModelFolder, entries: Entries) -> Entries:
    """Return what looks like a model, but does not carry this key's signature.

    Returns
    -------
    dict
        Name to an entry: those of the registry whose signature does not verify, and one for each name of which
        `.pkl` or `.joblib` files lie in the folder without being in the registry.
    """
    key = folder.key()
    found = {name: entry for name, entry in entries.items() if not is_signed({"name": name, **entry}, key)}
    for name, files in sorted(folder.files().items(), key=lambda item: item[0]):
        if name not in entries and files.artefacts:
            version = max(files.artefacts)
            found[name] = entry_of(_unsigned(folder, name, version, files.artefacts[version], {}))
    return found


def adopt(folder: ModelFolder, name: str, entries: Entries) -> Record:
    """Hash and sign all versions of a model and enter it, without opening any of its files; the lock must be held.

    Raises
    ------
    InvalidModelName
        The file must be renamed first.
    ModelNotFound, DuplicateModelName, ModelCorrupt
        Nothing of that name lies there; another model has it in other case; it lies outside the folder.
    """
    entry = entries.pop(name, {})
    name = checked_name(name)
    Numbering(entries, folder).refuse_twin(name)
    records = {}
    for version, path in _artefacts(folder, name, entry).items():
        record = _unsigned(folder, name, version, path, entry if version == entry.get("version") else {})
        record["sha256"] = artefact_digest(folder.locate(record))
        record["signature_mac"] = signature(record, folder.key())
        records[version] = record
    if not records:
        raise ModelNotFound(
            "No .pkl or .joblib file of the name {name!r} lies in {folder}.", name=name, folder=str(folder.path)
        )
    current = records[entry.get("version", max(records))]
    current["current_since"] = now()
    for record in records.values():
        folder.write_sidecar(record)
    entries[name] = entry_of(current)
    folder.write(entries)
    return current


def _artefacts(folder: ModelFolder, name: str, entry: Mapping[str, Any]) -> dict[int, str]:
    """Return the relative paths, by version, of what lies there for a name."""
    found = {version: record["path"] for version, record in folder.versions(name).items()}
    found |= folder.files().get(name, ModelFiles()).artefacts
    if entry:
        try:
            found[entry["version"]] = folder.locate(entry).relative_to(folder.path.resolve()).as_posix()
        except (ModelCorrupt, ModelNotFound):  # a registry from elsewhere may name other folders: then by file name
            if entry["version"] not in found:
                raise
    return found


def _unsigned(folder: ModelFolder, name: str, version: int, path: str, entry: Mapping[str, Any]) -> Record:
    """Return what a model that was not saved here says of itself."""
    lying_since = datetime.fromtimestamp((folder.path / path).lstat().st_mtime, UTC)
    record = {
        **deepcopy(SIDECAR_DEFAULTS),
        **(read_sidecar(folder.path, name, version) or {}),
        **entry,
        "name": name,
        "version": version,
        "path": path,
    }
    record["saved_at"] = record["saved_at"] or lying_since.isoformat(timespec="microseconds")
    return record
