"""The trained models of sensors on the disk, and those in use in memory."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from src.config import get_settings
from src.ml.sensor_models import FOLDER
from src.ml.sensor_models.training import FORMAT, Trained
from src.storage.artefacts import artefact_size
from src.storage.model_records import ModelToSave, utc_time
from src.utils.model_store import ModelStore

if TYPE_CHECKING:
    from src.sensors.sensor_manager import Sensor

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Version:
    """What the registry lists of the current version of a model.

    Attributes
    ----------
    trained_at : datetime, optional
        In UTC.
    facts : dict
        See `src.ml.sensor_models.training`.
    """

    name: str
    kind: str
    version: int
    trained_at: datetime | None
    facts: dict[str, Any]

    @property
    def sensor_id(self) -> int:
        """Of which sensor it is."""
        return int(self.facts["sensor_id"])

    def is_of(self, sensor: Sensor) -> bool:
        """Tell whether it is this sensor's: SQLite gives the identifier of a deleted one to the next."""
        return self.sensor_id == sensor.sensor_id and self.facts["sensor"] == sensor.display_name


@dataclass
class Kept:
    """A model in memory, with what the registry lists of it."""

    model: Any
    version: Version
    bytes: int


class SensorModels:
    """The models of sensors below a folder of models; not to be used by two threads at once.

    Those used last stay in memory, up to FAROL_SENSOR_MODELS_MB. A version that another process has saved is noticed.

    Parameters
    ----------
    folder : Path, optional
        ``sensors`` in the folder of models by default.
    """

    def __init__(self, folder: Path | None = None) -> None:
        settings = get_settings()
        self.folder = folder or settings.models_dir / FOLDER
        self._store = ModelStore(self.folder)
        self._keep_versions = settings.keep_sensor_models
        self._most_bytes = settings.sensor_models_mb * 1_000_000
        self._memory: OrderedDict[str, tuple[object, Kept]] = OrderedDict()  # by name, with what tells it from others
        self._bytes = 0
        self._registry: tuple[object, dict[str, dict[str, Any]]] = (None, {})

    @property
    def bytes_in_memory(self) -> int:
        """How large the models in memory are, as files."""
        return self._bytes

    def another(self) -> SensorModels:
        """Return the same models with a memory of their own, for another thread."""
        return SensorModels(self.folder)

    def versions(self) -> dict[str, Version]:
        """Return the current version of every model, by name."""
        return {name: _version(name, entry) for name, entry in self._entries().items()}

    def version(self, name: str) -> Version | None:
        """Return the current version of one model, or None; nothing is loaded, and threads may ask at once."""
        entry = self._entries().get(name)
        return None if entry is None else _version(name, entry)

    def get(self, names: Iterable[str]) -> dict[str, Kept]:
        """Return the models of these names that there are.

        What cannot be loaded is logged and left out: it can be trained anew, and that makes another version of it.
        """
        entries = self._entries()
        wanted = [name for name in names if name in entries]
        found = {name: self._memory[name][1] for name in wanted if self._is_in_memory(name, entries[name])}
        if not (missing := [name for name in wanted if name not in found]):
            return self._used(found)
        loaded, failures = self._store.load_many(missing, entries)
        for error in failures.values():
            logger.warning("A model of a sensor is not used: %s", error)
        for name, model in loaded.items():
            entry = entries[name]
            size = artefact_size(self.folder / entry["path"]) or 0
            found[name] = self._remember(_identity(entry), Kept(model, _version(name, entry), size))
        return self._used(found)

    def _used(self, found: dict[str, Kept]) -> dict[str, Kept]:
        for name in found:
            if name in self._memory:
                self._memory.move_to_end(name)
        return found

    def save(self, trained: Sequence[Trained]) -> None:
        """Save models with one write of the registry, each as a new version, and remove versions that are too old.

        Raises
        ------
        ModelNotSaved
            The disk is full or failing; then none is saved.
        """
        if not trained:
            return
        self._store.save_many(
            ModelToSave(name=one.name, content=one.content, metadata=one.metadata, kind=one.kind, overwrite=True)
            for one in trained
        )
        self._store.prune([one.name for one in trained], self._keep_versions)

    def keep_only(self, sensor_ids: Collection[int]) -> None:
        """Delete the models of all other sensors."""
        for name, version in self.versions().items():
            if version.sensor_id not in sensor_ids:
                self._forget(name)
                self._store.delete(name)

    def _entries(self) -> dict[str, dict[str, Any]]:
        stamp = self._store.stamp()
        if stamp != self._registry[0] or stamp is None:
            entries = self._store.entries()
            readable = {name: one for name, one in entries.items() if one["metadata"].get("format") == FORMAT}
            self._registry = (stamp, readable)
        return self._registry[1]

    def _is_in_memory(self, name: str, entry: dict[str, Any]) -> bool:
        return name in self._memory and self._memory[name][0] == _identity(entry)

    def _remember(self, identity: object, kept: Kept) -> Kept:
        name = kept.version.name
        self._forget(name)
        self._memory[name] = (identity, kept)
        self._bytes += kept.bytes
        while self._bytes > self._most_bytes:
            self._forget(next(iter(self._memory)))
        return kept

    def _forget(self, name: str) -> None:
        if name in self._memory:
            self._bytes -= self._memory.pop(name)[1].bytes


def _identity(entry: dict[str, Any]) -> object:
    """What tells a version from others: trained anew on the same readings, a model has the same bytes."""
    return entry["version"], entry["sha256"]


def _version(name: str, entry: dict[str, Any]) -> Version:
    return Version(name, entry["kind"], entry["version"], utc_time(entry["saved_at"]), entry["metadata"])
