"""The artefacts of saved models: bytes of a pickle or joblib file, or a folder."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import platform
import shutil
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

from src.errors import ModelCorrupt, ModelNotLoadable, ModelNotSaved
from src.storage.atomic import sync_folder, write_durably

FILE_SUFFIXES = (".pkl", ".joblib")
FOLDER_SUFFIX = ""

_MODULE_OF_LIBRARY = {
    "scikit-learn": b"sklearn",
    "numpy": b"numpy",
    "scipy": b"scipy",
    "pandas": b"pandas",
    "joblib": b"joblib",
    "lightgbm": b"lightgbm",
    "pycaret": b"pycaret",
    "prophet": b"prophet",
    "statsforecast": b"statsforecast",
}


class LibraryVersionWarning(UserWarning):
    """A model is loaded with other library versions than it was saved with; `libraries` names them."""

    def __init__(self, name: str, libraries: list[str]) -> None:
        super().__init__(
            f"The model {name} was saved with {', '.join(libraries)}. Check its predictions, or train it anew."
        )
        self.libraries = libraries


def pickled(model: object, suffix: str) -> bytes:
    """Pickle a model the way that the suffix asks for.

    Raises
    ------
    ModelNotSaved
        The model, or something that it holds, cannot be pickled.
    """
    try:
        if suffix == ".joblib":
            import joblib

            buffer = io.BytesIO()
            joblib.dump(model, buffer)
            return buffer.getvalue()
        return pickle.dumps(model, protocol=5)
    except Exception as error:  # whatever the __reduce__ of a stranger's class raises
        raise ModelNotSaved(
            "A {kind} cannot be pickled: {reason}. Models must not hold lambdas, open files, locks or classes "
            "defined inside a function.",
            kind=type(model).__name__,
            reason=str(error),
        ) from error


def unpickled(content: bytes, suffix: str) -> object:
    """Unpickle bytes that have been verified.

    Raises
    ------
    ModelNotLoadable
        A class or library that the model needs is missing or has changed.
    """
    try:
        return _loaded(content, suffix)
    except Exception as error:  # whatever the __setstate__ of a stranger's class raises
        raise ModelNotLoadable(
            "The model is intact, but cannot be unpickled here ({kind}: {reason}). Install what it was made with, or "
            "train it anew.",
            kind=type(error).__name__,
            reason=str(error),
        ) from error


def _loaded(content: bytes, suffix: str) -> object:
    if suffix != ".joblib":
        with suppress(pickle.UnpicklingError):  # a .pkl that joblib wrote, as PyCaret's are
            return pickle.loads(content)
    import joblib

    return joblib.load(io.BytesIO(content))


def content_digest(content: bytes) -> str:
    """Return the SHA-256 of a file's content, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def artefact_digest(path: Path) -> str:
    """Return the SHA-256 of a file, or of a folder's sorted relative names and contents, in hexadecimal.

    Raises
    ------
    ModelCorrupt
        The folder holds a symbolic link: what it points at could change unseen.
    """
    if not path.is_dir():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    return listing_digest(
        {member.relative_to(path).as_posix(): artefact_digest(member) for member in folder_files(path)}
    )


def folder_files(path: Path) -> list[Path]:
    """Return the files in a folder and below.

    Raises
    ------
    ModelCorrupt
        The folder holds a symbolic link: what it points at could change unseen.
    """
    members = sorted(path.rglob("*"))
    if link := next((member for member in members if member.is_symlink()), None):
        name = link.relative_to(path).as_posix()
        raise ModelCorrupt("The model folder {path} holds a symbolic link, {link}.", path=str(path), link=name)
    return [member for member in members if member.is_file()]


def listing_digest(digests: Mapping[str, str]) -> str:
    """Return the SHA-256 of a folder whose files, by relative name, have these."""
    return content_digest(json.dumps([[name, digests[name]] for name in sorted(digests)]).encode())


def write_artefact(path: Path, content: bytes | Path) -> str:
    """Write an artefact to a new path, durably, and return its SHA-256. A folder is copied."""
    if isinstance(content, bytes):
        write_durably(path, content)
        return content_digest(content)
    shutil.copytree(
        content, path, copy_function=lambda source, copy: write_durably(Path(copy), Path(source).read_bytes())
    )
    for folder in (path, *(member for member in path.rglob("*") if member.is_dir())):
        sync_folder(folder)
    return artefact_digest(path)


def remove_artefact(path: Path) -> None:
    """Remove a file or a folder if it is there; of a symbolic link only the link."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def artefact_size(path: Path) -> int | None:
    """Return the size in bytes of a file or of all files in a folder; None if it is not there."""
    try:
        if path.is_dir():
            return sum(member.stat().st_size for member in path.rglob("*") if member.is_file())
        return path.stat().st_size
    except (OSError, ValueError):
        return None


@lru_cache(maxsize=1)
def library_versions() -> dict[str, str]:
    """Return the versions of Python and of the installed libraries that models are made with; imports none."""
    versions = {"python": platform.python_version()}
    for library in _MODULE_OF_LIBRARY:
        try:
            versions[library] = metadata.version(library)
        except metadata.PackageNotFoundError:
            continue
    return versions


def changed_libraries(saved_with: Mapping[str, Any], content: bytes | Path) -> list[str]:
    """Compare the libraries that a model was saved with to those that are here.

    Parameters
    ----------
    saved_with : mapping
        Library to version, as `library_versions` gave it at saving.
    content : bytes or Path
        The artefact; libraries that its pickle does not name do not count.

    Returns
    -------
    list of str
        One text a library, with both versions.
    """
    here = library_versions()
    return [
        f"{library} {version} (here {here.get(library, 'not installed')})"
        for library, version in saved_with.items()
        if _differs(library, str(version), here.get(library)) and _uses(content, library)
    ]


def _differs(library: str, version: str, here: str | None) -> bool:
    if library == "python" and here is not None:  # a pickle of 3.11.2 is one of 3.11.9
        return version.split(".")[:2] != here.split(".")[:2]
    return version != here


def _uses(content: bytes | Path, library: str) -> bool:
    if isinstance(content, Path) or library not in _MODULE_OF_LIBRARY:
        return True
    # A compressed file names no module at all: then any library may be in it.
    return _MODULE_OF_LIBRARY[library] in content or not any(name in content for name in _MODULE_OF_LIBRARY.values())
