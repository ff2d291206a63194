"""The registry of saved models: a folder with a `registry.json`, safe against crashes, races and tampering.

Each artefact is written first, its sidecar next, the registry last, under one lock that the kernel frees when its
holder dies. Files are never changed once the registry names them: a new version is a new file, and the registry's
entry says which version is the current one. Nothing is unpickled before its SHA-256 and its signature are checked.

The module's functions act on the folder `MODELS_DIR`: the settings' ``models_dir``, unless it is assigned
(``model_store.MODELS_DIR = Path(...)``); `ModelStore` is the same for any folder.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from src.config import get_settings
from src.errors import FarolError, ModelNotFound
from src.storage.adoption import adopt, untrusted_models
from src.storage.artefacts import LibraryVersionWarning, changed_libraries, pickled, remove_artefact, unpickled
from src.storage.model_folder import ModelFolder, Record, not_trusted
from src.storage.model_names import checked_name
from src.storage.model_package import write_package
from src.storage.model_records import ModelToSave, Numbering, SavedModel, checked_notes, new_record, now
from src.storage.model_summary import summary_table
from src.storage.package_reading import imported_record, read_package, unpack_artefact
from src.storage.registry_file import ModelFiles, entry_of, read_sidecar

if TYPE_CHECKING:
    import pandas as pd

_Loaded = TypeVar("_Loaded")

MODELS_DIR: Path
"""The folder that the module's functions act on; looked up when it is read, so it has no value here."""


class ModelStore:
    """Saved models in one folder, shared by any number of threads and processes.

    Parameters
    ----------
    folder : Path
        Made when the first model is saved.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self._files = ModelFolder(self.folder)

    def save(
        self,
        model: object,
        name: str,
        metadata: Mapping[str, Any] | None = None,
        *,
        kind: str = "model",
        suffix: str = ".pkl",
        details: Mapping[str, Any] | None = None,
        overwrite: bool = False,
    ) -> SavedModel:
        """Pickle a model and save it under a name.

        Parameters
        ----------
        model : object
            Any picklable estimator.
        name : str
            See `src.storage.model_names`; must be free unless `overwrite`.
        metadata : mapping, optional
            Small, JSON-able; kept in the registry: ``model_type``, ``accuracy`` …, ``description``.
        kind : str
            What sort of artefact it is, for those who read several sorts.
        suffix : {".pkl", ".joblib"}
            The format.
        details : mapping, optional
            JSON-able, of any size; kept in the sidecar: signature, fingerprint of the training table …
        overwrite : bool
            Make a new version of a model that exists. The older versions stay.

        Returns
        -------
        SavedModel

        Raises
        ------
        InvalidModelName, NotJson
            Before anything is written.
        DuplicateModelName
            The name is taken, by a model or by a file that nobody has adopted yet.
        ModelNotSaved
            The model cannot be pickled, or the disk is full or failing; what was there before is unchanged.
        """
        item = ModelToSave(
            name=name, model=model, metadata=metadata, kind=kind, suffix=suffix, details=details, overwrite=overwrite
        )
        return self.save_many([item])[0]

    def save_artifact(
        self,
        content: bytes | Path,
        name: str,
        metadata: Mapping[str, Any] | None = None,
        *,
        kind: str = "model",
        suffix: str = ".pkl",
        details: Mapping[str, Any] | None = None,
        overwrite: bool = False,
    ) -> SavedModel:
        """Save an artefact that is pickled already, or a folder (its path, with ``suffix=""``). Else like `save`."""
        item = ModelToSave(
            name=name,
            content=content,
            metadata=metadata,
            kind=kind,
            suffix=suffix,
            details=details,
            overwrite=overwrite,
        )
        return self.save_many([item])[0]

    def save_many(self, models: Iterable[ModelToSave]) -> list[SavedModel]:
        """Save many models with one write of the registry: all of them, or none. Raises what `save` raises."""
        staged: list[tuple[Path, ModelToSave, Record]] = []
        try:
            for item in models:  # pickling and writing are slow, so the lock is not held yet
                record = new_record(item)
                content = pickled(item.model, item.suffix) if item.content is None else item.content
                path, record["sha256"] = self._files.stage(content)
                staged.append((path, replace(item, model=None, content=None), record))  # of thousands none is kept
            with self._files.updating() as entries:
                numbering = Numbering(entries, self._files)
                for _, item, record in staged:
                    numbering.enter(record, item)
                self._files.publish([(path, record) for path, _, record in staged], entries)
        finally:
            for path, _, _ in staged:
                remove_artefact(path)
        return [SavedModel.from_record(record, self.folder) for _, _, record in staged]

    def check_new_name(self, name: str) -> None:
        """Say now what saving a new model under this name would say.

        Raises
        ------
        InvalidModelName, DuplicateModelName
            The name cannot be used, or is taken.
        """
        Numbering(self.entries(), self._files).next_version(checked_name(name), overwrite=False)

    def load(self, name: str, version: int | None = None) -> Any:
        """Load a model, the current version unless told otherwise.

        Returns
        -------
        object
            What was saved; for a folder its path, verified at this moment.

        Warns
        -----
        LibraryVersionWarning
            The libraries that the model uses have other versions than when it was saved.

        Raises
        ------
        ModelNotFound
            No such model or version, or its file is gone.
        ModelNotTrusted
            It was not saved with this key and has not been adopted.
        ModelCorrupt
            The file is not what was saved, or lies outside the folder.
        ModelNotLoadable
            The file is intact, but what it needs is not installed.
        """
        record = self._record(name, version)
        content = self._files.verified(record)
        changed = changed_libraries(record["libraries"], content)
        if changed:
            warnings.warn(LibraryVersionWarning(name, changed), stacklevel=2)
        return _opened(content, record)

    def load_many(
        self, names: Iterable[str], entries: Mapping[str, Mapping[str, Any]] | None = None
    ) -> tuple[dict[str, Any], dict[str, FarolError]]:
        """Load the current version of many models, reading the registry and the key once.

        Other library versions go unsaid: whoever keeps models by the thousand can train them anew.

        Parameters
        ----------
        entries : mapping, optional
            What `entries` has returned, where that is known already: then the registry is not read again.

        Returns
        -------
        dict of str to object, dict of str to FarolError
            Those that could be loaded, and why others could not, as `load` would have raised it.

        Raises
        ------
        InvalidSettings
            The key that signs models cannot be read.
        """
        return self._each(names, entries, lambda record, key: _opened(self._files.verified(record, key), record))

    def load_folder(self, name: str, version: int | None = None) -> dict[str, bytes]:
        """Return the files of a folder by their relative names, the current version's unless told otherwise.

        They are the very bytes that were checked, so that they can be unpickled.

        Raises
        ------
        ModelNotFound, ModelNotTrusted, ModelCorrupt
            As in `load`.
        """
        return self._files.verified_files(self._record(name, version))

    def load_folders(
        self, names: Iterable[str], entries: Mapping[str, Mapping[str, Any]] | None = None
    ) -> tuple[dict[str, dict[str, bytes]], dict[str, FarolError]]:
        """Return the files of many folders, the current version of each; to `load_folder` as `load_many` to `load`."""
        return self._each(names, entries, self._files.verified_files)

    def _each(
        self,
        names: Iterable[str],
        entries: Mapping[str, Mapping[str, Any]] | None,
        load: Callable[[Record, bytes], _Loaded],
    ) -> tuple[dict[str, _Loaded], dict[str, FarolError]]:
        entries = self.entries() if entries is None else entries
        key = self._files.key()
        loaded: dict[str, _Loaded] = {}
        failures: dict[str, FarolError] = {}
        for name in names:
            try:
                if name not in entries:
                    raise _not_found(name)
                loaded[name] = load({"name": name, **entries[name]}, key)
            except FarolError as error:
                failures[name] = error
        return loaded, failures

    def describe(self, name: str, version: int | None = None) -> Record:
        """Return all that is known of a version: the sidecar.

        Returns
        -------
        dict
            ``name, version, kind, path, saved_at, current_since, metadata, sha256, signature_mac, libraries,
            details``.

        Raises
        ------
        ModelNotFound, ModelNotTrusted
            As in `load`.
        """
        return self._record(name, version)

    def _record(self, name: str, version: int | None) -> Record:
        name, entry = self._entry(name)
        if version is None or version == entry["version"]:
            sidecar = read_sidecar(self.folder, name, entry["version"]) or {}
            return {"name": name, "current_since": "", "libraries": {}, "details": {}, **sidecar, **entry}
        records = self._files.versions(name)
        if version not in records:
            raise ModelNotFound(
                "The model {name!r} has no version {version}. It has: {versions}.",
                name=name,
                version=version,
                versions=", ".join(str(known) for known in sorted({*records, entry["version"]})),
            )
        return records[version]

    def _entry(self, name: str) -> tuple[str, dict[str, Any]]:
        entries = self.entries()
        name = self._name_in(name, entries)
        if name in entries:
            return name, entries[name]
        if self._files.files().get(name, ModelFiles()).artefacts:
            raise not_trusted(name)
        raise _not_found(name)

    def entries(self) -> dict[str, dict[str, Any]]:
        """Return the registry: name to ``path, metadata, saved_at, kind, version, sha256, signature_mac``.

        A missing registry is an empty one; a corrupt one is set aside, logged, and rebuilt from the sidecars.

        Raises
        ------
        ModelStoreUnavailable
            The folder cannot be read.
        """
        return self._files.read()

    def stamp(self) -> object:
        """Return what is another once the registry has been written; None where there is no registry."""
        return self._files.stamp()

    def versions(self, name: str) -> list[SavedModel]:
        """Return the versions of a model, oldest first. Raises `ModelNotFound` or `ModelNotTrusted`."""
        name, entry = self._entry(name)
        records = self._files.versions(name)
        records.setdefault(entry["version"], {"name": name, **entry})
        return [SavedModel.from_record(records[version], self.folder) for version in sorted(records)]

    def versions_of(self, names: Iterable[str]) -> dict[str, list[SavedModel]]:
        """Return the versions of many models, oldest first, with one look at the folder; none where there is none."""
        return {
            name: [SavedModel.from_record(records[version], self.folder) for version in sorted(records)]
            for name, records in self._files.versions_of(names).items()
        }

    def go_back(self, name: str, version: int) -> SavedModel:
        """Make another version the current one; one atomic step, in either direction.

        Raises
        ------
        ModelNotFound, ModelNotTrusted, ModelCorrupt
            The version is not there or would not load; the current one stays.
        """
        with self._files.updating() as entries:
            record = self._record(name, version)
            self._files.verified(record)
            record["current_since"] = now()  # so that a rebuild comes to the same choice
            self._files.write_sidecar(record)
            entries[record["name"]] = entry_of(record)
            self._files.write(entries)
        return SavedModel.from_record(record, self.folder)

    def edit_notes(self, name: str, notes: str, version: int | None = None) -> SavedModel:
        """Replace the notes of a version, ``metadata["description"]``: no new version, and its file is not touched.

        Raises
        ------
        ModelNotFound, ModelNotTrusted
            As in `describe`.
        NotJson, ModelNotSaved
            The notes are no text that can be kept, are too long, or the disk is full or failing; the old ones stay.
        """
        noted = checked_notes(notes)
        with self._files.updating() as entries:
            record = self._record(name, version)
            checked_name(record["name"])  # a registry from elsewhere may have any, and it becomes a file's name
            record["metadata"] = {**record["metadata"], "description": noted}
            self._files.write_sidecar(record)
            if record["version"] == entries[record["name"]]["version"]:
                entries[record["name"]] = entry_of(record)
            self._files.write(entries)
        return SavedModel.from_record(record, self.folder)

    def export_to(self, file: BinaryIO, name: str, version: int | None = None) -> Record:
        """Write a version, the current one unless told otherwise, as one file that another installation can import.

        Returns
        -------
        dict
            As `describe`.

        Raises
        ------
        ModelNotFound, ModelNotTrusted, ModelCorrupt
            As in `load`.
        FileNotWritten
            The model is too large for one file.
        """
        record = self._record(name, version)
        write_package(file, record, self._files.verified(record))
        return record

    def import_from(self, file: BinaryIO, name: str | None = None) -> SavedModel:
        """Take in a model that `export_to` has written: all of it, or nothing. It is not trusted until `trust`.

        Parameters
        ----------
        file : binary file
            Can be read from any place.
        name : str, optional
            What it is to be called here; its own name where left out.

        Raises
        ------
        InvalidModelFile
            It is no export, has been changed, or is too large; see `src.storage.package_reading`.
        InvalidModelName, DuplicateModelName, ModelNotSaved
            As in `save`.
        """
        package = read_package(file, whole=False)
        item = ModelToSave(name=package.record["name"] if name is None else name, suffix=package.suffix)
        self.check_new_name(item.name)  # before anything is unpacked
        record = imported_record(package, checked_name(item.name))
        path, _ = self._files.stage_with(lambda to: unpack_artefact(file, package, to))
        try:
            with self._files.updating() as entries:
                Numbering(entries, self._files).enter_unsigned(record, item)
                self._files.publish([(path, record)], entries)
        finally:
            remove_artefact(path)
        return SavedModel.from_record(record, self.folder)

    def delete(self, name: str) -> None:
        """Delete a model with all its versions, or a file that has not been adopted.

        Raises
        ------
        ModelNotFound
            There is neither.
        ModelNotSaved
            The disk is failing.
        """
        with self._files.updating() as entries:
            name = self._name_in(name, entries)
            files = self._files.files().get(name, ModelFiles())
            if name not in entries and not files.artefacts:
                raise _not_found(name)
            if entries.pop(name, None) is not None:
                self._files.write(entries)
            self._files.remove(name)

    def delete_many(self, names: Collection[str]) -> None:
        """Delete registered models with all their versions; names that are not registered are passed over.

        Raises
        ------
        ModelNotSaved
            The disk is failing.
        """
        with self._files.updating() as entries:
            deleted = [name for name in names if entries.pop(name, None) is not None]
            if deleted:
                self._files.write(entries)
            for name in deleted:
                self._files.remove(name)

    def prune(self, names: Iterable[str], keep: int) -> int:
        """Remove the oldest versions of some models, and return how many were removed.

        Parameters
        ----------
        keep : int
            How many of the newest versions stay, at least 1. The current one stays too, however old it is.

        Raises
        ------
        ModelNotSaved
            The disk is failing.
        """
        with self._files.updating() as entries:
            current = {name: entries[name]["version"] for name in names if name in entries}
            return self._files.remove_old_versions(current, keep)

    def untrusted(self) -> dict[str, dict[str, Any]]:
        """Return what looks like a model, but was not saved with this key: name to an entry as in `entries`.

        Copied from elsewhere, or files that lie in the folder without being in the registry.
        """
        return untrusted_models(self._files, self.entries())

    def trust(self, name: str) -> SavedModel:
        """Adopt a model that was not saved here: hash and sign it, without opening it.

        From then on loading it runs whatever is in its file.

        Raises
        ------
        InvalidModelName
            Its file must be renamed first.
        ModelNotFound, DuplicateModelName, ModelCorrupt
            No such file; a model has that name in other case; it lies outside the folder.
        """
        with self._files.updating() as entries:
            record = adopt(self._files, self._name_in(name, entries), entries)
        return SavedModel.from_record(record, self.folder)

    def rebuild(self) -> list[str]:
        """Restore the registry: entries whose file is gone leave it, versions that were saved here come back.

        Returns
        -------
        list of str
            The names that are in it now.
        """
        with self._files.updating() as entries:
            kept = {name: entry for name, entry in entries.items() if self._files.is_there(entry)}
            restored = self._files.entries_from_sidecars() | kept
            self._files.write(restored)
            self._files.sweep()
        return list(restored)

    def summary(self) -> pd.DataFrame:
        """Return one row a model, those that are not trusted included.

        Returns
        -------
        DataFrame
            Columns `SUMMARY_COLUMNS` of `src.storage.model_summary`, also when there are no models: ``name``,
            ``model_type``, metrics (NaN where a model has none), ``saved_at`` (UTC), ``version``, ``size_bytes``,
            ``trusted``, ``description``.
        """
        entries = self.entries()
        untrusted = untrusted_models(self._files, entries)
        return summary_table(self.folder, entries | untrusted, untrusted.keys())

    @staticmethod
    def _name_in(name: str, entries: Mapping[str, Any]) -> str:
        """Return a name as the entries have it; one that they do not have must be one that they could."""
        return name if name in entries else checked_name(name)


def _opened(content: bytes | Path, record: Record) -> Any:
    return content if isinstance(content, Path) else unpickled(content, Path(record["path"]).suffix)


def _not_found(name: str) -> ModelNotFound:
    return ModelNotFound(
        "There is no saved model {name!r}. `python -m src models list` shows the models that there are.", name=name
    )


_settings_folder: Path | None = None


def __getattr__(name: str) -> Path:
    """Look `MODELS_DIR` up in the settings for as long as nobody has assigned it."""
    global _settings_folder
    if name != "MODELS_DIR":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    _settings_folder = get_settings().models_dir
    return _settings_folder


def default_store() -> ModelStore:
    """Return the store of `MODELS_DIR` as it is now."""
    assigned = globals().get("MODELS_DIR")
    # What was read from the settings and put back, as a test does that assigns for a while, is no choice.
    if assigned is None or assigned is _settings_folder:
        globals().pop("MODELS_DIR", None)
        return ModelStore(get_settings().models_dir)
    return ModelStore(Path(assigned))


def save_model(
    model: object, name: str, metadata: Mapping[str, Any] | None = None, *, overwrite: bool = False
) -> SavedModel:
    """Save a model in `MODELS_DIR`; see `ModelStore.save`.

    Examples
    --------
    >>> save_model(trained, "boosted trees", {"model_type": "LGBMClassifier", "accuracy": 0.97})  # doctest: +SKIP
    """
    return default_store().save(model, name, metadata, overwrite=overwrite)


def load_model(name: str, version: int | None = None) -> Any:
    """Load a model from `MODELS_DIR`; see `ModelStore.load`.

    Examples
    --------
    >>> load_model("boosted trees").predict([[15.0, 14.0, 0.5]])  # doctest: +SKIP
    """
    return default_store().load(name, version)


def list_models() -> dict[str, dict[str, Any]]:
    """Return the saved models of `MODELS_DIR` by name; see `ModelStore.entries`."""
    return default_store().entries()


def get_models_summary() -> pd.DataFrame:
    """Return one row a model of `MODELS_DIR`; see `ModelStore.summary`."""
    return default_store().summary()


def delete_model(name: str) -> None:
    """Delete a model of `MODELS_DIR` with all its versions; see `ModelStore.delete`."""
    default_store().delete(name)
