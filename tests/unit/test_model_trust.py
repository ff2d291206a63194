"""Nothing is opened that was not saved here or adopted: signatures, tampering, adoption, the key."""

from __future__ import annotations

import json
import multiprocessing
import os
import pickle
import shutil
import stat
from pathlib import Path

import joblib
import pytest
from sklearn.linear_model import LinearRegression

from src.config import get_settings
from src.errors import DuplicateModelName, InvalidModelName, InvalidSettings, ModelCorrupt, ModelNotTrusted
from src.storage import model_folder
from src.storage.signing import signing_key
from src.utils.model_store import ModelStore


class Bomb:
    """A model that makes a folder when it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


@pytest.fixture
def store(settings) -> ModelStore:
    settings.models_dir.mkdir()
    return ModelStore(settings.models_dir)


@pytest.fixture
def crater(tmp_path) -> Path:
    """Where a bomb that went off leaves its mark."""
    return tmp_path / "crater"


@pytest.fixture
def elsewhere(settings, tmp_path, monkeypatch) -> ModelStore:
    """A store that another installation, with another key, wrote."""
    with monkeypatch.context() as patch:
        patch.setenv("FAROL_SIGNING_KEY", "the key of another installation")
        get_settings.cache_clear()
        store = ModelStore(tmp_path / "elsewhere")
        for factor in (1.0, 2.0):
            store.save({"factor": factor}, "copied", {"accuracy": factor / 2}, overwrite=True, details={"rows": 7})
    get_settings.cache_clear()
    return store


def edit_registry(store: ModelStore, name: str, **changes: object) -> None:
    path = store.folder / "registry.json"
    registry = json.loads(path.read_text())
    registry[name] |= changes
    path.write_text(json.dumps(registry))


@pytest.mark.parametrize("name", ["legacy.pkl", "legacy.joblib", "legacy@3.pkl"])
def test_a_file_without_an_entry_is_listed_and_opened_only_once_it_is_adopted(store, crater, name):
    (store.folder / name).write_bytes(pickle.dumps(Bomb(crater)))

    assert list(store.untrusted()) == ["legacy"]
    assert store.summary()["trusted"].tolist() == [False]
    for act in (store.load, store.describe, store.versions):
        with pytest.raises(ModelNotTrusted, match="python -m src models trust 'legacy'"):
            act("legacy")
    assert "legacy" not in store.entries()
    store.trust("legacy")
    assert store.untrusted() == {}
    assert not crater.exists()

    store.load("legacy")
    assert crater.exists()


def test_a_pkl_that_joblib_wrote_is_read_as_pycaret_leaves_it(store):
    joblib.dump(LinearRegression().fit([[0.0], [1.0]], [1.0, 3.0]), store.folder / "legacy.pkl")
    store.trust("legacy")
    assert store.load("legacy").predict([[2.0]]) == pytest.approx([5.0])


def test_a_copied_store_is_listed_untrusted_and_its_models_can_be_adopted(store, elsewhere):
    shutil.copytree(elsewhere.folder, store.folder, dirs_exist_ok=True)

    assert store.untrusted().keys() == store.entries().keys() == {"copied"}
    with pytest.raises(ModelNotTrusted):
        store.load("copied")
    with pytest.raises(ModelNotTrusted):
        store.go_back("copied", 1)

    adopted = store.trust("copied")

    assert (adopted.version, adopted.metadata) == (2, {"accuracy": 1.0})
    assert store.load("copied") == {"factor": 2.0}
    assert store.describe("copied")["details"] == {"rows": 7}
    store.go_back("copied", 1)
    assert store.load("copied") == {"factor": 1.0}


def test_a_copied_model_without_its_registry_keeps_what_its_sidecar_says(store, elsewhere):
    for file in ("copied@2.pkl", "copied@2.json"):
        shutil.copy(elsewhere.folder / file, store.folder)

    assert store.untrusted()["copied"]["metadata"] == {"accuracy": 1.0}
    assert store.rebuild() == []
    assert store.trust("copied").metadata == {"accuracy": 1.0}
    assert store.load("copied") == {"factor": 2.0}


def test_a_registry_of_the_legacy_form_is_read_and_its_models_adopted(store):
    (store.folder / "velho.pkl").write_bytes(pickle.dumps({"factor": 5.0}))
    entry = {"path": "modelos_salvos/velho.pkl", "metadata": {"accuracy": 0.92}, "saved_at": "2025-10-29T19:39:21.04"}
    (store.folder / "registry.json").write_text(json.dumps({"velho": entry}))

    assert store.entries()["velho"]["metadata"] == {"accuracy": 0.92}
    with pytest.raises(ModelNotTrusted):
        store.load("velho")

    saved = store.trust("velho")

    assert (saved.path, saved.metadata) == (store.folder / "velho.pkl", {"accuracy": 0.92})
    assert saved.saved_at.isoformat() == "2025-10-29T19:39:21.040000+00:00"
    assert store.load("velho") == {"factor": 5.0}


def test_a_changed_file_is_never_unpickled(store, crater):
    path = store.save({"factor": 1.0}, "model").path
    path.write_bytes(pickle.dumps(Bomb(crater)))

    with pytest.raises(ModelCorrupt, match=r"model\.pkl"):
        store.load("model")
    assert not crater.exists()


def test_a_changed_file_with_its_hash_in_the_registry_is_never_unpickled(store, crater):
    content = pickle.dumps(Bomb(crater))
    store.save({"factor": 1.0}, "model").path.write_bytes(content)
    edit_registry(store, "model", sha256=model_folder.content_digest(content))

    with pytest.raises(ModelNotTrusted):
        store.load("model")
    assert not crater.exists()


def test_a_changed_old_version_is_never_unpickled(store, crater):
    path = store.save({"factor": 1.0}, "model").path
    store.save({"factor": 2.0}, "model", overwrite=True)
    content = pickle.dumps(Bomb(crater))
    path.write_bytes(content)

    with pytest.raises(ModelCorrupt):
        store.load("model", 1)
    sidecar = json.loads((store.folder / "model.json").read_text())
    (store.folder / "model.json").write_text(json.dumps(sidecar | {"sha256": model_folder.content_digest(content)}))
    with pytest.raises(ModelNotTrusted):
        store.load("model", 1)
    assert not crater.exists()


@pytest.mark.parametrize(
    "changes", [{"kind": "detector"}, {"version": 2}, {"signature_mac": ""}, {"signature_mac": "é"}]
)
def test_what_the_signature_covers_cannot_be_changed(store, changes):
    store.save({"factor": 1.0}, "model")
    edit_registry(store, "model", **changes)
    with pytest.raises(ModelNotTrusted):
        store.load("model")
    assert list(store.untrusted()) == ["model"]


def test_two_signed_models_cannot_be_swapped(store):
    store.save("safe", "safe")
    store.save("weak", "weak")
    registry = store.entries()
    edit_registry(store, "safe", **registry["weak"])

    with pytest.raises(ModelNotTrusted):
        store.load("safe")


def test_the_bytes_that_were_hashed_are_the_bytes_that_are_unpickled(store, crater, monkeypatch):
    path = store.save({"factor": 1.0}, "model").path
    digest = model_folder.content_digest

    def digest_while_someone_swaps_the_file(content: bytes) -> str:
        path.write_bytes(pickle.dumps(Bomb(crater)))
        return digest(content)

    monkeypatch.setattr(model_folder, "content_digest", digest_while_someone_swaps_the_file)

    assert store.load("model") == {"factor": 1.0}
    assert not crater.exists()


@pytest.mark.parametrize("how", ["absolute", "dots", "link", "link to a folder", "loop", "nul", "the folder itself"])
def test_nothing_outside_the_folder_is_read_even_if_it_is_what_was_saved(store, tmp_path, how):
    path = store.save({"factor": 1.0}, "model").path
    outside = tmp_path / "outside.pkl"
    path.rename(outside)
    (tmp_path / "there").mkdir()
    shutil.copy(outside, tmp_path / "there")
    if how == "link":
        path.symlink_to(outside)
    elif how == "loop":
        path.symlink_to(path)
    elif how == "link to a folder":
        (store.folder / "there").symlink_to(tmp_path / "there")
        edit_registry(store, "model", path="there/outside.pkl")
    else:
        paths = {"absolute": str(outside), "dots": "../outside.pkl", "nul": "a\x00b", "the folder itself": "."}
        edit_registry(store, "model", path=paths[how])

    with pytest.raises(ModelCorrupt, match="out of the models folder"):
        store.load("model")
    store.delete("model")
    assert outside.exists()
    assert store.folder.exists()


def test_a_models_folder_that_is_itself_a_link_is_fine(store, tmp_path):
    store.save({"factor": 1.0}, "model")
    (tmp_path / "link").symlink_to(store.folder)
    assert ModelStore(tmp_path / "link").load("model") == {"factor": 1.0}


def test_a_link_out_of_the_folder_cannot_be_adopted(store, tmp_path):
    (tmp_path / "outside.pkl").write_bytes(pickle.dumps(1))
    (store.folder / "legacy.pkl").symlink_to(tmp_path / "outside.pkl")
    with pytest.raises(ModelCorrupt):
        store.trust("legacy")
    assert store.entries() == {}


def test_only_a_name_that_a_model_can_have_can_be_adopted(store):
    (store.folder / "Modelo (1).pkl").write_bytes(pickle.dumps(1))
    (store.folder / "Double.pkl").write_bytes(pickle.dumps(1))
    store.save(2, "double")

    with pytest.raises(InvalidModelName):
        store.trust("Modelo (1)")
    with pytest.raises(DuplicateModelName):
        store.trust("Double")
    assert set(store.untrusted()) == {"Modelo (1)", "Double"}
    assert list(store.entries()) == ["double"]


# The key


def test_the_key_is_made_on_first_use_beside_the_data_and_readable_by_the_owner_only(store, settings):
    store.save(1, "model")

    path = settings.data_dir / "model_signing.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(path.read_bytes()) == 64
    key = path.read_bytes()
    assert not any(key in file.read_bytes() for file in store.folder.rglob("*") if file.is_file())


def test_with_another_key_nothing_is_trusted(store, settings):
    store.save(1, "model")
    (settings.data_dir / "model_signing.key").unlink()
    with pytest.raises(ModelNotTrusted):
        store.load("model")
    store.trust("model")
    assert store.load("model") == 1


def test_the_key_of_the_settings_wins_and_is_written_nowhere(store, settings, monkeypatch):
    monkeypatch.setenv("FAROL_SIGNING_KEY", "sixteen letters or more")
    get_settings.cache_clear()
    store.save(1, "model")
    assert store.load("model") == 1
    assert not (settings.data_dir / "model_signing.key").exists()


def test_a_damaged_key_is_named(store, settings):
    settings.data_dir.mkdir()
    (settings.data_dir / "model_signing.key").write_bytes(b"12")
    with pytest.raises(InvalidSettings, match="damaged"):
        store.save(1, "model")


@pytest.mark.parametrize("below", [".", "data"])
def test_the_key_is_never_put_into_the_models_folder(settings, below, monkeypatch):
    monkeypatch.setenv("FAROL_DATA_DIR", str(settings.models_dir / below))
    get_settings.cache_clear()
    with pytest.raises(InvalidSettings, match="FAROL_DATA_DIR"):
        ModelStore(settings.models_dir).save(1, "model")


def test_a_key_that_cannot_be_made_is_named(store, settings):
    (settings.data_dir / "model_signing.key").mkdir(parents=True)
    with pytest.raises(InvalidSettings, match="FAROL_SIGNING_KEY"):
        store.save(1, "model")


def make_key(folder: str, data: str, start, keys) -> None:
    os.environ["FAROL_DATA_DIR"] = data
    get_settings.cache_clear()
    start.wait()
    keys.put(signing_key(Path(folder)))


def test_processes_that_need_the_first_key_at_once_get_the_same_one(tmp_path):
    context = multiprocessing.get_context("fork")
    start, keys = context.Barrier(4), context.Queue()
    processes = [
        context.Process(target=make_key, args=(str(tmp_path / "models"), str(tmp_path / "data"), start, keys))
        for _ in range(4)
    ]
    for process in processes:
        process.start()
    found = {keys.get(timeout=60) for _ in processes}
    for process in processes:
        process.join(timeout=60)
    keys.close()
    assert len(found) == 1
