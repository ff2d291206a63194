"""The names of saved models, and the file names made from them."""

from __future__ import annotations

import re
import unicodedata

from src.errors import InvalidModelName

# Latin letters with accents take two bytes in UTF-8 and have one composed form, so that the longest name still makes
# a file name of less than 255 bytes on every file system, and NFC leaves nothing to guess.
_LETTER_OR_DIGIT = "A-Za-z0-9À-ÖØ-öø-ɏ"

NAME_PATTERN = re.compile(
    r"(?!(?i:registry)$)"  # its sidecar would be the registry itself
    r"(?!(?i:con|prn|aux|nul|com[0-9]|lpt[0-9]) *(?:\.|$))"  # devices on Windows, whatever the extension
    r"(?!.*\.\.)"
    r"(?!.*\.(?i:pkl|joblib|json)$)"  # the suffix is put behind the name
    rf"[{_LETTER_OR_DIGIT}_]"
    rf"(?:[{_LETTER_OR_DIGIT}_ .-]{{0,98}}[{_LETTER_OR_DIGIT}_-])?"
)
"""The one pattern of model names; matched against the whole name in NFC."""

_STEM = re.compile(r"(?P<name>.+?)(?:@(?P<version>[1-9][0-9]{0,8}))?")


def checked_name(name: str) -> str:
    """Return the name in NFC, or refuse it.

    Raises
    ------
    InvalidModelName
        The message states the pattern.
    """
    normalised = unicodedata.normalize("NFC", name) if isinstance(name, str) else ""
    if not NAME_PATTERN.fullmatch(normalised):
        raise InvalidModelName(
            "{name!r} cannot name a model. A name has 1 to 100 characters: letters (accents allowed), digits, spaces "
            "and _ - . inside; it starts with a letter, a digit or _, ends with one of them or -, has no two dots in "
            "a row, and is not 'registry', a device name such as CON or COM1, or one that ends in .pkl, .joblib or "
            ".json.",
            name=name,
        )
    return normalised


def collision_key(name: str) -> str:
    """Return what two names share when some file system would take them for the same."""
    # Upper case first: it alone brings the dotless ı and the i together.
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).upper().casefold())


def file_stem(name: str, version: int) -> str:
    """Return the file name without suffix: the name itself for version 1, then ``name@2``, ``name@3`` …"""
    return name if version == 1 else f"{name}@{version}"


def parse_stem(stem: str) -> tuple[str, int]:
    """Return name (NFC) and version of a file name without its suffix; the reverse of `file_stem`."""
    if "@" not in stem and stem.isascii():  # most of them
        return stem, 1
    match = _STEM.fullmatch(unicodedata.normalize("NFC", stem))
    if match is None:  # a line break in a file name
        return stem, 1
    return match["name"], int(match["version"] or 1)
