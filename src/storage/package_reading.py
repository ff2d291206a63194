"""Reading a model that comes as one file from elsewhere: nothing in it is believed before it is checked.

No part is unpacked before the whole directory of the file has been checked, no more is read of a part than it is
declared to have, and no name of a part is used as a path unless it is one that an export gives.
"""

from __future__ import annotations

import hashlib
import json
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import SEEK_END
from pathlib import Path
from typing import Any, BinaryIO

from src.config import get_settings
from src.errors import FarolError, InvalidModelFile
from src.notes import Note
from src.storage.artefacts import FILE_SUFFIXES, FOLDER_SUFFIX, artefact_digest, listing_digest
from src.storage.atomic import sync_folder, write_durably
from src.storage.json_values import json_dict
from src.storage.model_folder import Record
from src.storage.model_names import checked_name
from src.storage.model_package import ARTEFACT, CARRIED, FORMAT, FORMAT_VERSION, MANIFEST, SIDECAR
from src.storage.model_records import now, utc_time

_MB = 1024**2
_MOST_PARTS = 1_000
_DIRECTORY_BYTES = 512 * 1024
_JSON_BYTES = 64 * _MB
_METADATA_BYTES = 64 * 1024
_LATEST_VERSION = 10**9
_PIECE = _MB
_ENDING, _LOCATOR_64 = b"PK\x05\x06", b"PK\x06\x07"
_PART_OF_PATH = re.compile(r'(?!\.\.?$)[^\x00-\x1f\x7f/\\:*?"<>|]{1,100}')
_DIGEST = re.compile(r"[0-9a-f]{64}")
_KIND = re.compile(r"[\w .-]{1,60}")


@dataclass(frozen=True)
class Package:
    """What an export holds, once it is checked.

    Attributes
    ----------
    record : dict
        The fields `model_package.CARRIED` of its sidecar.
    suffix : str
        Of its artefact; empty for a folder.
    digests : dict
        The parts of the artefact, with their SHA-256.
    file_bytes, artefact_bytes : int
        Size of the whole, and of the artefact once expanded.
    """

    record: Record
    suffix: str
    digests: Mapping[str, str]
    file_bytes: int
    artefact_bytes: int


def read_package(file: BinaryIO, *, whole: bool = True) -> Package:
    """Check an export: its form, its names and sizes, what is said of the model, and the hash of every part.

    Parameters
    ----------
    file : binary file
        Can be read from any place.
    whole : bool
        Check the hashes of the artefact too; `unpack_artefact` does that as well.

    Raises
    ------
    InvalidModelFile
        It is no export, has been changed, or is larger than the settings allow.
    """
    with _opened(file) as package:
        members = _members(package)
        manifest = _manifest(_json_part(package, members[MANIFEST], None)) if MANIFEST in members else None
        if manifest is None or SIDECAR not in members:
            raise _no_export(Note("it has no manifest or no description of a model"))
        _match(manifest, members)
        record = _record(_json_part(package, members[SIDECAR], manifest[SIDECAR]["sha256"]))
        digests = {name: part["sha256"] for name, part in manifest.items() if name != SIDECAR}
        suffix = _suffix(digests)
        if record["sha256"] != _digest_of(digests, suffix):
            raise _changed(SIDECAR)
        if whole:
            for name, digest in digests.items():
                for _ in _pieces(package, members[name], digest):
                    pass
        size = sum(members[name].file_size for name in digests)
        return Package(record, suffix, digests, _size(file), size)


def imported_record(package: Package, name: str) -> Record:
    """Begin the record of an imported model: what its export says, and what it was called there."""
    record = deepcopy(package.record)
    record["details"]["imported"] = {"at": now(), "name": record["name"], "version": record["version"]}
    return record | {"name": name}


def unpack_artefact(file: BinaryIO, package: Package, to: Path) -> str:
    """Write the artefact to a new path, durably, while its hashes are checked; return its SHA-256.

    Raises
    ------
    InvalidModelFile
        A part is not what the manifest says; nothing whole is left at `to`.
    OSError
        The disk is full or failing.
    """
    with _opened(file) as archive:
        members = _members(archive)
        for name, digest in package.digests.items():
            path = to / name.removeprefix(f"{ARTEFACT}/") if package.suffix == FOLDER_SUFFIX else to
            path.parent.mkdir(parents=True, exist_ok=True)
            write_durably(path, _pieces(archive, members[name], digest))
    if to.is_dir():
        for folder in (to, *(path for path in to.rglob("*") if path.is_dir())):
            sync_folder(folder)
    return artefact_digest(to)


@contextmanager
def _opened(file: BinaryIO) -> Iterator[zipfile.ZipFile]:
    """Open a zip; whatever is wrong with its form comes out as a named error."""
    _check_ending(file)
    try:
        with zipfile.ZipFile(file) as package:
            yield package
    except FarolError:
        raise
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, RuntimeError) as error:
        raise _no_export(Note("it is damaged ({reason})", {"reason": str(error) or type(error).__name__})) from error


def _check_ending(file: BinaryIO) -> None:
    """Look how large the directory is: `zipfile` reads all of it into memory."""
    size, most = _size(file), get_settings().upload_max_mb * _MB
    if size > most:
        raise InvalidModelFile(
            "The file has {size:,} bytes; at most {limit:,} are allowed. Raise FAROL_UPLOAD_MAX_MB if you trust it.",
            size=size,
            limit=most,
        )
    file.seek(0)
    beginning = file.read(4)
    file.seek(max(size - 42, 0))
    ending = file.read()
    if beginning != b"PK\x03\x04" or len(ending) < 42 or ending[-22:-18] != _ENDING or ending[-2:] != b"\0\0":
        raise _no_export(Note("it is no zip file, or it is cut off"))
    parts, directory = struct.unpack("<HI", ending[-12:-6])
    if parts > _MOST_PARTS or directory > _DIRECTORY_BYTES or ending.startswith(_LOCATOR_64):
        raise _no_export(Note("it has too many parts"))


def _size(file: BinaryIO) -> int:
    return file.seek(0, SEEK_END)


def _members(package: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Return the parts by name, each a plain file of an allowed name, together no larger than allowed."""
    members: dict[str, zipfile.ZipInfo] = {}
    taken: set[str] = set()
    for member in package.infolist():
        _check_member(member)
        same = unicodedata.normalize("NFC", member.filename).casefold()
        if same in taken:
            raise _no_export(Note("it has the part {part!r} twice", {"part": member.filename}))
        taken.add(same)
        members[member.filename] = member
    for name in taken:
        if any(str(parent) in taken for parent in Path(name).parents):
            raise _no_export(Note("{part!r} lies in a part that is no folder", {"part": name}))
    most = get_settings().upload_max_expanded_mb * _MB
    if sum(member.file_size for member in members.values()) > most:
        raise InvalidModelFile(
            "The file expands to more than {limit:,} bytes. Raise FAROL_UPLOAD_MAX_EXPANDED_MB if you trust it.",
            limit=most,
        )
    return members


def _check_member(member: zipfile.ZipInfo) -> None:
    name = member.filename
    kind = stat.S_IFMT(member.external_attr >> 16)  # which some programs leave out
    if member.orig_filename != name or not _is_allowed(name):
        raise _no_export(Note("it has a part of the name {part!r}", {"part": member.orig_filename}))
    if member.is_dir() or kind not in (0, stat.S_IFREG):
        raise _no_export(Note("its part {part!r} is no plain file", {"part": name}))
    if member.flag_bits & 1 or member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise _no_export(Note("its part {part!r} is encrypted, or compressed in another way", {"part": name}))


def _is_allowed(name: str) -> bool:
    if name in (MANIFEST, SIDECAR, *(ARTEFACT + suffix for suffix in FILE_SUFFIXES)):
        return True
    first, *rest = name.split("/")
    return first == ARTEFACT and 0 < len(rest) <= 8 and all(_PART_OF_PATH.fullmatch(part) for part in rest)


def _json_part(package: zipfile.ZipFile, member: zipfile.ZipInfo, digest: str | None) -> dict[str, Any]:
    if member.file_size > _JSON_BYTES:
        raise _no_export(Note("its part {part!r} is too large", {"part": member.filename}))
    try:
        values = json.loads(b"".join(_pieces(package, member, digest)), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        if isinstance(error, FarolError):
            raise
        raise _no_export(Note("its part {part!r} is no JSON", {"part": member.filename})) from error
    if not isinstance(values, dict):
        raise _no_export(Note("its part {part!r} is no JSON", {"part": member.filename}))
    return values


def _no_constant(name: str) -> float:
    raise ValueError(name)


def _manifest(values: dict[str, Any]) -> dict[str, dict[str, Any]]:
    if values.get("format") != FORMAT:
        raise _no_export(Note("its manifest is of something else"))
    if values.get("format_version") != FORMAT_VERSION:
        raise InvalidModelFile(
            "The file is of version {version!r} of the format, and only version {known} is known here. Update Farol.",
            version=values.get("format_version"),
            known=FORMAT_VERSION,
        )
    files = values.get("files")
    if not isinstance(files, dict) or not all(map(_is_described, files.values())):
        raise _no_export(Note("its manifest has no sizes or hashes"))
    return files


def _is_described(part: object) -> bool:
    return (
        isinstance(part, dict)
        and type(part.get("bytes")) is int
        and isinstance(part.get("sha256"), str)
        and _DIGEST.fullmatch(part["sha256"]) is not None
    )


def _match(manifest: dict[str, dict[str, Any]], members: dict[str, zipfile.ZipInfo]) -> None:
    """Check that there is what the manifest names, all of it and nothing else."""
    for name in {*manifest, *members} - {MANIFEST}:
        if name not in members or name not in manifest:
            raise _no_export(Note("its manifest and its parts differ in {part!r}", {"part": name}))
        if manifest[name]["bytes"] != members[name].file_size:
            raise _changed(name)


def _suffix(digests: Mapping[str, str]) -> str:
    if all("/" in name for name in digests) and digests:
        return FOLDER_SUFFIX
    if len(digests) != 1:
        raise _no_export(Note("it has no model, or more than one"))
    return Path(next(iter(digests))).suffix


def _digest_of(digests: Mapping[str, str], suffix: str) -> str:
    if suffix != FOLDER_SUFFIX:
        return next(iter(digests.values()))
    return listing_digest({name.removeprefix(f"{ARTEFACT}/"): digest for name, digest in digests.items()})


def _record(values: dict[str, Any]) -> Record:
    """Check what is said of the model, field by field."""
    try:
        fields_are_right = (
            set(values) == set(CARRIED)
            and checked_name(values["name"]) == values["name"]
            and type(values["version"]) is int
            and 0 < values["version"] < _LATEST_VERSION
            and _KIND.fullmatch(values["kind"]) is not None
            and _is_past(values["saved_at"])
            and _DIGEST.fullmatch(values["sha256"]) is not None
            and all(isinstance(version, str) for version in values["libraries"].values())
            # What JSON cannot hold as it is, such as 1e400, would be changed on the way in.
            and all(json_dict(values[part], part) == values[part] for part in ("metadata", "libraries", "details"))
            and len(json.dumps(values["metadata"])) <= _METADATA_BYTES
        )
    except (FarolError, TypeError, AttributeError):
        fields_are_right = False
    if not fields_are_right:
        raise _no_export(Note("what it says of the model cannot be read"))
    return values


def _is_past(text: str) -> bool:
    time = utc_time(text)
    return time is not None and time < datetime.now(UTC) + timedelta(days=1)  # clocks differ


def _pieces(package: zipfile.ZipFile, member: zipfile.ZipInfo, digest: str | None) -> Iterator[bytes]:
    """Hand out a part piece by piece; at the end it must have had its hash, and never more than its size."""
    hashed, size = hashlib.sha256(), 0
    with package.open(member) as file:
        while piece := file.read(_PIECE):
            hashed.update(piece)
            size += len(piece)
            if size > member.file_size:
                raise _changed(member.filename)
            yield piece
    if size != member.file_size or (digest is not None and hashed.hexdigest() != digest):
        raise _changed(member.filename)


def _no_export(reason: Note) -> InvalidModelFile:
    return InvalidModelFile(
        "This file is no model that Farol has exported: {reason}. Choose the file that the export gave.", reason=reason
    )


def _changed(part: str) -> InvalidModelFile:
    return InvalidModelFile(
        "The file has been changed or damaged: its part {part!r} is not what was exported. Export the model again.",
        part=part,
    )
