"""The models of prices: files as the requirement document has them, versions by time, and a table in step with both."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from src.config import get_settings
from src.database.engine import engine_for, get_engine, reading, writing
from src.database.tables import modelos_predicao
from src.errors import (
    DatabaseUnavailable,
    DuplicateModelName,
    InvalidSku,
    ModelCorrupt,
    ModelNotFound,
    ModelNotSaved,
    ModelNotTrusted,
    NotJson,
)
from src.pricing.model_manager import ModelManager, PriceModel, create_model_manager
from src.utils.model_store import ModelStore
from tests.integration.crash_tools import Steps, die, in_child

CHANGES = ("open", "rename", "remove", "mkdir", "rmdir", "fsync")


@pytest.fixture
def manager(engine: sa.Engine) -> ModelManager:
    return create_model_manager(engine=engine)


def model(sku: str, number: float = 1.0) -> PriceModel:
    return PriceModel(sku, {"weights": [number]}, ["scaler", number], {"metrics": {"rmse": number}, "features": 45})


def table(engine: sa.Engine) -> list[tuple[str, str, str, float, bool]]:
    c = modelos_predicao.c
    with reading(engine) as connection:
        rows = connection.execute(sa.select(c.sku, c.version, c.path, c.metrics, c.is_current, c.trained_at)).all()
    assert all(row.trained_at.tzinfo is UTC for row in rows)
    return sorted((row.sku, row.version, row.path, row.metrics["rmse"], row.is_current) for row in rows)


def on_disk(manager: ModelManager) -> list[tuple[str, str, str, float, bool]]:
    """What the table must say."""
    return sorted(
        (one.sku, one.version, one.path, one.metrics["rmse"], one.is_current)
        for sku in manager.models()
        for one in manager.versions(sku)
    )


def check_in_step(manager: ModelManager, engine: sa.Engine) -> None:
    assert table(engine) == on_disk(manager)
    current = manager.models()
    links = {path.name: path for path in manager.folder.iterdir() if path.is_symlink()}
    assert links.keys() == current.keys()
    for sku, link in links.items():
        assert link.resolve() == (manager.folder / current[sku].path).resolve()
        assert json.loads((link / "metadata.json").read_text("utf-8"))["version"] == current[sku].version
    assert not [path for path in manager.folder.iterdir() if path.name.endswith(".tmp")]


def test_a_model_lies_where_the_document_has_it_and_comes_back(manager, engine):
    saved = manager.save(model("SKU12345"))
    folder = get_settings().models_dir / "prices" / "SKU12345"
    assert {path.name for path in folder.iterdir()} == {"model.pkl", "scaler.pkl", "metadata.json"}
    metadata = json.loads((folder / "metadata.json").read_text("utf-8"))
    assert metadata["metrics"] == {"rmse": 1.0}
    assert (metadata["sku"], metadata["version"], metadata["features"]) == ("SKU12345", saved.version, 45)
    assert datetime.strptime(saved.version, "%Y%m%dT%H%M%SZ")  # noqa: DTZ007
    assert metadata["trained_at"] == f"{saved.trained_at:%Y-%m-%dT%H:%M:%SZ}"
    loaded = manager.load("SKU12345")
    assert (loaded.model, loaded.scaler) == ({"weights": [1.0]}, ["scaler", 1.0])
    assert loaded.metadata == metadata
    check_in_step(manager, engine)


def test_two_in_one_second_are_two_versions_and_the_link_follows_the_newest(manager, engine):
    versions = [manager.save(model("a", number)).version for number in (1.0, 2.0, 3.0)]
    assert sorted(set(versions)) == versions
    assert [one.version for one in manager.versions("a")] == versions
    assert manager.load("a").model == {"weights": [3.0]}
    assert manager.load("a", versions[0]).model == {"weights": [1.0]}
    check_in_step(manager, engine)


def test_what_another_process_changes_is_listed(manager, engine):
    other = create_model_manager(engine=engine)
    assert manager.facts() == {}
    for number in (1.0, 2.0):
        saved = other.save(model("a", number))
        assert {sku: facts["version"] for sku, facts in manager.facts().items()} == {"a": saved.version}
    other.go_back("a", (first := other.versions("a")[0]).version)
    assert manager.facts()["a"]["version"] == first.version
    other.delete("a")
    assert manager.facts() == {}


def test_a_clock_that_goes_back_makes_no_older_version(manager, engine):
    manager.save(model("a"))
    later = (datetime.now(UTC) + timedelta(days=400)).strftime("%Y%m%dT%H%M%SZ")
    with writing(engine) as connection:
        connection.execute(sa.update(modelos_predicao).values(version=later))
    assert manager.save(model("a", 2.0)).version > later


def test_the_last_few_versions_are_kept_and_the_current_one_however_old(engine):
    manager = ModelManager(get_settings().models_dir / "prices", 2, engine)
    first = manager.save(model("a", 1.0)).version
    manager.save(model("a", 2.0))
    assert manager.go_back("a", first).version == first
    assert manager.load("a").model == {"weights": [1.0]}
    check_in_step(manager, engine)
    for number in (3.0, 4.0):
        manager.save(model("a", number))
    manager.save(model("b"))
    assert [one.metrics["rmse"] for one in manager.versions("a")] == [3.0, 4.0]
    kept = {path.name for path in (manager.folder / ".versions").iterdir() if path.is_dir()}
    assert kept == {"a@3", "a@4", "b", ".staging"}
    check_in_step(manager, engine)


def test_going_back_keeps_what_would_otherwise_be_too_old(engine):
    manager = ModelManager(get_settings().models_dir / "prices", 1, engine)
    manager.save(model("a", 1.0))
    newest = manager.save(model("a", 2.0)).version
    assert [one.version for one in manager.versions("a")] == [newest]
    with pytest.raises(ModelNotFound, match=f"has no version '20200101T000000Z'. It has: {newest}"):
        manager.go_back("a", "20200101T000000Z")


def test_many_are_saved_at_once_and_loaded_at_once(manager, engine):
    saved = manager.save_many([model(f"SKU{number:03d}", number) for number in range(30)])
    assert [one.sku for one in saved] == [f"SKU{number:03d}" for number in range(30)]
    loaded, failures = manager.load_many()
    assert failures == {}
    assert [loaded[f"SKU{number:03d}"].model for number in range(30)] == [{"weights": [number]} for number in range(30)]
    loaded, failures = manager.load_many(["SKU007", "nothing"])
    assert list(loaded) == ["SKU007"]
    assert isinstance(failures["nothing"], ModelNotFound)
    check_in_step(manager, engine)


@pytest.mark.parametrize("sku", ["../a", "a/b", "/etc", "..", ".versions", "", "a\x00", "registry", "C:\\a"])
def test_skus_that_look_like_paths_are_refused_everywhere(manager, engine, sku):
    with pytest.raises(InvalidSku):
        manager.save(model(sku))
    for act in (manager.load, manager.delete, manager.versions, lambda sku: manager.go_back(sku, "20200101T000000Z")):
        with pytest.raises(InvalidSku):
            act(sku)
    assert table(engine) == []


def test_what_cannot_be_saved_changes_nothing(manager, engine):
    manager.save(model("a"))
    before = table(engine)
    bad: list[tuple[PriceModel, type[Exception]]] = [
        (PriceModel("b", lambda: 0, 0, {}), ModelNotSaved),
        (PriceModel("b", 0, 0, {"metrics": object()}), NotJson),
        (model("A"), DuplicateModelName),
        (model("a"), InvalidSku),  # twice in one batch
    ]
    for one, error in bad:
        with pytest.raises(error):
            manager.save_many([model("a", 2.0), one])
    assert table(engine) == before
    assert manager.load("a").model == {"weights": [1.0]}
    check_in_step(manager, engine)


def test_deleting_leaves_nothing_of_a_product_and_all_of_the_others(manager, engine):
    for number in (1.0, 2.0):
        manager.save_many([model("a", number), model("ab", number)])
    manager.delete("a")
    assert list(manager.models()) == ["ab"]
    assert not [path for path in manager.folder.rglob("*") if path.name.startswith(("a.", "a@")) or path.name == "a"]
    check_in_step(manager, engine)
    for act in (manager.load, manager.delete, manager.versions):
        with pytest.raises(ModelNotFound, match="no price model of 'a'"):
            act("a")
    assert manager.save(model("a", 3.0)).metrics == {"rmse": 3.0}
    check_in_step(manager, engine)


@pytest.mark.parametrize("file", ["model.pkl", "scaler.pkl", "metadata.json"])
def test_a_file_that_was_changed_is_not_opened(manager, file):
    manager.save_many([model("a"), model("b")])
    path = manager.folder / "a" / file
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(ModelCorrupt):
        manager.load("a")
    loaded, failures = manager.load_many()
    assert (list(loaded), list(failures)) == (["b"], ["a"])


def test_a_link_that_points_elsewhere_is_not_followed_and_mended(manager, engine, tmp_path):
    manager.save(model("a"))
    (manager.folder / "a").unlink()
    (manager.folder / "a").symlink_to(tmp_path)
    assert manager.load("a").model == {"weights": [1.0]}
    assert manager.repair() == ["a"]
    check_in_step(manager, engine)


def test_models_signed_with_another_key_are_not_opened(manager, monkeypatch):
    manager.save(model("a"))
    monkeypatch.setenv("FAROL_SIGNING_KEY", "another key, and long enough")
    get_settings.cache_clear()
    with pytest.raises(ModelNotTrusted):
        manager.load("a")


def test_arrays_come_back_bit_by_bit(manager):
    values = np.random.default_rng(0).normal(size=1_000)
    manager.save(PriceModel("a", values, None, {}))
    assert np.array_equal(manager.load("a").model, values)


def test_threads_that_save_the_same_product_at_once_make_one_version_each(engine):
    folder = get_settings().models_dir / "prices"
    with ThreadPoolExecutor(4) as pool:
        saved = list(
            pool.map(lambda number: ModelManager(folder, 10, engine).save(model("a", number)), (1.0, 2.0, 3.0, 4.0))
        )
    assert len({one.version for one in saved}) == 4
    check_in_step(ModelManager(folder, 10, engine), engine)


# In step, whatever happens in between


def test_a_new_database_is_filled_from_the_files_and_a_lost_folder_empties_it(manager, engine):
    for number in (1.0, 2.0):
        manager.save_many([model("a", number), model("b", number)])
    whole = table(engine)
    with writing(engine) as connection:
        connection.execute(sa.delete(modelos_predicao))
    assert create_model_manager(engine=engine).repair() == []
    assert table(engine) == whole
    empty = create_model_manager(get_settings().data_dir / "elsewhere", engine)
    assert table(engine) == []
    assert not empty.folder.exists() or empty.models() == {}


def save_again(manager: ModelManager) -> None:
    manager.save_many([model(sku, 2.0) for sku in "abc"])


def go_back(manager: ModelManager) -> None:
    manager.go_back("a", manager.versions("a")[0].version)


def delete(manager: ModelManager) -> None:
    manager.delete("a")


@pytest.mark.parametrize(
    ("act", "of", "step"),
    [
        (save_again, ModelManager, "_link"),
        (save_again, ModelStore, "prune"),
        (save_again, ModelManager, "_write_rows"),
        (go_back, ModelManager, "_write_rows"),
        (delete, ModelManager, "_link"),
        (delete, ModelManager, "_write_rows"),
    ],
)
def test_killed_between_the_files_and_the_table_both_are_in_step_at_the_next_start(manager, engine, act, of, step):
    for number in (0.0, 1.0):
        manager.save_many([model("a", number), model("b", number)])
    before = table(engine)

    def act_and_die() -> None:
        child = manager_of_its_own(manager.folder)
        setattr(of, step, lambda *_arguments: die())
        act(child)

    engine.dispose()
    assert in_child(act_and_die) == -signal.SIGKILL
    assert table(engine) == before
    assert on_disk(manager) != before
    check_in_step(create_model_manager(engine=engine), engine)
    assert table(engine) != before
    manager.save(model("a", 9.0))
    check_in_step(manager, engine)


def manager_of_its_own(folder: Path) -> ModelManager:
    """In a forked child: a connection is not to be shared with the parent."""
    engine_for.cache_clear()
    return ModelManager(folder, 2, get_engine())


def kill_at(steps: Iterator[int], folder: Path) -> int:
    """Save two models and die at a step, then at another, until one is not reached; return how many times it died."""
    manager = create_model_manager(folder)
    manager.save_many([model("a", 0.0), model("b", 0.0)])
    killed = 0
    for step in steps:

        def save_and_die(at: int = step) -> None:
            child = manager_of_its_own(folder)
            Steps(folder, at, die, kinds=CHANGES)
            child.save_many([model("a", float(at)), model("b", float(at))])

        get_engine().dispose()
        survived = in_child(save_and_die) == 0
        started = create_model_manager(folder)
        check_in_step(started, get_engine())
        assert started.load("a").model == started.load("b").model  # both or none
        if survived:
            assert started.load("a").model == {"weights": [float(step)]}
            break
        killed += 1
    return killed


def test_killed_at_some_step_a_save_is_done_or_not_and_the_table_says_which(settings):
    assert kill_at(count(1, 5), settings.models_dir / "prices") > 8


@pytest.mark.slow
def test_killed_at_any_step_a_save_is_done_or_not_and_the_table_says_which(settings):
    assert kill_at(count(1), settings.models_dir / "prices") > 40


def test_a_database_that_fails_loses_no_model(manager, engine, monkeypatch):
    from src.pricing import model_manager

    def fail(*_arguments: object) -> None:
        raise DatabaseUnavailable("The connection broke.")

    monkeypatch.setattr(model_manager, "replace_rows", fail)
    with pytest.raises(DatabaseUnavailable, match="connection broke"):
        manager.save(model("a"))
    monkeypatch.undo()
    assert manager.load("a").model == {"weights": [1.0]}
    assert manager.repair() == ["a"]
    check_in_step(manager, engine)


def test_what_is_not_of_the_manager_is_left_alone(manager, engine):
    manager.save(model("a"))
    (manager.folder / "notes.txt").write_text("mine")
    (manager.folder / ".versions" / "stranger").mkdir()
    (manager.folder / ".versions" / "half.json").write_text("{}")
    (manager.folder / "b").mkdir()
    (manager.folder / "c").symlink_to("notes.txt")
    assert manager.repair() == []
    manager.save(model("b"))
    assert manager.load("b").model == {"weights": [1.0]}
    assert (manager.folder / "notes.txt").read_text() == (manager.folder / "c").read_text() == "mine"
    assert list((manager.folder / "b").iterdir()) == []
    assert table(engine) == on_disk(manager)
    assert manager.repair() == []
