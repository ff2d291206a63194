"""Writing files so that, whatever happens in between, a reader finds the old content or the new one."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

TEMPORARY = ".*.tmp"
"""What files are called until they are whole."""


def write_atomically(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Write a whole file: temporary file, fsync, rename, fsync of the folder.

    Raises
    ------
    OSError
        The disk is full or failing; `path` is as it was, and no temporary file is left.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        write_durably(temporary, content, mode=mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that takes the name `path` once all of it is on the disk, or is removed where something fails.

    Raises
    ------
    OSError
        The disk is full or failing, or the folder is not writable.
    """
    temporary = path.with_name(f".{secrets.token_hex(6)}.tmp")
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def write_durably(path: Path, content: bytes | Iterable[bytes], *, mode: int = 0o644) -> None:
    """Make a new file whose content is on the disk when this returns; its name is once the folder is synced.

    Parameters
    ----------
    path : Path
        Must not be there yet.
    content : bytes or iterable of bytes
        All at once or piece by piece; an error while the pieces are made leaves no file.
    mode : int
        Permissions.

    Raises
    ------
    OSError
        The disk is full or failing, or the file is there already. A half-written file is removed.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            for piece in (content,) if isinstance(content, bytes) else content:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """Make renames in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
