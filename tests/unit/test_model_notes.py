"""Editing what people note about a model."""

from __future__ import annotations

import json

import pytest

from src.errors import ModelNotFound, ModelNotSaved, ModelNotTrusted, NotJson
from src.utils.model_store import ModelStore
from tests.unit.model_samples import Doubler


@pytest.fixture
def store(settings) -> ModelStore:
    store = ModelStore(settings.models_dir)
    store.save(Doubler(1.0), "double", {"accuracy": 0.5, "description": "first"})
    store.save(Doubler(2.0), "double", {"description": "second"}, overwrite=True)
    return store


def notes(store: ModelStore, version: int | None = None) -> str:
    return store.describe("double", version)["metadata"]["description"]


def test_the_notes_of_the_current_version_change_and_nothing_else_does(store):
    before = store.describe("double")
    store.edit_notes("double", "new\nnotes ✓")
    after = store.describe("double")
    assert after["metadata"] == {"description": "new\nnotes ✓"}
    assert {**after, "metadata": None} == {**before, "metadata": None}
    assert (store.load("double"), notes(store, 1)) == (Doubler(2.0), "first")
    assert [saved.version for saved in store.versions("double")] == [1, 2]


def test_the_notes_of_an_older_version_change_and_stay_when_one_goes_back_to_it(store):
    store.edit_notes("double", "seen again", 1)
    assert (notes(store), notes(store, 1)) == ("second", "seen again")
    store.go_back("double", 1)
    assert notes(store) == "seen again"
    assert store.load("double") == Doubler(1.0)


def test_edited_notes_survive_the_loss_of_the_registry(store):
    store.edit_notes("double", "kept")
    (store.folder / "registry.json").unlink()
    store.rebuild()
    assert notes(store) == "kept"
    assert store.load("double") == Doubler(2.0)


@pytest.mark.parametrize(("text", "error"), [("\ud800", NotJson), ("x" * 2001, ModelNotSaved)])
def test_notes_that_cannot_be_kept_are_refused_and_the_old_ones_stay(store, text, error):
    with pytest.raises(error):
        store.edit_notes("double", text)
    assert notes(store) == "second"


def test_there_are_no_notes_without_a_model(store):
    (store.folder / "legacy.pkl").write_bytes(b"legacy")
    for name, version, error in (
        ("gone", None, ModelNotFound),
        ("double", 9, ModelNotFound),
        ("legacy", None, ModelNotTrusted),
    ):
        with pytest.raises(error):
            store.edit_notes(name, "notes", version)


def test_editing_makes_nothing_trusted(store):
    path = store.folder / "registry.json"
    entries = json.loads(path.read_text())
    entries["double"]["signature_mac"] = "0" * 64
    path.write_text(json.dumps(entries))
    store.edit_notes("double", "harmless")
    with pytest.raises(ModelNotTrusted):
        store.load("double")


def test_a_name_from_elsewhere_that_is_a_path_writes_nothing_outside(store, tmp_path):
    path = store.folder / "registry.json"
    entries = json.loads(path.read_text())
    entries["../evil"] = entries["double"]
    path.write_text(json.dumps(entries))
    with pytest.raises(ValueError, match="cannot name a model"):
        store.edit_notes("../evil", "notes")
    assert not (tmp_path / "evil.json").exists()
