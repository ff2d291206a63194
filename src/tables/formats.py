"""What a file holds, told by its first bytes rather than by its name, and its content once expanded."""

from __future__ import annotations

import gzip
import io
import re
import zlib
from pathlib import Path
from typing import BinaryIO

from src.errors import InvalidTable
from src.tables.limits import TableLimits

CSV, CSV_GZ, PARQUET = "CSV", "CSV.gz", "Parquet"

_SUFFIXES = {".csv": CSV, ".txt": CSV, ".tsv": CSV, ".csv.gz": CSV_GZ, ".parquet": PARQUET}

_SIGNATURES = {
    b"PAR1\x15": PARQUET,  # what follows the mark, so that a column called PAR1 is not taken for it
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "Excel (xlsx) or zip",
    b"\xd0\xcf\x11\xe0": "Excel (xls)",
    b"%PDF-": "PDF",
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"SQLite format 3": "SQLite",
    b"\x89HDF": "HDF5",
    b"BZh91AY&SY": "bzip2",
    b"\xfd7zXZ": "xz",
    b"(\xb5/\xfd": "Zstandard",
    b"7z\xbc\xaf": "7-Zip",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}
_HTML = re.compile(rb"\s*<(!doctype|html|\?xml)", re.IGNORECASE)
_JSON = re.compile(rb'\s*[\[{]\s*[\[{"]')


def format_of_name(name: str) -> str:
    """Tell from a file's name how it is to be read.

    Raises
    ------
    InvalidTable
        The name has none of the known endings.
    """
    for suffix, expected in _SUFFIXES.items():
        if name.lower().endswith(suffix):
            return expected
    raise InvalidTable(
        "{name!r} has none of the endings {endings}. Save the table as CSV (UTF-8) or Parquet.",
        name=name,
        endings=", ".join(_SUFFIXES),
    )


def ending_of(name: str) -> str:
    """Return the ending by which a file's name says how it is read; .csv where it says nothing."""
    return next((suffix for suffix in _SUFFIXES if name.lower().endswith(suffix)), ".csv")


def read_content(source: Path | bytes, name: str, limits: TableLimits) -> bytes:
    """Read a file whole, unless it is larger than allowed.

    Raises
    ------
    InvalidTable
        It is too large, empty, or cannot be opened.
    """
    with open_content(source, name, limits) as file:
        return file.read()


def open_content(source: Path | bytes, name: str, limits: TableLimits) -> BinaryIO:
    """Open a file, unless it is larger than allowed.

    Raises
    ------
    InvalidTable
        It is too large, empty, or cannot be opened.
    """
    try:
        size = source.stat().st_size if isinstance(source, Path) else len(source)
        file = source.open("rb") if isinstance(source, Path) else io.BytesIO(source)
    except (OSError, ValueError) as error:  # a path with a NUL is a plain ValueError
        raise InvalidTable(
            "{name!r} cannot be opened: {reason}. Check the path and the permissions.",
            name=name,
            reason=getattr(error, "strerror", None) or str(error),
        ) from error
    if 0 < size <= limits.file_bytes:
        return file
    file.close()
    if size == 0:
        raise is_empty(name)
    raise InvalidTable(
        "{name!r} has {size:,} bytes; at most {limit:,} are allowed. Send fewer rows, or raise FAROL_UPLOAD_MAX_MB.",
        name=name,
        size=size,
        limit=limits.file_bytes,
    )


def is_empty(name: str) -> InvalidTable:
    """Make the error for a file without content."""
    return InvalidTable("{name!r} is empty. Save the table again.", name=name)


def refuse_other_format(content: bytes, name: str, expected: str) -> None:
    """Check that a file holds what its name says.

    Raises
    ------
    InvalidTable
        It holds something else.
    """
    if expected == PARQUET and content.startswith(b"PAR1"):
        return
    found = _recognise(content)
    if found == {CSV: None, CSV_GZ: "gzip"}.get(expected, PARQUET):
        return
    if found is None and expected == PARQUET:
        raise InvalidTable(
            "{name!r} is named as Parquet but does not begin as one. Save it as Parquet again, or name it .csv if it "
            "is text.",
            name=name,
        )
    if found is None:
        raise InvalidTable(
            "{name!r} is named as CSV.gz but is not compressed. Name it .csv, or compress it with gzip.", name=name
        )
    raise InvalidTable(
        "{name!r} is named as {expected} but holds {found}. Save the table as CSV (UTF-8) or Parquet, with the ending "
        "that fits.",
        name=name,
        expected=expected,
        found=found,
    )


def _recognise(content: bytes) -> str | None:
    for signature, found in _SIGNATURES.items():
        if content.startswith(signature):
            return found
    if _HTML.match(content):
        return "HTML or XML"
    return "JSON" if _JSON.match(content) else None


def expand_gzip(content: bytes, name: str, limits: TableLimits) -> bytes:
    """Decompress, and stop as soon as the result is larger than allowed.

    Raises
    ------
    InvalidTable
        It expands to too much, or is damaged.
    """
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            expanded = file.read(limits.expanded_bytes + 1)
    except (EOFError, OSError, zlib.error) as error:
        raise damaged_gzip(name, error) from error
    if len(expanded) > limits.expanded_bytes:
        raise expands_too_far(name, limits)
    if not expanded:
        raise is_empty(name)
    return expanded


def damaged_gzip(name: str, error: Exception) -> InvalidTable:
    """Make the error for a file that begins as gzip and cannot be expanded."""
    return InvalidTable(
        "{name!r} is a damaged gzip file: {reason}. Compress or upload it again.", name=name, reason=str(error)
    )


def expands_too_far(name: str, limits: TableLimits) -> InvalidTable:
    """Make the error for content that is too large once expanded."""
    return InvalidTable(
        "{name!r} expands to more than {limit:,} bytes. Send fewer rows, or raise FAROL_UPLOAD_MAX_EXPANDED_MB.",
        name=name,
        limit=limits.expanded_bytes,
    )
