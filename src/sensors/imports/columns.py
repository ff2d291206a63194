"""Which column of a file is what: guessed from the header, and said by a person where the guess is wrong."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from src.errors import InvalidReadings

ROLES = ("timestamp", "sensor", "value", "quality", "equipment")
"""What a column can be; in a wide table there are only times and, for the rest, sensors."""

_NAMES = {
    "timestamp": (
        "timestamp", "time", "datetime", "date time", "date", "when", "ts", "utc", "time stamp", "recorded at",
        "data hora", "datahora", "carimbo de tempo", "instante", "horario", "data", "hora",
    ),
    "sensor": (
        "sensor", "sensor name", "display name", "tag", "tag name", "point", "name", "sensor id", "id",
        "nome do sensor", "nome", "etiqueta", "ponto",
    ),
    "value": ("value", "reading", "measurement", "val", "valor", "leitura", "medicao"),
    "quality": ("quality", "data quality", "quality code", "qualidade", "qualidade do dado"),
    "equipment": ("equipment", "machine", "asset", "equipamento", "maquina", "ativo"),
}  # fmt: skip
_NO_SENSORS = ("row number", "index")


@dataclass(frozen=True)
class ColumnMapping:
    """What each column of a file is.

    A long table has a row a reading: `sensor`, `timestamp` and `value`, perhaps `quality`. A wide one has a column a
    sensor. `equipment` names the machines of sensors that are to be created from a long table.

    Attributes
    ----------
    sensors : dict of str to str
        In a wide table: column to the sensor, by name or number, whose readings it holds.
    """

    timestamp: str | None = None
    sensor: str | None = None
    value: str | None = None
    quality: str | None = None
    equipment: str | None = None
    sensors: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_long(self) -> bool:
        """Whether a row is a reading, rather than all readings of a moment."""
        return self.sensor is not None

    @property
    def used(self) -> set[str]:
        """The columns that mean something."""
        return {column for role in ROLES if (column := getattr(self, role)) is not None} | set(self.sensors)

    def to_record(self) -> dict[str, Any]:
        """Return it as JSON takes it; `ColumnMapping(**record)` is its other half."""
        return asdict(replace(self, sensors=dict(self.sensors)))


def guess_columns(columns: Iterable[str]) -> ColumnMapping:
    """Guess from the names in a header what each column is; what cannot be told is left open."""
    names = list(columns)
    found = {role: guess_column(names, role) for role in ROLES}
    if found["sensor"] is not None and found["value"] is not None:
        return _as_long(found)
    return as_wide(names, found["timestamp"])


def guess_column(columns: Iterable[str], role: str) -> str | None:
    """Return the column whose name says most clearly that it has a role, one of `ROLES`."""
    return first_column(list(columns), _NAMES[role])


def as_wide(columns: Iterable[str], timestamp: str | None, ignored: Iterable[str] = ()) -> ColumnMapping:
    """Take each column but the times, and those to be ignored, for the sensor of that name."""
    others = set(ignored) | {timestamp}
    sensors = {name: name for name in columns if name not in others and _plain(name) not in _NO_SENSORS}
    return ColumnMapping(timestamp=timestamp, sensors=sensors)


def map_columns(
    columns: Iterable[str],
    roles: Mapping[str, str] | None = None,
    sensors: Mapping[str, str] | None = None,
    ignored: Iterable[str] = (),
) -> ColumnMapping:
    """Guess what the columns are, but for what a person said.

    Parameters
    ----------
    columns : iterable of str
        The header.
    roles : dict, optional
        Role, one of `ROLES`, to the column that has it.
    sensors : dict, optional
        For a wide table: column to the sensor whose readings it holds.
    ignored : iterable of str, optional
        Columns that mean nothing.

    Raises
    ------
    InvalidReadings
        A role that there is not, or a column that the file does not have.
    """
    names, roles, sensors, ignored = list(columns), dict(roles or {}), dict(sensors or {}), set(ignored)
    for role in roles:
        if role not in ROLES:
            raise InvalidReadings(
                "A column cannot be mapped to {role!r}. Map it to one of {roles}.", role=role, roles=", ".join(ROLES)
            )
    for column in [*roles.values(), *sensors, *ignored]:
        refuse_unknown_column(column, names)
    guessed = guess_columns(name for name in names if name not in ignored)
    said = {**{role: getattr(guessed, role) for role in ROLES if getattr(guessed, role) not in roles.values()}, **roles}
    is_long = not sensors and (guessed.is_long or bool({"sensor", "value"} & set(roles)))
    if is_long:
        if not guessed.is_long:  # what was taken for a wide table may have more of the usual names
            free = [name for name in names if name not in ignored and name not in said.values()]
            said = {role: first_column(free, known) for role, known in _NAMES.items()} | _present(said)
        return _as_long(said)
    mapping = as_wide(names, said.get("timestamp"), ignored)
    return replace(mapping, sensors={**mapping.sensors, **sensors})


def check_columns(mapping: ColumnMapping, columns: Iterable[str]) -> None:
    """Check that a mapping fits a header and says all that is needed.

    Raises
    ------
    InvalidReadings
        It does not, or one column has two roles.
    """
    names = list(columns)
    listed = ", ".join(map(repr, names[:20]))
    said = {role: column for role in ROLES if (column := getattr(mapping, role)) is not None}
    for column in [*said.values(), *mapping.sensors]:
        refuse_unknown_column(column, names)
    if mapping.timestamp is None:
        raise InvalidReadings("No column is known to hold the times. Say which of {columns} it is.", columns=listed)
    if mapping.is_long and mapping.value is None:
        raise InvalidReadings("No column is known to hold the values. Say which of {columns} it is.", columns=listed)
    if not mapping.is_long and not mapping.sensors:
        raise InvalidReadings(
            "No column is known to hold readings. Say which of {columns} hold sensors and values, or which sensor each "
            "one is.",
            columns=listed,
        )
    given = [*said.values(), *mapping.sensors]
    for column in given:
        if given.count(column) > 1:
            raise InvalidReadings(
                "The column {column!r} cannot be two things at once. Choose another column for one of them.",
                column=column,
            )


def _as_long(roles: Mapping[str, str | None]) -> ColumnMapping:
    return ColumnMapping(**{role: roles.get(role) for role in ROLES})  # type: ignore[arg-type]


def _present(said: Mapping[str, str | None]) -> dict[str, str | None]:
    return {role: column for role, column in said.items() if column is not None}


def refuse_unknown_column(column: str, names: list[str]) -> None:
    """Check that a file has a column.

    Raises
    ------
    InvalidReadings
        It does not; the message lists those that it has.
    """
    if column not in names:
        raise InvalidReadings(
            "The file has no column {column!r}. Choose one of {columns}.",
            column=column,
            columns=", ".join(map(repr, names[:20])),
        )


def first_column(names: list[str], known: tuple[str, ...]) -> str | None:
    """Return the column with the most telling of some names, which are in lower case, without accents and marks."""
    plain = {_plain(name): name for name in reversed(names)}
    return next((plain[name] for name in known if name in plain), None)


def _plain(name: str) -> str:
    """A name without case, accents, underscores and units in brackets."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    text = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return re.sub(r"[\s_./-]+", " ", re.sub(r"[(\[].*?[)\]]", "", text)).strip()
