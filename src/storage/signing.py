"""Signing what is saved here, so that nothing else is unpickled.

The signature is an HMAC-SHA256 over what must not be swapped: name, version, kind and the SHA-256 of the artefact.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from src.config import get_settings
from src.errors import InvalidSettings
from src.storage.atomic import write_atomically

KEY_FILE = "model_signing.key"
_KEY_LENGTH = 64  # hexadecimal digits
_LOCK_SECONDS = 30


def signing_key(keep_out_of: Path) -> bytes:
    """Return the key of the settings, or the one in the data folder, which is made on first use.

    Parameters
    ----------
    keep_out_of : Path
        The folder of the models: a key that lies in it would be copied along with them.

    Raises
    ------
    InvalidSettings
        The data folder lies in the models folder, cannot be written, or its key file is damaged.
    """
    settings = get_settings()
    if settings.signing_key is not None:
        return settings.signing_key.get_secret_value().encode()
    path = settings.data_dir / KEY_FILE
    if path.resolve().is_relative_to(keep_out_of.resolve()):
        raise InvalidSettings(
            "The data folder {data} lies in the models folder {models}, where the signing key must not be. "
            "Set FAROL_DATA_DIR to another folder, or FAROL_SIGNING_KEY.",
            data=str(settings.data_dir),
            models=str(keep_out_of),
        )
    try:
        return _read_or_make(path)
    except (OSError, Timeout) as error:
        raise InvalidSettings(
            "The key that signs models, {path}, cannot be read or made: {reason}. "
            "Make the folder writable, or set FAROL_SIGNING_KEY.",
            path=str(path),
            reason=str(error),
        ) from error


def _read_or_make(path: Path) -> bytes:
    try:
        return _read(path)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_suffix(".lock"), timeout=_LOCK_SECONDS):
        if not path.exists():  # another process may have made it while this one waited
            write_atomically(path, secrets.token_hex(_KEY_LENGTH // 2).encode(), mode=0o600)
    return _read(path)


def _read(path: Path) -> bytes:
    key = path.read_bytes().strip()
    if len(key) < _KEY_LENGTH:
        raise InvalidSettings(
            "The key that signs models, {path}, is damaged. Restore it from a backup; or delete it, and adopt the "
            "saved models anew with `python -m src models trust NAME`.",
            path=str(path),
        )
    return key


def signature(record: Mapping[str, Any], key: bytes) -> str:
    """Return the HMAC, in hexadecimal, of a record's name, version, kind and sha256."""
    covered = json.dumps(["farol model", *(record[field] for field in ("name", "version", "kind", "sha256"))])
    return hmac.digest(key, covered.encode(), "sha256").hex()


def is_signed(record: Mapping[str, Any], key: bytes) -> bool:
    """Tell whether a record carries the signature that this key gives it."""
    return hmac.compare_digest(signature(record, key).encode(), record["signature_mac"].encode())
