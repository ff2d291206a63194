"""Which sensors a file speaks of, by their names or numbers, and those that it is to bring with it."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from src.notes import Note
from src.sensors.imports.cells import Cells
from src.sensors.imports.problems import Problems
from src.sensors.sensor_manager import Sensor, SensorDescription
from src.tables.export import without_apostrophe

MOST_NEW_SENSORS = 1_000
LONGEST_NAME = 200
UNKNOWN_TYPE = "other"


@dataclass(frozen=True)
class NewSensors:
    """What is known of sensors that a file may bring with it.

    Attributes
    ----------
    equipment : str
        The machine they are on, where the file does not say it.
    """

    equipment: str
    sensor_type: str = UNKNOWN_TYPE
    unit: str = ""


@dataclass
class FileSensor:
    """A sensor that a file has readings of; without an identifier while it does not exist."""

    name: str
    sensor_id: int | None
    equipment: str
    enabled: bool = True
    row: int = 0


class NamedSensors:
    """Finds the sensors of a file.

    Attributes
    ----------
    apostrophes : list of str
        Names before which the file has the apostrophe that keeps a spreadsheet from running them; here without it.
    found : list of FileSensor
        Those that were found or are to be created, in the order of their first row; a place in it is the number by
        which the file's readings name their sensor.
    """

    def __init__(self, known: Sequence[Sensor], new: NewSensors | None, problems: Problems) -> None:
        self.apostrophes: list[str] = []
        self.found: list[FileSensor] = []
        self._by_name = {sensor.display_name: sensor for sensor in known}
        self._by_id = {str(sensor.sensor_id): sensor for sensor in known}
        self._new, self._problems = new, problems
        self._new_sensors = 0
        self._numbers: dict[str, int] = {}
        self._places: dict[int, int] = {}

    @property
    def created(self) -> list[FileSensor]:
        """Those that do not exist yet."""
        return [sensor for sensor in self.found if sensor.sensor_id is None]

    def describe(self, sensor: FileSensor) -> SensorDescription:
        """Return what is known of a sensor that is to be created."""
        assert self._new is not None
        return SensorDescription(
            display_name=sensor.name,
            equipment=sensor.equipment or self._new.equipment,
            sensor_type=self._new.sensor_type or UNKNOWN_TYPE,
            unit=self._new.unit,
        )

    def numbers_of(self, cells: Cells) -> np.ndarray:
        """Return the number of each cell's sensor; -1 where there is none, which is a problem."""
        cells.refuse(cells.empty, lambda at: Note("Row {row}, column {column!r}: no sensor is named.", at))
        texts = cells.values if cells.is_text else pc.cast(cells.values, pa.string())
        encoded = texts.dictionary_encode()
        places = np.asarray(pc.fill_null(encoded.indices, -1))
        numbers = np.full(len(encoded.dictionary) + 1, -1)
        names, firsts = np.unique(places, return_index=True)
        for name, first in zip(names, firsts, strict=True):
            if name >= 0:
                text = encoded.dictionary[int(name)].as_py()
                numbers[name] = self.number_of(text, cells.column, int(cells.rows[first]))
        return numbers[places]

    def number_of(self, text: str, column: str, row: int) -> int:
        """Return the number of a sensor, which may be new; -1 where it is a problem, noted once."""
        if text not in self._numbers:
            self._numbers[text] = self._find(text, column, row)
        return self._numbers[text]

    def note_equipment(self, numbers: np.ndarray, cells: Cells) -> None:
        """Take the machines of new sensors from a column beside their readings."""
        texts = cells.values if cells.is_text else pc.cast(cells.values, pa.string())
        encoded = texts.dictionary_encode()
        places = np.asarray(pc.fill_null(encoded.indices, -1))
        pairs, firsts = np.unique(np.stack([numbers, places]), axis=1, return_index=True)
        for (number, place), first in sorted(zip(pairs.T.tolist(), firsts.tolist(), strict=True), key=lambda p: p[1]):
            if number >= 0 and place >= 0 and self.found[number].sensor_id is None:
                self._put_on(self.found[number], encoded.dictionary[place].as_py(), cells, int(cells.rows[first]))

    def _put_on(self, sensor: FileSensor, equipment: str, cells: Cells, row: int) -> None:
        at: dict[str, object] = {"row": row, "column": cells.column, "value": equipment, "sensor": sensor.name}
        if _is_no_name(equipment):
            self._problems.add(row, _unusable_name(at))
        elif sensor.equipment and sensor.equipment != equipment:
            note = Note(
                "Row {row}, column {column!r}: the new sensor {sensor!r} is on {value!r} here and on {other!r} before. "
                "A sensor is on one machine.",
                {**at, "other": sensor.equipment},
            )
            self._problems.add(row, note)
        else:
            sensor.equipment = equipment

    def _find(self, text: str, column: str, row: int) -> int:
        at: dict[str, object] = {"row": row, "column": column, "value": text}
        bare = without_apostrophe(text)
        if bare != text and (bare in self._by_name or self._new is not None):
            if text not in self._by_name:
                self.apostrophes.append(bare)
                return self.number_of(bare, column, row)
            if bare in self._by_name:
                self._problems.add(row, _either_name(at, bare))
                return -1
        named, numbered = self._by_name.get(text), self._by_id.get(text)
        if named is not None and numbered is not None and named != numbered:
            note = Note(
                "Row {row}, column {column!r}: {value!r} is the name of one sensor and the number of another "
                "({other!r}). Write the name of the one you mean.",
                {**at, "other": numbered.display_name},
            )
            self._problems.add(row, note)
            return -1
        sensor = named or numbered
        if sensor is not None:
            return self._place_of(sensor, row)
        if self._new is not None:
            return self._create(text, at, row)
        # A column of values that is taken for one of names has a million of them, and likening names takes its time.
        self._problems.add_told(row, lambda: self._unknown(text, at))
        return -1

    def _place_of(self, sensor: Sensor, row: int) -> int:
        if sensor.sensor_id not in self._places:
            self._places[sensor.sensor_id] = len(self.found)
            known = FileSensor(sensor.display_name, sensor.sensor_id, sensor.equipment, sensor.enabled, row)
            self.found.append(known)
        return self._places[sensor.sensor_id]

    def _create(self, text: str, at: dict[str, object], row: int) -> int:
        if _is_no_name(text):
            self._problems.add(row, _unusable_name(at))
            return -1
        if self._new_sensors == MOST_NEW_SENSORS:
            self._problems.add_told(row, lambda: _too_many(at))
            return -1
        self._new_sensors += 1
        self.found.append(FileSensor(text, None, "", row=row))
        return len(self.found) - 1

    def _unknown(self, text: str, at: dict[str, object]) -> Note:
        close = difflib.get_close_matches(text, self._by_name, n=3, cutoff=0.8) if len(text) <= LONGEST_NAME else []
        if len(text) > LONGEST_NAME:
            at = {**at, "value": f"{text[:40]}…"}
        if close:
            return Note(
                "Row {row}, column {column!r}: there is no sensor {value!r}. Is {close} meant? Otherwise have new "
                "sensors created.",
                {**at, "close": ", ".join(map(repr, close))},
            )
        return Note(
            "Row {row}, column {column!r}: there is no sensor {value!r}. Mend the name, or have new sensors created.",
            at,
        )


def _too_many(at: dict[str, object]) -> Note:
    return Note(
        "Row {row}, column {column!r}: this is the new sensor number {number:,}, and one file brings at most "
        "{limit:,}. Is this the column of the sensors?",
        {**at, "number": MOST_NEW_SENSORS + 1, "limit": MOST_NEW_SENSORS},
    )


def _either_name(at: dict[str, object], bare: str) -> Note:
    return Note(
        "Row {row}, column {column!r}: {value!r} is the name of one sensor, and in an export the name of another "
        "({other!r}). Rename one of them.",
        {**at, "other": bare},
    )


def _is_no_name(text: str) -> bool:
    return len(text) > LONGEST_NAME or any(ord(letter) < 32 for letter in text)


def _unusable_name(at: dict[str, object]) -> Note:
    return Note(
        "Row {row}, column {column!r}: {value!r} is too long for a name, or has characters that are no text. At most "
        "{limit} characters are allowed.",
        {**at, "value": str(at["value"])[:40], "limit": LONGEST_NAME},
    )
