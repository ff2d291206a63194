"""The files of a folder of saved models other than the artefacts: `registry.json`, sidecars, what lies where.

The registry holds one small entry for each name; a sidecar, ``NAME.json`` beside ``NAME.pkl``, holds all that is known
of one version.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from src.storage.artefacts import FILE_SUFFIXES
from src.storage.model_names import file_stem, parse_stem

_HALF_CHARACTER = re.compile(rb"\\u[dD]")
REGISTRY_FILE = "registry.json"
SIDECAR_SUFFIX = ".json"
_SUFFIXES = (*FILE_SUFFIXES, SIDECAR_SUFFIX)

ENTRY_DEFAULTS: dict[str, Any] = {
    "path": "",
    "metadata": {},
    "saved_at": "",
    "kind": "model",
    "version": 1,
    "sha256": "",
    "signature_mac": "",
}
"""The fields of an entry; those that an entry made elsewhere lacks are filled in, and leave it untrusted."""

SIDECAR_DEFAULTS: dict[str, Any] = {**ENTRY_DEFAULTS, "name": "", "current_since": "", "libraries": {}, "details": {}}


def encode_registry(entries: Mapping[str, Mapping[str, Any]]) -> bytes:
    """Write the registry as JSON, an entry a line, so that it can be searched and compared with text tools."""
    encode = json.JSONEncoder(ensure_ascii=False).encode
    lines = (f"{encode(name)}: {encode(entry)}" for name, entry in entries.items())
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def decode_registry(content: bytes) -> dict[str, dict[str, Any]]:
    """Read a registry.

    Raises
    ------
    ValueError
        It is not a registry: cut off, not JSON, not a dict of entries, or it holds text that no file can hold.
    """
    entries = {name: _with_defaults(entry, ENTRY_DEFAULTS) for name, entry in _json_dict(content).items()}
    if _HALF_CHARACTER.search(content):  # most registries have none, and are spared the writing
        encode_registry(entries)
    return entries


def encode_sidecar(record: Mapping[str, Any]) -> bytes:
    """Write a sidecar as JSON."""
    return (json.dumps(record, ensure_ascii=False, indent=1) + "\n").encode()


def read_sidecar(folder: Path, name: str, version: int) -> dict[str, Any] | None:
    """Read the sidecar of one version; None if there is none that can be read and belongs to it."""
    try:
        record = _with_defaults(_json_dict(sidecar_path(folder, name, version).read_bytes()), SIDECAR_DEFAULTS)
    except (FileNotFoundError, ValueError):
        return None
    return record if (record["name"], record["version"]) == (name, version) else None


def sidecar_path(folder: Path, name: str, version: int) -> Path:
    """Return where the sidecar of one version lies."""
    return folder / f"{file_stem(name, version)}{SIDECAR_SUFFIX}"


def entry_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a sidecar that is the registry's entry."""
    return {name: record[name] for name in ENTRY_DEFAULTS}


def _json_dict(content: bytes) -> dict[str, Any]:
    try:
        values = json.loads(content)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(values, dict):
        raise ValueError("not a dict")
    return values


def _with_defaults(record: Any, defaults: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(record, dict) or not isinstance(record.get("path"), str):
        raise ValueError("an entry without a path")
    if list(map(type, map(record.get, defaults))) == list(map(type, defaults.values())):
        return record
    unusable = [name for name, default in defaults.items() if type(record.get(name)) is not type(default)]
    return {**record, **{name: deepcopy(defaults[name]) for name in unusable}}


@dataclass
class ModelFiles:
    """The files that lie in the folder for one name: version to file name."""

    artefacts: dict[int, str] = field(default_factory=dict)
    sidecars: dict[int, str] = field(default_factory=dict)


def files_by_name(folder: Path) -> dict[str, ModelFiles]:
    """List artefact files and sidecars by the name that their file name gives. Folders are known by sidecar only."""
    found: dict[str, ModelFiles] = {}
    try:
        listing = list(os.scandir(folder))
    except FileNotFoundError:
        return found
    for item in listing:
        stem, dot, suffix = item.name.rpartition(".")
        suffix = dot + suffix
        if not stem or stem[0] == "." or suffix not in _SUFFIXES or item.name == REGISTRY_FILE:
            continue
        if item.is_dir(follow_symlinks=False):
            continue
        name, version = parse_stem(stem)
        files = found.get(name) or found.setdefault(name, ModelFiles())
        (files.sidecars if suffix == SIDECAR_SUFFIX else files.artefacts)[version] = item.name
    return found
