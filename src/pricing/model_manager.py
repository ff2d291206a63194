"""The models of prices: one a product, in versions by time, with a table that says what there is.

A version is a folder with `model.pkl`, `scaler.pkl` and `metadata.json`, kept by a `ModelStore` as all models are:
hashed, signed, old or new and never half. `models/prices/SKU` is a symbolic link to the folder of the current version;
nothing is ever loaded by way of it. The files are the truth. What the links and the table `modelos_predicao` say of
them follows each change, and where a process died in between, the next one that starts brings them in step.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from src.config import get_settings
from src.database.engine import reading, writing
from src.database.migrate import upgrade_database
from src.errors import FarolError, InvalidSku, ModelCorrupt, ModelNotFound
from src.pricing.model_rows import ModelVersion, current_by_path, newest_versions, replace_rows
from src.pricing.skus import checked_sku
from src.storage.artefacts import pickled, unpickled
from src.storage.atomic import sync_folder
from src.storage.json_values import json_dict
from src.storage.model_folder import changing
from src.storage.model_names import parse_stem
from src.storage.model_records import ModelToSave, utc_time
from src.storage.registry_file import REGISTRY_FILE, SIDECAR_SUFFIX
from src.utils.model_store import ModelStore

logger = logging.getLogger(__name__)

FOLDER = "prices"
MODEL_FILE, SCALER_FILE, METADATA_FILE = "model.pkl", "scaler.pkl", "metadata.json"
_VERSIONS_FOLDER = ".versions"  # no SKU begins with a dot
_LOCK_FILE = ".prices.lock"
_VERSION_FORMAT = "%Y%m%dT%H%M%SZ"
_KIND = "price_model"
_LISTED = (
    "version",
    "trained_at",
    "model_type",
    "metrics",
    "training_samples",
    "recipe",
    "trials",
    "serves",
    "data_until",
)
"""Of the metadata, what the registry has too: read for all products without a look into their folders."""


@dataclass(frozen=True)
class PriceModel:
    """A product's model.

    Attributes
    ----------
    sku : str
    model, scaler : object
        Whatever can be pickled.
    metadata : mapping
        JSON-able: ``metrics`` (a dict), and what else is to be known. A saved one has ``sku``, ``version`` and
        ``trained_at`` too.
    """

    sku: str
    model: object
    scaler: object
    metadata: Mapping[str, Any]


def create_model_manager(folder: Path | None = None, engine: Engine | None = None) -> ModelManager:
    """Return the manager of the price models, with the table in step with the files.

    Parameters
    ----------
    folder : Path, optional
        ``prices`` in the folder of models by default.
    engine : Engine, optional
        The database of the settings when not given.
    """
    upgrade_database(engine)
    manager = ModelManager(folder or get_settings().models_dir / FOLDER, get_settings().keep_price_models, engine)
    manager.repair()
    return manager


class ModelManager:
    """The models of prices in one folder, shared by any number of processes.

    Parameters
    ----------
    folder : Path
    keep : int
        Versions of each product that are kept; the current one is, however old.
    """

    def __init__(self, folder: Path, keep: int, engine: Engine | None = None) -> None:
        self.folder = folder
        self._keep = keep
        self._engine = engine
        self._store = ModelStore(folder / _VERSIONS_FOLDER)
        self._facts: Mapping[str, Mapping[str, Any]] = {}
        self._facts_of: object = None

    def save(self, model: PriceModel) -> ModelVersion:
        """Save one model as the current version of its product; see `save_many`."""
        return self.save_many([model])[0]

    def save_many(self, models: Sequence[PriceModel]) -> list[ModelVersion]:
        """Save models, each as a new version that is the current one from then on: all of them, or none.

        The oldest versions of their products are removed.

        Raises
        ------
        InvalidSku
            One cannot be a SKU, or comes twice.
        NotJson, ModelNotSaved, DuplicateModelName
            Metadata that JSON cannot hold; a model that cannot be pickled, or a disk that is full or failing; a SKU
            that differs from a known one only in case.
        """
        skus = [checked_sku(model.sku) for model in models]
        if twice := next((sku for sku in skus if skus.count(sku) > 1), None):
            raise InvalidSku("The SKU {sku!r} comes twice. Save one model of each product.", sku=twice)
        with changing(self.folder, _LOCK_FILE):
            self._repair()  # or else the table might not know the newest versions
            now = datetime.now(UTC)
            versions = self._next_versions(skus, now)
            self._store.save_many(_to_save(models, versions, now))
            self._link()
            self._store.prune(skus, self._keep)
            return [one for one in self._write_rows(skus) if one.is_current]

    def load(self, sku: str, version: str | None = None) -> PriceModel:
        """Load a model, the current version unless told otherwise.

        Raises
        ------
        InvalidSku, ModelNotFound
            Such a SKU there cannot be; it has no model, or not that version.
        ModelNotTrusted, ModelCorrupt, ModelNotLoadable
            It was not saved with this key, is not what was saved, or needs what is not installed.
        """
        number = self._number(sku, version)
        return _opened(sku, self._store.load_folder(sku, number))

    def load_many(self, skus: Iterable[str] | None = None) -> tuple[dict[str, PriceModel], dict[str, FarolError]]:
        """Load the current models of some products, or of all.

        Returns
        -------
        dict of str to PriceModel, dict of str to FarolError
            Those that could be loaded, and why others could not, as `load` would have raised it.
        """
        entries = self._store.entries()
        wanted = list(entries) if skus is None else list(skus)
        files, failures = self._store.load_folders([sku for sku in wanted if sku in entries], entries)
        failures |= {sku: _not_found(sku) for sku in wanted if sku not in entries}
        loaded = {}
        for sku, one in files.items():
            try:
                loaded[sku] = _opened(sku, one)
            except FarolError as error:
                failures[sku] = error
        return loaded, failures

    def models(self) -> dict[str, ModelVersion]:
        """Return the current version of each product that has a model, by SKU."""
        entries = self._store.entries()
        found = (
            _version(sku, entry["path"], entry["metadata"], is_current=True) for sku, entry in sorted(entries.items())
        )
        return {one.sku: one for one in found if one is not None}

    def facts(self) -> Mapping[str, Mapping[str, Any]]:
        """Return what the registry lists of each current model's metadata, by SKU; read again once it was written."""
        stamp = self.stamp()
        if stamp is None or stamp != self._facts_of:
            self._facts = {sku: entry["metadata"] for sku, entry in self._store.entries().items()}
            self._facts_of = stamp
        return self._facts

    def stamp(self) -> object:
        """Return what is another thing once a model is saved, gone back to or deleted."""
        return self._store.stamp()

    def versions(self, sku: str) -> list[ModelVersion]:
        """Return the versions of a product's model, oldest first. Raises what `load` raises."""
        self._check_there(sku)
        return self._on_disk([sku])

    def go_back(self, sku: str, version: str) -> ModelVersion:
        """Make another version the current one, in either direction. Raises what `load` raises."""
        with changing(self.folder, _LOCK_FILE):
            self._repair()
            number = self._number(sku, version)
            assert number is not None
            self._store.go_back(sku, number)
            self._link()
            return next(one for one in self._write_rows([sku]) if one.is_current)

    def delete(self, sku: str) -> None:
        """Delete a product's model with all its versions.

        Raises
        ------
        InvalidSku, ModelNotFound, ModelNotSaved
            As in `load`; the disk is failing.
        """
        self._check_there(sku)
        self.delete_many([checked_sku(sku)])

    def delete_many(self, skus: Iterable[str]) -> int:
        """Delete the models of those products that have one; return how many did.

        Raises
        ------
        ModelNotSaved
            The disk is failing.
        """
        with changing(self.folder, _LOCK_FILE):
            deleted = sorted(self._store.entries().keys() & set(skus))
            self._store.delete_many(deleted)
            self._link()
            self._write_rows(deleted)
        return len(deleted)

    def repair(self) -> list[str]:
        """Bring links and table in step with the files; return the SKUs of which something was not."""
        if not self._out_of_step():  # without waiting for whoever saves just now
            return []
        with changing(self.folder, _LOCK_FILE):
            return self._repair()

    def _repair(self) -> list[str]:
        skus = sorted(self._out_of_step())
        if skus:
            self._link()
            self._write_rows(skus)
            logger.warning("The models of %d products were not in step with their table; mended.", len(skus))
        return skus

    def _out_of_step(self) -> set[str]:
        """The SKUs of which table or link do not say what the files do. It opens none of them but the registry."""
        entries = self._store.entries()
        current = {entry["path"] for entry in entries.values()}
        on_disk = {path: path in current for path in _version_folders(self._store.folder)}
        with reading(self._engine) as connection:
            in_table = current_by_path(connection)
        differing = {parse_stem(path)[0] for path, _ in on_disk.items() ^ in_table.items()}
        return differing | self._wrong_links(entries).keys()

    def _wrong_links(self, entries: Mapping[str, Mapping[str, Any]]) -> dict[str, str | None]:
        """The links that do not point at a current version, and where they are to; None for those that are to go.

        What is no link, and what is one of somebody else's, is left alone.
        """
        wanted = {sku: f"{_VERSIONS_FOLDER}/{entry['path']}" for sku, entry in entries.items()}
        listing = _listed(self.folder)
        links = {item.name: str(Path(item).readlink()) for item in listing if item.is_symlink()}
        taken = {item.name for item in listing if not item.is_symlink()}
        wrong: dict[str, str | None] = {
            sku: target for sku, target in wanted.items() if links.get(sku) != target and sku not in taken
        }
        ours = (name for name, target in links.items() if Path(target).parent.name == _VERSIONS_FOLDER)
        return wrong | {name: None for name in ours if name not in wanted}

    def _link(self) -> None:
        """Have each product's link point at its current version."""
        wrong = self._wrong_links(self._store.entries())
        for name, target in wrong.items():
            if target is None:
                (self.folder / name).unlink()
                continue
            temporary = self.folder / f".{secrets.token_hex(6)}.tmp"
            temporary.symlink_to(target)
            temporary.replace(self.folder / name)
        if wrong:
            sync_folder(self.folder)

    def _write_rows(self, skus: Collection[str]) -> list[ModelVersion]:
        versions = self._on_disk(skus)
        with writing(self._engine) as connection:
            replace_rows(connection, skus, versions)
        return versions

    def _on_disk(self, skus: Iterable[str]) -> list[ModelVersion]:
        """The versions of some products, by SKU and time."""
        entries = self._store.entries()
        found = []
        for sku, saved in self._store.versions_of(skus).items():
            current = entries[sku]["version"] if sku in entries else None
            versions = (_version(sku, one.path.name, one.metadata, is_current=one.version == current) for one in saved)
            by_time = {one.version: one for one in versions if one is not None}
            found += [by_time[version] for version in sorted(by_time)]
        return found

    def _next_versions(self, skus: Sequence[str], now: datetime) -> dict[str, str]:
        """A version for each product: now, or a second after its newest where that is not before now."""
        with reading(self._engine) as connection:
            newest = newest_versions(connection, skus)
        versions = {}
        for sku in skus:
            last = _time_of(newest[sku]) if sku in newest else None
            time = now if last is None else max(now, last + timedelta(seconds=1))
            versions[sku] = time.strftime(_VERSION_FORMAT)
        return versions

    def _check_there(self, sku: str) -> None:
        if checked_sku(sku) not in self._store.entries():
            raise _not_found(sku)

    def _number(self, sku: str, version: str | None) -> int | None:
        """The store's number of a version; None for the current one."""
        self._check_there(sku)
        if version is None:
            return None
        saved = self._store.versions(sku)
        numbers = {one.metadata.get("version"): one.version for one in saved}
        if version not in numbers:
            raise ModelNotFound(
                "The price model of {sku!r} has no version {version!r}. It has: {versions}.",
                sku=sku,
                version=version,
                versions=", ".join(sorted(str(known) for known in numbers)),
            )
        return numbers[version]


def _to_save(models: Sequence[PriceModel], versions: Mapping[str, str], now: datetime) -> Iterator[ModelToSave]:
    """What the store is to save: a folder each, which is removed once the store has its own copy."""
    for model in models:
        sku = checked_sku(model.sku)
        told = {"sku": sku, "version": versions[sku], "trained_at": now.strftime("%Y-%m-%dT%H:%M:%SZ")}
        metadata = {**json_dict(model.metadata, "metadata"), **told}
        listed = {"metrics": {}} | {name: value for name, value in metadata.items() if name in _LISTED}
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary) / "version"  # the temporary one can be read by nobody else
            folder.mkdir()
            (folder / MODEL_FILE).write_bytes(pickled(model.model, ".pkl"))
            (folder / SCALER_FILE).write_bytes(pickled(model.scaler, ".pkl"))
            (folder / METADATA_FILE).write_text(json.dumps(metadata, ensure_ascii=False, indent=1) + "\n", "utf-8")
            yield ModelToSave(name=sku, content=folder, suffix="", metadata=listed, kind=_KIND, overwrite=True)


def _opened(sku: str, files: Mapping[str, bytes]) -> PriceModel:
    missing = {MODEL_FILE, SCALER_FILE, METADATA_FILE} - files.keys()
    if missing:
        raise ModelCorrupt(
            "The price model of {sku!r} has no {file}. Train it anew.", sku=sku, file=", ".join(sorted(missing))
        )
    return PriceModel(
        sku=sku,
        model=unpickled(files[MODEL_FILE], ".pkl"),
        scaler=unpickled(files[SCALER_FILE], ".pkl"),
        metadata=json.loads(files[METADATA_FILE]),
    )


def _version(sku: str, path: str, listed: Mapping[str, Any], *, is_current: bool) -> ModelVersion | None:
    """What the registry lists of a version; None where it was not listed by a manager of price models."""
    version, trained_at = listed.get("version"), utc_time(str(listed.get("trained_at")))
    if not isinstance(version, str) or _time_of(version) is None or trained_at is None:
        return None
    metrics = listed.get("metrics")
    path = f"{_VERSIONS_FOLDER}/{path}"
    return ModelVersion(sku, version, path, metrics if isinstance(metrics, dict) else {}, trained_at, is_current)


def _time_of(version: str) -> datetime | None:
    try:
        return datetime.strptime(version, _VERSION_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None


def _not_found(sku: str) -> ModelNotFound:
    return ModelNotFound("There is no price model of {sku!r}. Train one first.", sku=sku)


def _version_folders(folder: Path) -> set[str]:
    """The names of the folders that hold a version: those with a sidecar."""
    listing = _listed(folder)
    names = (item.name for item in listing if item.name.endswith(SIDECAR_SUFFIX) and item.name != REGISTRY_FILE)
    sidecars = {name.removesuffix(SIDECAR_SUFFIX) for name in names}
    return {item.name for item in listing if item.is_dir(follow_symlinks=False)} & sidecars


def _listed(folder: Path) -> list[os.DirEntry[str]]:
    try:
        return list(os.scandir(folder))
    except FileNotFoundError:
        return []
