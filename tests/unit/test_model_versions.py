"""Versions, deleting, and what a reset, a corrupt registry and a rebuild do."""

from __future__ import annotations

import json
import logging
import os
import time

import pytest

from src.errors import (
    ModelCorrupt,
    ModelNotFound,
    ModelNotTrusted,
)
from src.utils.model_store import ModelStore
from tests.unit.model_samples import Doubler, files_in


@pytest.fixture
def store(settings) -> ModelStore:
    return ModelStore(settings.models_dir)


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


@pytest.mark.parametrize("path", ["gone.pkl", "x" * 400 + ".pkl"])
def test_a_rebuild_drops_entries_whose_file_is_gone_or_cannot_be(store, path):
    store.save(Doubler(), "kept")
    entries = store.entries() | {"gone": {"path": path}}
    (store.folder / "registry.json").write_text(json.dumps(entries))
    assert store.rebuild() == ["kept"]


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b'{"a": {"path": "a.pkl"', b"[]", b"null", b'{"a": 7}', b'{"a": {}}', b"\xff\xfe\x00", b"\x00" * 500,
     b'{"\\ud800": {"path": "a.pkl"}}', b'{"a": ' + b"[" * 100_000],
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


# Many models


def test_the_oldest_versions_can_be_removed_but_never_the_current_one(store):
    for factor in (1.0, 2.0, 3.0, 4.0):
        store.save(Doubler(factor), "model", overwrite=True)
    store.save(Doubler(9.0), "other")
    store.go_back("model", 1)

    assert store.prune(["model", "other", "unknown"], 2) == 1
    assert [saved.version for saved in store.versions("model")] == [1, 3, 4]
    assert store.load("model") == Doubler(1.0)
    assert store.load("other") == Doubler(9.0)
    assert not {"model@2.pkl", "model@2.json"} & files_in(store.folder)
    assert store.save(Doubler(5.0), "model", overwrite=True).version == 5


def test_many_models_are_loaded_at_once_and_what_is_wrong_with_one_keeps_no_other(store):
    for number in range(3):
        store.save(Doubler(float(number)), f"model-{number}")
    (store.folder / "model-1.pkl").write_bytes(b"damaged")

    loaded, failures = store.load_many(["model-0", "model-1", "model-2", "unknown"])
    assert loaded == {"model-0": Doubler(0.0), "model-2": Doubler(2.0)}
    assert {name: type(error) for name, error in failures.items()} == {
        "model-1": ModelCorrupt,
        "unknown": ModelNotFound,
    }


def test_nothing_that_was_not_saved_here_is_opened_among_many(store):
    store.save(Doubler(1.0), "model")
    entries = json.loads((store.folder / "registry.json").read_text())
    entries["model"]["signature_mac"] = "0" * 64
    (store.folder / "registry.json").write_text(json.dumps(entries))

    assert isinstance(store.load_many(["model"])[1]["model"], ModelNotTrusted)


def test_the_stamp_changes_with_each_write_of_the_registry(store):
    stamps = [store.stamp()]
    for factor in (1.0, 2.0):
        store.save(Doubler(factor), "model", overwrite=True)
        stamps.append(store.stamp())
    assert stamps[0] is None
    assert len(set(stamps)) == 3
    assert store.stamp() == stamps[-1]


# Folders


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "made"
    (folder / "deeper").mkdir(parents=True)
    (folder / "model.pkl").write_bytes(b"one")
    (folder / "deeper" / "notes").write_bytes(b"two")
    return folder


def test_the_files_of_folders_are_handed_out_as_the_bytes_that_were_checked(store, folder):
    store.save_artifact(folder, "first", suffix="")
    store.save_artifact(folder, "second", suffix="")
    files = {"model.pkl": b"one", "deeper/notes": b"two"}
    assert store.load_folder("first") == store.load_folder("first", 1) == files
    (store.folder / "second" / "model.pkl").write_bytes(b"another")
    loaded, failures = store.load_folders(["first", "second", "third"])
    assert loaded == {"first": files}
    assert {name: type(error) for name, error in failures.items()} == {"second": ModelCorrupt, "third": ModelNotFound}


def test_a_folder_with_a_link_in_it_and_a_model_that_is_no_folder_are_not_handed_out(store, folder, tmp_path):
    store.save_artifact(folder, "linked", suffix="")
    (store.folder / "linked" / "model.pkl").unlink()
    (store.folder / "linked" / "model.pkl").symlink_to(tmp_path / "made" / "model.pkl")
    store.save(Doubler(), "file")
    for name in ("linked", "file"):
        with pytest.raises(ModelCorrupt):
            store.load_folder(name)


def test_old_versions_that_are_folders_are_removed_as_files_are(store, folder):
    for _ in range(4):
        store.save_artifact(folder, "model", suffix="", overwrite=True)
    store.go_back("model", 2)
    assert store.prune(["model"], keep=1) == 2
    assert [saved.version for saved in store.versions_of(["model", "other"])["model"]] == [2, 4]
    assert store.versions_of(["other"]) == {"other": []}
    assert {path.split("/")[0] for path in files_in(store.folder)} == {
        *("registry.json", "model@2", "model@2.json", "model@4", "model@4.json")
    }
