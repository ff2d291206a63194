"""A saved model as one file, to be carried to another installation: a zip of three parts.

``manifest.json``
    What this is, and the size and SHA-256 of every other part.
``model.json``
    The sidecar, without the signature: that says something only where its key is.
``artefact.pkl``, ``artefact.joblib``, or the files of a folder below ``artefact/``
    The model.

The same model gives the same bytes, whenever and wherever it is exported.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from src.errors import FileNotWritten
from src.storage.artefacts import FILE_SUFFIXES, artefact_digest, artefact_size, content_digest
from src.storage.model_folder import Record
from src.storage.registry_file import encode_sidecar

FORMAT, FORMAT_VERSION = "farol model", 1
MANIFEST, SIDECAR, ARTEFACT = "manifest.json", "model.json", "artefact"
CARRIED = ("name", "version", "kind", "saved_at", "metadata", "sha256", "libraries", "details")
"""The fields of a sidecar that are true elsewhere too."""

_LARGEST = 2**32 - 2
"""Bytes; what is larger needs another form of zip."""
_MOMENT = (1980, 1, 1, 0, 0, 0)
_MODE = 0o100644 << 16
_LEVEL = 3


def package_name(name: str, version: int) -> str:
    """Return what the file of an exported version is called."""
    return f"{name} v{version}.zip"


def write_package(file: BinaryIO, record: Record, artefact: bytes | Path) -> None:
    """Write a version of a model as one file.

    Parameters
    ----------
    file : binary file
        Where it is written.
    record : dict
        All that is known of the version.
    artefact : bytes or Path
        The verified content of its file, or its folder.

    Raises
    ------
    FileNotWritten
        The model is too large for one file.
    """
    sidecar = encode_sidecar({field: record[field] for field in CARRIED})
    parts: dict[str, bytes | Path] = {SIDECAR: sidecar, **dict(_artefact_parts(record, artefact))}
    manifest = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "files": {name: _described(part, record) for name, part in parts.items()},
    }
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as package:
        for name, part in {MANIFEST: json.dumps(manifest, indent=1).encode(), **parts}.items():
            _add(package, name, part)


def _artefact_parts(record: Record, artefact: bytes | Path) -> Iterator[tuple[str, bytes | Path]]:
    if isinstance(artefact, bytes):
        suffix = Path(record["path"]).suffix
        yield ARTEFACT + (suffix if suffix in FILE_SUFFIXES else FILE_SUFFIXES[0]), artefact
        return
    for path in sorted(artefact.rglob("*")):
        if path.is_file():
            yield f"{ARTEFACT}/{path.relative_to(artefact).as_posix()}", path


def _described(part: bytes | Path, record: Record) -> dict[str, int | str]:
    size = len(part) if isinstance(part, bytes) else artefact_size(part) or 0
    if size > _LARGEST:
        raise FileNotWritten(
            "The model {name!r} has {size:,} bytes, which is too large to be exported as one file. Copy its files.",
            name=record["name"],
            size=size,
        )
    return {"bytes": size, "sha256": content_digest(part) if isinstance(part, bytes) else artefact_digest(part)}


def _add(package: zipfile.ZipFile, name: str, part: bytes | Path) -> None:
    member = zipfile.ZipInfo(name, _MOMENT)
    member.compress_type, member.create_system, member.external_attr = zipfile.ZIP_DEFLATED, 3, _MODE
    package.writestr(member, part if isinstance(part, bytes) else part.read_bytes(), compresslevel=_LEVEL)
