"""One folder of saved models on the disk: its lock, its registry, and the steps that change them safely."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from src.errors import ModelCorrupt, ModelNotFound, ModelNotSaved, ModelNotTrusted, ModelStoreUnavailable
from src.storage.artefacts import (
    artefact_digest,
    content_digest,
    folder_files,
    listing_digest,
    remove_artefact,
    write_artefact,
)
from src.storage.atomic import sync_folder, write_atomically, write_durably
from src.storage.model_names import file_stem
from src.storage.registry_file import (
    REGISTRY_FILE,
    ModelFiles,
    decode_registry,
    encode_registry,
    encode_sidecar,
    entry_of,
    files_by_name,
    read_sidecar,
    sidecar_path,
)
from src.storage.signing import is_signed, signing_key

log = logging.getLogger(__name__)

LOCK_FILE = ".registry.lock"
STAGING_FOLDER = ".staging"
LOCK_SECONDS = 60
_LEFTOVER_SECONDS = 24 * 3600

Record = dict[str, Any]
"""All that is known of one version of a model: what its sidecar holds."""
Entries = dict[str, dict[str, Any]]
"""The registry: name to the part of the current version's record that is needed to list and verify it."""


class ModelFolder:
    """The files of one folder of models.

    A new version is put in place in this order: artefact and sidecar under temporary names, fsync; rename the sidecar,
    rename the artefact, fsync the folder; replace the registry. A process that dies in between leaves the registry as
    it was, and never an artefact without its sidecar, which would look like a file that a stranger put there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.registry = path / REGISTRY_FILE

    def key(self) -> bytes:
        """Return the key that signs the models here."""
        return signing_key(keep_out_of=self.path)

    def read(self) -> Entries:
        """Read the registry, without waiting for anyone; a corrupt one is mended first."""
        content = self._content()
        try:
            return {} if content is None else decode_registry(content)
        except ValueError:
            with self.updating() as entries:
                return entries

    def stamp(self) -> object:
        """Return what is another once the registry has been written; None where there is none."""
        try:
            status = self.registry.stat()
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns, status.st_size

    def _content(self) -> bytes | None:
        try:
            return self.registry.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ModelStoreUnavailable(
                "The models folder {folder} cannot be read: {reason}.", folder=str(self.path), reason=str(error)
            ) from error

    @contextmanager
    def updating(self) -> Iterator[Entries]:
        """Hold the lock and hand out the entries; what is done to them counts once `write` or `publish` is called.

        Raises
        ------
        ModelNotSaved
            The disk is full or failing, or the lock cannot be had.
        """
        with changing(self.path, LOCK_FILE):
            yield self._read_locked()

    def _read_locked(self) -> Entries:
        content = self._content()
        try:
            return {} if content is None else decode_registry(content)
        except ValueError as error:
            return self._mend(content or b"", str(error))

    def _mend(self, content: bytes, reason: str) -> Entries:
        """Set a corrupt registry aside, by copying: dying here must not leave an empty store."""
        aside = self.path / f"{REGISTRY_FILE}.corrupt-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"
        write_atomically(aside, content)
        entries = self.entries_from_sidecars()
        self.write(entries)
        log.warning(
            "%s was corrupt (%s). It was set aside as %s and rebuilt from the sidecars: %d models.",
            *(self.registry, reason, aside.name, len(entries)),
        )
        return entries

    def write(self, entries: Mapping[str, Mapping[str, Any]]) -> None:
        """Replace the registry."""
        write_atomically(self.registry, encode_registry(entries))

    def stage(self, content: bytes | Path) -> tuple[Path, str]:
        """Bring an artefact onto the disk under a temporary name; return that and its SHA-256. Needs no lock."""
        return self.stage_with(lambda path: write_artefact(path, content))

    def stage_with(self, write: Callable[[Path], str]) -> tuple[Path, str]:
        """Have an artefact written under a temporary name; return that and what `write` returned, its SHA-256."""
        with _named_failures(self.path):
            path = self._temporary_path()
            try:
                return path, write(path)
            except BaseException:
                remove_artefact(path)
                raise

    def _temporary_path(self) -> Path:
        folder = self.path / STAGING_FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        return folder / secrets.token_hex(8)

    def publish(self, staged: Sequence[tuple[Path, Record]], entries: Entries) -> None:
        """Put staged artefacts in place with their records, and write the registry: all of it, or nothing.

        Must be called with the lock held. Replacing the registry is the step that counts.
        """
        before = self._content()
        try:
            for path, record in staged:
                self.write_sidecar(record)
                path.replace(self.path / record["path"])
            sync_folder(self.path)
            self.write(entries)
        except BaseException:
            self._take_back([record for _, record in staged], before)
            raise

    def write_sidecar(self, record: Record) -> None:
        """Replace the sidecar of one version; durable once the folder is synced."""
        temporary = self._temporary_path()
        write_durably(temporary, encode_sidecar(record))
        try:
            temporary.replace(sidecar_path(self.path, record["name"], record["version"]))
        finally:
            temporary.unlink(missing_ok=True)

    def _take_back(self, records: Sequence[Record], before: bytes | None) -> None:
        """Undo what a failed `publish` did, but keep every file that the registry names if it cannot be put back."""
        with suppress(OSError, ModelStoreUnavailable, ValueError):
            if self._content() != before:
                with suppress(OSError):
                    self.registry.unlink() if before is None else write_atomically(self.registry, before)
            content = self._content()
            named = {entry["path"] for entry in decode_registry(content).values()} if content else set()
            for record in records:
                if record["path"] not in named:
                    self._remove_version(record)

    def _remove_version(self, record: Record) -> None:
        """Remove an artefact, then its sidecar: the reverse of how they came."""
        remove_artefact(self.path / record["path"])
        sidecar_path(self.path, record["name"], record["version"]).unlink(missing_ok=True)

    def remove(self, name: str) -> None:
        """Remove every file of a name: artefacts first, so that no later rebuild brings half of it back."""
        files = self.files().get(name, ModelFiles())
        for file_name in (*self._artefacts(name, files).values(), *files.sidecars.values()):
            self._discard(file_name)
        sync_folder(self.path)
        self.sweep()

    def _artefacts(self, name: str, files: ModelFiles) -> dict[int, str]:
        """The artefacts of a name by version. Those that are folders are known by their sidecars only."""
        found = dict(files.artefacts)
        for version in files.sidecars.keys() - found.keys():
            record = read_sidecar(self.path, name, version)
            if record and record["path"] == file_stem(name, version):
                found[version] = record["path"]
        return found

    def _discard(self, file_name: str) -> None:
        """Remove a file, or a folder in one step: whoever dies in between leaves no half of it."""
        path = self.path / file_name
        if path.is_dir() and not path.is_symlink():
            path = path.rename(self._temporary_path())
        remove_artefact(path)

    def remove_old_versions(self, current: Mapping[str, int], keep: int) -> int:
        """Remove all but the newest versions of some names and the current one; return how many were removed.

        Must be called with the lock held.
        """
        files, removed = self.files(), 0
        for name, version in current.items():
            artefacts = self._artefacts(name, files.get(name, ModelFiles()))
            for old in set(sorted(artefacts)[:-keep]) - {version}:
                self._discard(artefacts[old])
                sidecar_path(self.path, name, old).unlink(missing_ok=True)
                removed += 1
        return removed

    def locate(self, record: Mapping[str, Any]) -> Path:
        """Return where an artefact lies, which must be in the folder, whatever links there are.

        Raises
        ------
        ModelCorrupt
            The path leads out of the folder.
        ModelNotFound
            Nothing is there.
        """
        try:
            path, folder = (self.path / record["path"]).resolve(), self.path.resolve()
            is_there = path.is_file() or path.is_dir()
        except (ValueError, OSError, RuntimeError):  # a NUL character, a loop of links, too long a name
            path, folder, is_there = self.path, self.path, False
        if path == folder or not path.is_relative_to(folder):
            raise ModelCorrupt(
                "{path!r} leads out of the models folder {folder}. Delete the model's entry or put its file there.",
                path=record["path"],
                folder=str(self.path),
            )
        if not is_there:
            raise ModelNotFound(
                "The file {path!r} of a model is missing from {folder}. Restore it from a backup, or delete the model.",
                path=record["path"],
                folder=str(self.path),
            )
        return path

    def verified(self, record: Record, key: bytes | None = None) -> bytes | Path:
        """Return the very bytes that were hashed, so that nothing can change between the check and the use.

        A folder is checked at this moment and returned as its path.

        Parameters
        ----------
        key : bytes, optional
            What `key` has returned, where that is known already.

        Raises
        ------
        ModelNotTrusted
            The signature does not verify.
        ModelCorrupt, ModelNotFound
            As in `locate`, and where the artefact is not what was saved.
        """
        if not is_signed(record, self.key() if key is None else key):
            raise not_trusted(record["name"])
        path = self.locate(record)
        content = path if path.is_dir() else path.read_bytes()
        digest = artefact_digest(content) if isinstance(content, Path) else content_digest(content)
        if digest != record["sha256"]:
            raise _corrupt(record)
        return content

    def verified_files(self, record: Record, key: bytes | None = None) -> dict[str, bytes]:
        """Return the files of a folder by their relative names: the very bytes that were hashed.

        Raises
        ------
        ModelNotTrusted, ModelCorrupt, ModelNotFound
            As in `verified`.
        """
        if not is_signed(record, self.key() if key is None else key):
            raise not_trusted(record["name"])
        path = self.locate(record)
        files = {member.relative_to(path).as_posix(): member.read_bytes() for member in folder_files(path)}
        if listing_digest({name: content_digest(content) for name, content in files.items()}) != record["sha256"]:
            raise _corrupt(record)
        return files

    def versions(self, name: str) -> dict[int, Record]:
        """Return the records of all versions whose sidecar can be read and whose artefact is there, by number."""
        return self.versions_of([name])[name]

    def versions_of(self, names: Iterable[str]) -> dict[str, dict[int, Record]]:
        """Return the same for many names, with one look at the folder."""
        files = self.files()
        return {name: self._complete(name, files.get(name, ModelFiles())) for name in names}

    def files(self) -> dict[str, ModelFiles]:
        """List the artefacts and sidecars by name."""
        return files_by_name(self.path)

    def _complete(self, name: str, files: ModelFiles) -> dict[int, Record]:
        records = ((version, read_sidecar(self.path, name, version)) for version in sorted(files.sidecars))
        return {version: record for version, record in records if record and self.is_there(record)}

    def is_there(self, record: Mapping[str, Any]) -> bool:
        """Tell whether the artefact of a record lies in the folder."""
        try:
            return bool(self.locate(record))
        except (ModelCorrupt, ModelNotFound):
            return False

    def entries_from_sidecars(self) -> Entries:
        """Return an entry for each name that has a version whose signature verifies, the one last made current."""
        key = self.key()
        entries: Entries = {}
        for name, files in self.files().items():
            signed = [record for record in self._complete(name, files).values() if is_signed(record, key)]
            if signed:
                entries[name] = entry_of(max(signed, key=lambda record: record["current_since"]))
        return entries

    def sweep(self) -> None:
        """Remove what processes that were killed had half written."""
        oldest = time.time() - _LEFTOVER_SECONDS
        for path in (*self.path.glob(".*.tmp"), *(self.path / STAGING_FOLDER).glob("*")):
            if path.stat().st_mtime < oldest:
                remove_artefact(path)


def not_trusted(name: str) -> ModelNotTrusted:
    """Say that a model was not saved here, and how to adopt it."""
    return ModelNotTrusted(
        "The model {name!r} was not saved here: opening its file could run anything that is in it. If you know where "
        "it comes from, adopt it with `python -m src models trust {name!r}`. (`python -m src models rebuild` brings "
        "back those that were saved here.)",
        name=name,
    )


def _corrupt(record: Mapping[str, Any]) -> ModelCorrupt:
    return ModelCorrupt(
        "The file {path!r} of the model {name!r} is not what was saved. Restore it from a backup, or go back "
        "to another version.",
        path=record["path"],
        name=record["name"],
    )


@contextmanager
def changing(folder: Path, lock_file: str) -> Iterator[None]:
    """Make a folder if need be, and hold a lock in it, which the kernel frees when its holder dies.

    Raises
    ------
    ModelNotSaved
        The disk is full or failing, or the lock cannot be had.
    """
    with _named_failures(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / lock_file, timeout=LOCK_SECONDS, poll_interval=0.005):
            yield


@contextmanager
def _named_failures(folder: Path) -> Iterator[None]:
    try:
        yield
    except Timeout as error:
        raise ModelNotSaved(
            "Another process has held the models folder {folder} for {seconds} seconds. Try again, or end it.",
            folder=str(folder),
            seconds=LOCK_SECONDS,
        ) from error
    except OSError as error:
        raise ModelNotSaved(
            "The models folder {folder} cannot be written: {reason}. Free space or mend the permissions, then try "
            "again.",
            folder=str(folder),
            reason=str(error),
        ) from error
