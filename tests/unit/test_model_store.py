"""Saving and loading, names that are taken, many models at once, the module's functions."""

from __future__ import annotations

import json
import pickle
import shutil
import threading
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from src.config import get_settings
from src.errors import (
    DuplicateModelName,
    InvalidModelName,
    ModelCorrupt,
    ModelNotFound,
    ModelNotLoadable,
    ModelNotSaved,
    ModelStoreUnavailable,
    NotJson,
)
from src.storage import model_folder
from src.utils import model_store
from src.utils.model_store import ModelStore, ModelToSave, SavedModel
from tests.unit.model_samples import Doubler, files_in


class NeedsWhatIsGone:
    """A model whose class refuses to come back."""

    def __reduce__(self):
        return int, ("not a number",)


@pytest.fixture
def store(settings) -> ModelStore:
    return ModelStore(settings.models_dir)


# Saving and loading


@pytest.mark.parametrize("suffix", [".pkl", ".joblib"])
def test_a_saved_model_comes_back(store, suffix):
    saved = store.save(Doubler(3.0), "triple", {"model_type": "Doubler"}, suffix=suffix)

    assert saved.path == store.folder / f"triple{suffix}"
    assert store.load("triple").predict([[2.0]]) == [6.0]


def test_the_registry_has_small_entries_with_relative_paths(store):
    before = datetime.now(UTC)
    store.save(Doubler(), "double", {"accuracy": 0.9, "description": "não"}, details={"signature": ["lux"] * 50})

    registry = json.loads((store.folder / "registry.json").read_text(encoding="utf-8"))
    entry = registry["double"]
    assert set(entry) == {"path", "metadata", "saved_at", "kind", "version", "sha256", "signature_mac"}
    assert (entry["path"], entry["kind"], entry["version"]) == ("double.pkl", "model", 1)
    assert entry["metadata"] == {"accuracy": 0.9, "description": "não"}
    assert before <= datetime.fromisoformat(entry["saved_at"]) <= datetime.now(UTC)
    assert registry == store.entries()


def test_the_sidecar_has_the_details_and_the_library_versions(store):
    store.save(Doubler(), "double", {"accuracy": 0.9}, kind="detector", details={"signature": ["lux"]})

    record = store.describe("double")
    assert record["details"] == {"signature": ["lux"]}
    assert record["libraries"].keys() >= {"python", "scikit-learn", "numpy", "lightgbm"}
    assert record["libraries"]["numpy"] == np.__version__
    assert (record["name"], record["version"], record["kind"]) == ("double", 1, "detector")
    assert json.loads((store.folder / "double.json").read_text()) == record


def test_bytes_that_are_pickled_already_are_saved_as_they_are(store):
    content = pickle.dumps(Doubler(4.0))

    saved = store.save_artifact(content, "ready")

    assert saved.path.read_bytes() == content
    assert store.load("ready") == Doubler(4.0)


def test_a_folder_is_saved_verified_and_returned_as_its_path(store, tmp_path):
    source = tmp_path / "network"
    (source / "layers").mkdir(parents=True)
    (source / "layers" / "0.bin").write_bytes(b"weights")
    (source / "config.json").write_text("{}")

    store.save_artifact(source, "network", kind="network", suffix="")

    path = store.load("network")
    assert (path / "layers" / "0.bin").read_bytes() == b"weights"
    (path / "layers" / "0.bin").write_bytes(b"others")
    with pytest.raises(ModelCorrupt):
        store.load("network")
    store.delete("network")
    assert files_in(store.folder) == {"registry.json"}


@pytest.mark.parametrize("change", ["rename", "add", "link"])
def test_a_folder_counts_with_its_file_names_and_may_hold_no_links(store, tmp_path, change):
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "a").write_bytes(b"x")
    path = store.save_artifact(tmp_path / "source", "folder", suffix="").path
    if change == "rename":
        (path / "a").rename(path / "b")
    elif change == "add":
        (path / "b").write_bytes(b"")
    else:
        (path / "a").rename(tmp_path / "a")
        (path / "a").symlink_to(tmp_path / "a")  # the same bytes, for now

    with pytest.raises(ModelCorrupt):
        store.load("folder")


@pytest.mark.parametrize(("content", "suffix"), [(b"", ".txt"), (b"", ""), (Path("folder"), ".pkl")])
def test_a_suffix_that_does_not_fit_the_artefact_is_refused(store, content, suffix):
    with pytest.raises(ModelNotSaved, match="suffix"):
        store.save_artifact(content, "odd", suffix=suffix)
    assert not store.folder.exists()


@pytest.mark.parametrize("suffix", [".pkl", ".joblib"])
def test_what_cannot_be_pickled_is_refused_and_leaves_nothing(store, suffix):
    with pytest.raises(ModelNotSaved, match="lock"):
        store.save(threading.Lock(), "lock", suffix=suffix)
    assert store.entries() == {}
    assert not store.folder.exists()


def test_a_model_that_does_not_come_back_is_named(store):
    store.save(NeedsWhatIsGone(), "gone")
    with pytest.raises(ModelNotLoadable, match="ValueError"):
        store.load("gone")


@pytest.mark.parametrize("name", ["", "../evil", "a/b", "registry", "CON"])
def test_a_bad_name_is_refused_before_anything_is_written(store, name):
    for act in (lambda: store.save(Doubler(), name), lambda: store.load(name), lambda: store.delete(name)):
        with pytest.raises(InvalidModelName):
            act()
    assert not store.folder.exists() or files_in(store.folder) == set()


def test_a_missing_model_is_named(store):
    for act in (store.load, store.describe, store.versions, store.delete, store.trust):
        with pytest.raises(ModelNotFound, match="nothing here"):
            act("nothing here")


def test_a_model_whose_file_is_gone_is_named(store):
    store.save(Doubler(), "double").path.unlink()
    with pytest.raises(ModelNotFound, match=r"double\.pkl"):
        store.load("double")


def test_a_folder_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelStoreUnavailable, match="file"):
        ModelStore(tmp_path / "file").entries()
    with pytest.raises(ModelNotSaved, match="file"):
        ModelStore(tmp_path / "file").save(Doubler(), "double")


# Names that are taken


@pytest.mark.parametrize("second", ["modelo à vista", "Modelo À Vista", "modelo a\u0300 vista"])
def test_a_name_that_some_file_system_takes_for_the_same_is_a_duplicate(store, second):
    store.save(Doubler(), "modelo à vista")

    with pytest.raises(DuplicateModelName, match="modelo à vista"):
        store.save(Doubler(5.0), second)
    with pytest.raises(DuplicateModelName):
        store.check_new_name(second)
    assert store.load("modelo à vista") == Doubler()


def test_overwriting_under_another_case_is_a_duplicate_too(store):
    store.save(Doubler(), "double")
    with pytest.raises(DuplicateModelName):
        store.save(Doubler(), "DOUBLE", overwrite=True)


def test_a_free_name_passes_the_check_that_a_page_makes(store):
    store.check_new_name("double")
    with pytest.raises(InvalidModelName):
        store.check_new_name("a/b")


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("suffix", [".pkl", ".joblib"])
def test_a_file_that_someone_put_there_is_never_overwritten(store, suffix, overwrite):
    store.folder.mkdir()
    (store.folder / f"legacy{suffix}").write_bytes(b"legacy")

    with pytest.raises(DuplicateModelName, match="trust"):
        store.save(Doubler(), "legacy", overwrite=overwrite)

    assert (store.folder / f"legacy{suffix}").read_bytes() == b"legacy"


# Many at once


def test_many_models_are_saved_with_one_write_of_the_registry(store, monkeypatch):
    writes = []
    write = model_folder.write_atomically
    monkeypatch.setattr(
        model_folder, "write_atomically", lambda path, content: (writes.append(path), write(path, content))
    )

    saved = store.save_many(
        ModelToSave(name=f"sensor {number}", model=Doubler(number), kind="forecaster") for number in range(20)
    )

    assert writes == [store.folder / "registry.json"]
    assert [model.name for model in saved] == list(store.entries())
    assert store.load("sensor 7") == Doubler(7)


def test_of_many_models_none_is_saved_when_one_cannot_be(store):
    store.save(Doubler(), "taken")
    before = files_in(store.folder)
    good = ModelToSave(name="good", model=Doubler())

    for bad in (
        ModelToSave(name="taken", model=Doubler()),
        ModelToSave(name="Good", model=Doubler()),
        ModelToSave(name="lock", model=threading.Lock()),
        ModelToSave(name="odd", model=Doubler(), metadata={"a": object()}),
    ):
        with pytest.raises((DuplicateModelName, ModelNotSaved, NotJson)):
            store.save_many([good, bad])
        assert files_in(store.folder) == before


def test_many_new_versions_list_the_folder_once(store, monkeypatch):
    models = [ModelToSave(name=f"sensor {number}", model=number, overwrite=True) for number in range(10)]
    store.save_many(models)
    listings = []
    listing = model_folder.files_by_name
    monkeypatch.setattr(model_folder, "files_by_name", lambda folder: (listings.append(folder), listing(folder))[1])

    assert {saved.version for saved in store.save_many(models)} == {2}
    assert len(listings) == 1


def test_the_same_name_twice_in_one_go_makes_two_versions(store):
    store.save_many([ModelToSave(name="model", model=number, overwrite=True) for number in (1, 2, 3)])
    assert [store.load("model", version) for version in (1, 2, 3)] == [1, 2, 3]
    assert store.load("model") == 3


def test_a_folder_that_cannot_be_copied_leaves_nothing(store, tmp_path):
    with pytest.raises(ModelNotSaved, match="nowhere"):
        store.save_artifact(tmp_path / "nowhere", "folder", suffix="")
    assert files_in(store.folder) == set()


def test_saving_nothing_is_no_error(store):
    assert store.save_many([]) == []


def test_threads_lose_nothing(store):
    def save_some(thread: int) -> None:
        for number in range(8):
            store.save(Doubler(number), f"{thread} {number}")

    threads = [threading.Thread(target=save_some, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(store.entries()) == 64
    assert all(store.load(f"{thread} {7}") == Doubler(7) for thread in range(8))


# The module's functions and their folder


def test_the_functions_act_on_the_settings_folder(settings):
    assert settings.models_dir == model_store.MODELS_DIR
    saved = model_store.save_model(Doubler(), "double", {"accuracy": 1.0})

    assert isinstance(saved, SavedModel)
    assert saved.path.parent == settings.models_dir
    assert list(model_store.list_models()) == ["double"]
    assert model_store.load_model("double") == Doubler()
    assert model_store.save_model(Doubler(3.0), "double", overwrite=True).version == 2
    assert model_store.load_model("double", version=1) == Doubler()
    assert model_store.get_models_summary()["name"].tolist() == ["double"]
    model_store.delete_model("double")
    assert model_store.list_models() == {}


def test_the_folder_follows_the_settings_when_they_change(settings, tmp_path, monkeypatch):
    assert model_store.default_store().folder == settings.models_dir
    monkeypatch.setenv("FAROL_MODELS_DIR", str(tmp_path / "moved"))
    get_settings.cache_clear()
    assert model_store.MODELS_DIR == model_store.default_store().folder == tmp_path / "moved"


def test_assigning_the_folder_and_putting_it_back(settings, tmp_path):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model_store, "MODELS_DIR", tmp_path / "elsewhere")
        model_store.save_model(Doubler(), "double")
        assert (tmp_path / "elsewhere" / "double.pkl").exists()
        patch.setattr(model_store, "MODELS_DIR", str(tmp_path / "third"))
        assert model_store.list_models() == {}
    assert model_store.default_store().folder == settings.models_dir
    assert "MODELS_DIR" not in vars(model_store)


def test_the_module_has_no_other_names_than_its_own():
    with pytest.raises(AttributeError):
        _ = model_store.MODEL_DIR


def test_a_store_below_another_is_apart(store):
    below = ModelStore(store.folder / "sensors")
    below.save(Doubler(), "double")
    assert store.entries() == {}
    assert store.untrusted() == {}
    shutil.rmtree(below.folder)
