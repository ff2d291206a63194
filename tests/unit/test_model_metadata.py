"""What is kept beside a model: metadata, library versions, the table of it all."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from src.errors import (
    NotJson,
)
from src.storage.json_values import json_dict
from src.storage.model_names import NAME_PATTERN
from src.utils.model_store import LibraryVersionWarning, ModelStore
from tests.unit.model_samples import Doubler, files_in


@pytest.fixture
def store(settings) -> ModelStore:
    return ModelStore(settings.models_dir)


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
        with pytest.raises(NotJson, match=place):
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


# Library versions


def edit_sidecar(store: ModelStore, name: str, **changes: object) -> None:
    path = store.folder / f"{name}.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_other_library_versions_are_warned_about_with_both(store):
    store.save(np.array([1.0]), "array")
    edit_sidecar(store, "array", libraries={"numpy": f"{np.__version__}9", "python": "2.7.18"})

    with pytest.warns(
        LibraryVersionWarning, match=rf"numpy {np.__version__}9 \(here {np.__version__}\), python 2\.7\.18 \(here 3"
    ):
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
