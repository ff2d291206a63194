"""The registry of saved models: saving, versions, deleting, what a reset and a corrupt file do, the table."""

from __future__ import annotations

import json
import logging
import os
import pickle
import shutil
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from src.config import get_settings
from src.errors import (
    DuplicateModelName,
    InvalidModelMetadata,
    InvalidModelName,
    ModelCorrupt,
    ModelNotFound,
    ModelNotLoadable,
    ModelNotSaved,
    ModelStoreUnavailable,
)
from src.storage import model_folder
from src.storage.json_values import json_dict
from src.storage.model_names import NAME_PATTERN
from src.utils import model_store
from src.utils.model_store import LibraryVersionWarning, ModelStore, ModelToSave, SavedModel


@dataclass
class Doubler:
    """A model that needs no library."""

    factor: float = 2.0

    def predict(self, rows):
        return [self.factor * row[0] for row in rows]


class NeedsWhatIsGone:
    """A model whose class refuses to come back."""

    def __reduce__(self):
        return int, ("not a number",)


@pytest.fixture
def store(settings) -> ModelStore:
    return ModelStore(settings.models_dir)


def files_in(folder: Path) -> set[str]:
    """All files of a store except the lock and what is empty."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {".registry.lock"}


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
        (path / "b").symlink_to(path / "a")

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


# Metadata


def test_numpy_scalars_and_nan_become_json(store):
    metadata = {"accuracy": np.float64(0.5), "rows": np.int64(7), "ok": np.bool_(True), "auc": float("nan"),
                "f1": np.float32("inf"), "folds": (1, 2), "name": np.str_("x")}  # fmt: skip
    store.save(Doubler(), "double", metadata)

    assert store.entries()["double"]["metadata"] == {
        "accuracy": 0.5, "rows": 7, "ok": True, "auc": None, "f1": None, "folds": [1, 2], "name": "x",
    }  # fmt: skip


def circular() -> dict:
    values: dict = {}
    values["self"] = values
    return values


@pytest.mark.parametrize(
    ("metadata", "place"),
    [
        ({"when": datetime.now(UTC)}, "when"),
        ({"scores": {"a": [1, {2}]}}, r"\['scores'\]\['a'\]\[1\]"),
        ({1: "a"}, "key 1"),
        ({"array": np.zeros(2)}, "array"),
        ({"text": "\ud800"}, "Unicode"),
        ({"big": 10**5000}, "digits"),
        (circular(), "nested"),
        (["a"], "not a dict"),
    ],
)
def test_metadata_that_is_no_json_is_refused_with_its_place_before_anything_is_written(store, metadata, place):
    for fields in ({"metadata": metadata}, {"details": metadata}):
        with pytest.raises(InvalidModelMetadata, match=place):
            store.save(Doubler(), "double", **fields)
    assert not store.folder.exists()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
    max_leaves=15,
)


@given(st.dictionaries(st.text(), json_values, max_size=5))
def test_any_json_metadata_is_kept_exactly(values):
    assert json.loads(json.dumps(json_dict(values, "metadata"))) == values


# The fixture is shared by the examples: only the signing key comes from it, each example has a folder of its own.
@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.from_regex(NAME_PATTERN, fullmatch=True),
    metadata=st.dictionaries(st.text(), json_values, max_size=3),
    factor=st.floats(allow_nan=False),
)
def test_any_name_metadata_and_model_make_the_round_trip(settings, name, metadata, factor):
    with TemporaryDirectory() as folder:
        store = ModelStore(Path(folder) / "models")
        store.save(Doubler(factor), name, metadata)

        assert store.load(name) == Doubler(factor)
        assert store.entries()[name]["metadata"] == metadata
        (store.folder / "registry.json").unlink()
        assert store.rebuild() == [name]
        store.delete(name)
        assert files_in(store.folder) == {"registry.json"}


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
        with pytest.raises((DuplicateModelName, ModelNotSaved, InvalidModelMetadata)):
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


# Versions


def test_overwriting_makes_a_version_and_keeps_the_old_ones(store):
    first = store.save(Doubler(1.0), "model", {"accuracy": 0.1})
    second = store.save(Doubler(2.0), "model", {"accuracy": 0.2}, suffix=".joblib", overwrite=True)

    assert (first.version, second.version) == (1, 2)
    assert store.load("model") == Doubler(2.0)
    assert store.load("model", 1) == Doubler(1.0)
    assert store.describe("model", 1)["metadata"] == {"accuracy": 0.1}
    assert store.versions("model") == [first, second]
    assert store.entries()["model"]["version"] == 2


def test_going_back_and_forth_moves_the_pointer_only(store):
    for factor in (1.0, 2.0):
        store.save(Doubler(factor), "model", {"factor": factor}, overwrite=True)

    assert store.go_back("model", 1).version == 1
    assert store.load("model") == Doubler(1.0)
    assert store.entries()["model"]["metadata"] == {"factor": 1.0}
    assert store.save(Doubler(3.0), "model", overwrite=True).version == 3
    store.go_back("model", 2)
    assert store.load("model") == Doubler(2.0)
    assert [saved.version for saved in store.versions("model")] == [1, 2, 3]


def test_going_back_to_what_would_not_load_changes_nothing(store):
    store.save(Doubler(1.0), "model").path.write_bytes(b"damaged")
    store.save(Doubler(2.0), "model", overwrite=True)

    with pytest.raises(ModelCorrupt):
        store.go_back("model", 1)
    with pytest.raises(ModelNotFound, match="It has: 1, 2"):
        store.go_back("model", 3)
    assert store.load("model") == Doubler(2.0)


def test_a_rebuild_keeps_the_version_that_was_chosen(store):
    for factor in (1.0, 2.0, 3.0):
        store.save(Doubler(factor), "model", overwrite=True)
    store.go_back("model", 2)
    (store.folder / "registry.json").unlink()

    store.rebuild()

    assert store.load("model") == Doubler(2.0)


# Deleting


def test_deleting_removes_every_version_and_nothing_else(store):
    store.save(Doubler(), "model.v2")
    store.save(Doubler(), "model")
    kept = files_in(store.folder)
    for suffix in (".joblib", ".pkl"):
        store.save(Doubler(), "modelo", suffix=suffix, overwrite=True)

    store.delete("modelo")

    assert files_in(store.folder) == kept
    assert list(store.entries()) == ["model.v2", "model"]
    store.save(Doubler(9.0), "modelo")
    assert store.load("modelo") == Doubler(9.0)


def test_deleting_leaves_a_store_of_the_same_name_below_alone(store):
    below = ModelStore(store.folder / "sensors")
    below.save(Doubler(), "pump 1")
    store.save(Doubler(), "sensors")

    store.delete("sensors")

    assert below.load("pump 1") == Doubler()


def test_a_file_that_nobody_adopted_can_be_deleted(store):
    store.folder.mkdir()
    (store.folder / "legacy.pkl").write_bytes(b"legacy")

    store.delete("legacy")

    assert not (store.folder / "legacy.pkl").exists()


# Reset, corruption, rebuild


def test_without_a_registry_the_store_is_empty(store):
    assert store.entries() == {}
    store.save(Doubler(), "double")
    (store.folder / "registry.json").unlink()
    assert store.entries() == {}


def test_after_a_reset_a_save_overwrites_nothing_and_a_rebuild_brings_everything_back(store):
    store.save(Doubler(1.0), "a")
    store.save(Doubler(2.0), "b")
    (store.folder / "registry.json").unlink()

    assert store.save(Doubler(3.0), "a").version == 2

    assert store.load("a") == Doubler(3.0)
    assert store.load("a", 1) == Doubler(1.0)
    assert set(store.rebuild()) == {"a", "b"}
    assert store.load("a") == Doubler(3.0)
    assert store.load("b") == Doubler(2.0)


def test_a_rebuild_drops_entries_whose_file_is_gone(store):
    store.save(Doubler(), "kept")
    store.save(Doubler(), "gone").path.unlink()
    assert store.rebuild() == ["kept"]


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b'{"a": {"path": "a.pkl"', b"[]", b"null", b'{"a": 7}', b'{"a": {}}', b"\xff\xfe\x00", b"\x00" * 500,
     b'{"a": ' + b"[" * 100_000],
)  # fmt: skip
def test_a_corrupt_registry_is_set_aside_reported_and_rebuilt(store, content, caplog):
    store.save(Doubler(1.0), "model", {"accuracy": 0.5})
    store.save(Doubler(2.0), "other")
    (store.folder / "registry.json").write_bytes(content)
    logger = logging.getLogger("src.storage.model_folder")
    logger.addHandler(caplog.handler)

    entries = store.entries()

    logger.removeHandler(caplog.handler)
    assert entries == store.entries() == decoded(store)
    assert entries["model"]["metadata"] == {"accuracy": 0.5}
    assert store.load("other") == Doubler(2.0)
    assert [path.read_bytes() for path in store.folder.glob("registry.json.corrupt-*")] == [content]
    assert any("was corrupt" in record.message for record in caplog.records)


def decoded(store: ModelStore) -> dict:
    return json.loads((store.folder / "registry.json").read_text())


def test_saving_into_a_corrupt_registry_mends_it_first(store):
    store.save(Doubler(1.0), "model")
    (store.folder / "registry.json").write_bytes(b"{")

    store.save(Doubler(2.0), "other")

    assert set(store.entries()) == {"model", "other"}


def test_what_killed_processes_left_is_removed_a_day_later(store):
    store.save(Doubler(), "double")
    yesterday = time.time() - 25 * 3600
    leftovers = [store.folder / ".registry.json.0011aabb.tmp", store.folder / ".staging" / "00112233"]
    for path in leftovers:
        path.write_bytes(b"half")
    store.rebuild()
    assert all(path.exists() for path in leftovers)

    for path in leftovers:
        os.utime(path, (yesterday, yesterday))
    store.rebuild()

    assert not any(path.exists() for path in leftovers)


# Library versions


def edit_sidecar(store: ModelStore, name: str, **changes: object) -> None:
    path = store.folder / f"{name}.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_other_library_versions_are_warned_about_with_both(store):
    store.save(np.array([1.0]), "array")
    edit_sidecar(store, "array", libraries={"numpy": "0.9", "python": "2.7.18"})

    with pytest.warns(LibraryVersionWarning, match=rf"numpy 0\.9 \(here {np.__version__}\), python 2\.7\.18 \(here 3"):
        store.load("array")


def test_a_library_that_the_model_does_not_use_is_not_warned_about(store):
    store.save(np.array([1.0]), "array")
    edit_sidecar(store, "array", libraries={"lightgbm": "0.9", "python": "3.11.999"})
    store.load("array")


def test_the_same_versions_are_not_warned_about(store):
    store.save(np.array([1.0]), "array")
    store.load("array")


def test_a_lost_sidecar_does_not_lose_the_model(store):
    store.save(Doubler(), "double", {"accuracy": 0.5})
    (store.folder / "double.json").unlink()

    assert store.load("double") == store.load("double", 1) == Doubler()
    assert store.describe("double")["metadata"] == {"accuracy": 0.5}
    assert [saved.version for saved in store.versions("double")] == [1]


# The table


def test_the_table_of_no_models_has_its_columns(store):
    table = store.summary()
    assert table.empty
    assert list(table)[:3] == ["name", "model_type", "accuracy"]
    assert list(table)[-5:] == ["saved_at", "version", "size_bytes", "trusted", "description"]


def test_the_table_has_a_row_a_model(store):
    store.save(Doubler(), "a", {"model_type": "Doubler", "Accuracy": 0.9, "f1": None, "description": "notes"})
    store.save(Doubler(), "b", {"r2": "high"})
    store.save(Doubler(), "b", overwrite=True).path.unlink()
    (store.folder / "legacy.joblib").write_bytes(b"legacy")

    table = store.summary().set_index("name")

    assert list(table.index) == ["a", "b", "legacy"]
    row = table.loc["a"]
    assert (row["model_type"], row["accuracy"], row["description"], row["version"]) == ("Doubler", 0.9, "notes", 1)
    assert np.isnan(row["f1"])
    assert row["saved_at"] == datetime.fromisoformat(store.entries()["a"]["saved_at"])
    assert row["size_bytes"] == (store.folder / "a.pkl").stat().st_size
    assert table["size_bytes"].isna().tolist() == [False, True, False]
    assert table["version"].tolist() == [1, 2, 1]
    assert table["trusted"].tolist() == [True, True, False]


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
