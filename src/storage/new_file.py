"""Whether a file that somebody asks for can be written where they want it."""

from __future__ import annotations

from pathlib import Path

from src.errors import FileNotWritten


def check_new_file(out: Path, *, force: bool) -> None:
    """Check that a file can be written there, before minutes of work and not after.

    Raises
    ------
    FileNotWritten
        It is a folder, its folder is not there, it exists and is not to be replaced, or there can be no such name.
    """
    try:
        out.stat()
    except FileNotFoundError:
        pass
    except OSError as error:
        raise FileNotWritten(
            "{path!r} cannot be written: {reason}. Choose another place.", path=str(out), reason=error.strerror
        ) from error
    if out.is_dir():
        raise FileNotWritten("{path!r} cannot be written: it is a folder. Name a file in it.", path=str(out))
    if not out.parent.is_dir():
        raise FileNotWritten("{path!r} cannot be written: its folder is not there. Make it first.", path=str(out))
    if out.exists() and not force:
        raise FileNotWritten(
            "{path!r} is there already. Choose another name, or replace it with --force.", path=str(out)
        )
