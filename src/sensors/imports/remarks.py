"""What is said of an import: remarks that go with it, and readings that contradict each other."""

from __future__ import annotations

from src.notes import Note
from src.sensors.imports.columns import ColumnMapping
from src.sensors.imports.named_sensors import FileSensor, NamedSensors
from src.sensors.imports.rows import RowReader
from src.sensors.imports.staging import Difference
from src.tables.streaming import TableStream

_LISTED_NAMES = 10


def remarks(
    stream: TableStream, mapping: ColumnMapping, reader: RowReader, sensors: NamedSensors, created: list[FileSensor]
) -> list[Note]:
    """Return everything that was understood rather than read as it stands, or that is worth a look."""
    notes = list(stream.notes)
    if not reader.times.is_zoned:
        values = {"column": mapping.timestamp}
        notes.append(Note("Column {column!r} is read as times; they name no zone and are taken as UTC.", values))
    if unused := [name for name in stream.columns if name not in mapping.used]:
        notes.append(Note("Columns that are not used: {columns}.", {"columns": _listed(unused)}))
    if reader.future:
        notes.append(Note("{readings:,} readings are from the future.", {"readings": reader.future}))
    if reader.before_1970:
        notes.append(Note("{readings:,} readings are from before 1970.", {"readings": reader.before_1970}))
    if sensors.apostrophes:
        values = {"names": _listed(sensors.apostrophes)}
        notes.append(Note("Read without the apostrophe in front that keeps a spreadsheet quiet: {names}.", values))
    if disabled := [sensor.name for sensor in sensors.found if not sensor.enabled]:
        values = {"names": _listed(disabled)}
        notes.append(Note("Sensors that are disabled, and get their readings all the same: {names}.", values))
    if created:
        machines = sorted({sensors.describe(sensor).equipment for sensor in created})
        notes.append(
            Note(
                "The new sensors are on {machines}. Give them types, units and limits before models use them.",
                {"machines": _listed(machines)},
            )
        )
    return notes


def contradiction(difference: Difference, sensors: NamedSensors) -> Note:
    """Say that two rows of a file contradict each other."""
    return Note(
        "Row {row}: {sensor!r} has {value} at {time} here, and {other} in row {other_row}. Keep one of them.",
        {**_described(difference, sensors), "other_row": difference.other_row},
    )


def stored_otherwise(difference: Difference, sensors: NamedSensors) -> Note:
    """Say that a row of a file contradicts what is stored."""
    return Note(
        "Row {row}: {sensor!r} has {value} at {time} here, and {other} is stored. Mend the file, or have stored "
        "readings replaced.",
        _described(difference, sensors),
    )


def _described(difference: Difference, sensors: NamedSensors) -> dict[str, object]:
    same = difference.value == difference.other_value
    return {
        "row": difference.row,
        "sensor": sensors.found[difference.number].name,
        "time": f"{difference.timestamp:%Y-%m-%d %H:%M:%S} UTC",
        "value": _said(difference.value, difference.data_quality, with_quality=same),
        "other": _said(difference.other_value, difference.other_quality, with_quality=same),
    }


def _said(value: float | None, quality: int, *, with_quality: bool) -> object:
    if value is None:
        return Note("no value")
    if with_quality:
        return Note("{value} with the quality code {quality}", {"value": value, "quality": quality})
    return value


def _listed(names: list[str]) -> str:
    more = ["…"] if len(names) > _LISTED_NAMES else []
    return ", ".join([*map(repr, names[:_LISTED_NAMES]), *more])
