"""The keys of the API in the database: made, looked up, revoked. Only their hashes are kept."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from src.database.activities import record_activity
from src.database.engine import reading, writing
from src.database.tables import api_keys
from src.errors import ApiKeyNotFound, DuplicateApiKey, InvalidApiKey
from src.notes import Note

_PREFIX = "farol_"
"""So that whoever finds a key in a file, or a program that looks for such, knows what it is."""
_BYTES = 32
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_. -]{0,98}[A-Za-z0-9_-])?", re.ASCII)
_NOTED_EVERY = timedelta(minutes=1)


class Scope(StrEnum):
    """What a key is good for; to write is to read as well."""

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True)
class ApiKey:
    """What is known of a key; times are in UTC, None where it has not happened."""

    name: str
    scope: str
    created_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None

    def is_use_to_be_noted(self, now: datetime) -> bool:
        """Whether it was last noted long enough ago that it was used: a write for each request would be too many."""
        return self.last_used_at is None or now - self.last_used_at >= _NOTED_EVERY


_MADE = {Scope.READ: Note("made, for reading only"), Scope.WRITE: Note("made, for reading and writing")}
_COLUMNS = [api_keys.c[field.name] for field in fields(ApiKey)]
_USABLE = sa.select(*_COLUMNS).where(api_keys.c.key_hash == sa.bindparam("key_hash"), api_keys.c.revoked_at.is_(None))
"""Put together once: each request asks it."""


class ApiKeys:
    """The keys in the database that the settings name, or in another one."""

    def __init__(self, engine: Engine | None = None) -> None:
        self._engine = engine

    def create(self, name: str, scope: Scope, *, actor: str = "") -> str:
        """Make a key and return it: this once, for it is not kept.

        Parameters
        ----------
        actor : str
            Who has it made, for the history.

        Raises
        ------
        InvalidApiKey
            The name cannot be one.
        DuplicateApiKey
            A key has it already, or had it before it was revoked.
        """
        if not _NAME.fullmatch(name):
            raise InvalidApiKey(
                "{name!r} cannot name a key. Use 1 to 100 letters without accents, digits, spaces and _ - . inside.",
                name=name,
            )
        key = _PREFIX + secrets.token_urlsafe(_BYTES)
        row = {"name": name, "key_hash": _hash(key), "scope": scope.value, "created_at": datetime.now(UTC)}
        try:
            with writing(self._engine) as connection:
                connection.execute(sa.insert(api_keys).values(row))
                record_activity(actor, "key", name, _MADE[scope], connection)
        except IntegrityError:
            raise DuplicateApiKey(
                "There is, or was, a key named {name!r}. Choose another name, so that it is clear which is meant.",
                name=name,
            ) from None
        return key

    def all(self) -> list[ApiKey]:
        """Return every key, revoked ones too, in the order in which they were made."""
        with reading(self._engine) as connection:
            rows = connection.execute(sa.select(*_COLUMNS).order_by(api_keys.c.key_id))
            return [ApiKey(*row) for row in rows]

    def revoke(self, name: str, *, actor: str = "") -> None:
        """Make a key useless from now on; one that is revoked already stays so, and nothing is remembered of it.

        Parameters
        ----------
        actor : str
            Who revokes it, for the history.

        Raises
        ------
        ApiKeyNotFound
            None has that name.
        """
        is_named = api_keys.c.name == name
        statement = sa.update(api_keys).where(is_named, api_keys.c.revoked_at.is_(None))
        with writing(self._engine) as connection:
            if connection.execute(statement.values(revoked_at=datetime.now(UTC))).rowcount:
                record_activity(actor, "key", name, Note("revoked"), connection)
            elif connection.scalar(sa.select(api_keys.c.key_id).where(is_named)) is None:
                raise ApiKeyNotFound("There is no key named {name!r}. `api key list` shows those there are.", name=name)

    def find(self, key: str) -> ApiKey | None:
        """Look a key up; None where there is none like it, or it is revoked."""
        with reading(self._engine) as connection:
            row = connection.execute(_USABLE, {"key_hash": _hash(key)}).one_or_none()
        return None if row is None else ApiKey(*row)

    def are_needed(self) -> bool:
        """Whether a key has ever been made: one that is revoked does not open the doors again."""
        with reading(self._engine) as connection:
            return connection.scalar(sa.select(api_keys.c.key_id).limit(1)) is not None

    def is_any_usable(self) -> bool:
        """Whether there is a key that is not revoked."""
        statement = sa.select(api_keys.c.key_id).where(api_keys.c.revoked_at.is_(None)).limit(1)
        with reading(self._engine) as connection:
            return connection.scalar(statement) is not None

    def note_use(self, name: str, now: datetime) -> None:
        """Note that a key was used."""
        statement = sa.update(api_keys).where(api_keys.c.name == name).values(last_used_at=now)
        with writing(self._engine) as connection:
            connection.execute(statement)


def _hash(key: str) -> str:
    """Return what is kept of a key.

    Not a slow hash, as for passwords: that is to make guessing dear, and nobody guesses 256 random bits. It would make
    each request dear instead.
    """
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()
