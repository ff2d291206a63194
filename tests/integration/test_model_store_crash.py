"""The registry under races, kill -9 and failing disks: the old state or the new one, nothing acknowledged lost."""

from __future__ import annotations

import json
import os
import pickle
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from src.errors import ModelNotSaved
from src.utils.model_store import ModelStore, ModelToSave
from tests.integration.crash_tools import FORK, Steps, die, fail, in_child, kill_rounds

CHANGES = ("open", "rename", "remove", "mkdir", "rmdir", "fsync")
WRITES = ("open", "rename", "mkdir", "fsync")
FAILED, DONE_ANYHOW = 3, 4  # exit codes


@pytest.fixture
def store(settings) -> ModelStore:
    """A store with enough in it that writing its registry takes a moment."""
    store = ModelStore(settings.models_dir)
    store.save_many(
        ModelToSave(name=f"filler {number}", model=number, metadata={"description": "x" * 200}) for number in range(300)
    )
    return store


def save_some(folder: Path, who: int, saves: int) -> None:
    store = ModelStore(folder)
    for number in range(saves):
        store.save([who, number], f"model {who} {number}")


@pytest.mark.parametrize("saves", [60, pytest.param(250, marks=pytest.mark.slow)])
def test_of_four_processes_that_save_at_once_none_loses_a_model(settings, saves):
    writers = [FORK.Process(target=save_some, args=(settings.models_dir, who, saves)) for who in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    store = ModelStore(settings.models_dir)
    assert [writer.exitcode for writer in writers] == [0] * 4
    assert len(store.entries()) == 4 * saves
    assert all(
        store.load(f"model {who} {number}") == [who, number] for who in range(4) for number in range(0, saves, 20)
    )
    assert store.untrusted() == {}


# Killed at a random moment


def write_for_ever(folder: Path) -> Callable:
    """Save new models, new versions of one, go back, delete: each announced before and reported after."""

    def write(who: str, report: Callable[[str, str], None]) -> None:
        store = ModelStore(folder)
        store.save("", f"{who} versions")
        for number in count():
            name = f"{who} {number}"
            report("saving", name)
            store.save(name, name)
            report("saved", name)
            saved = store.save(name, f"{who} versions", overwrite=True)
            report("version", f"{who} versions/{saved.version}/{name}")
            if number % 3 == 0:
                store.go_back(f"{who} versions", saved.version - 1)
            if number % 4 == 1:
                report("deleting", f"{who} {number - 1}")
                store.delete(f"{who} {number - 1}")
                report("deleted", f"{who} {number - 1}")

    return write


def check_after_a_kill(store: ModelStore, reports: list[tuple[str, str]]) -> None:
    registry = json.loads((store.folder / "registry.json").read_text(encoding="utf-8"))  # as it is, nothing mended it
    for name in said("saved", reports) - said("deleting", reports):
        assert store.load(name) == name
    assert not said("deleted", reports) & registry.keys()
    for value in said("version", reports):
        name, version, content = value.split("/")
        assert store.load(name, int(version)) == content
    writers = tuple({f"{value.split()[0]} " for _, value in reports})
    for name in registry:
        if name.startswith(writers):  # acknowledged or not, what is listed can be used
            store.load(name)


def said(word: str, reports: list[tuple[str, str]]) -> set[str]:
    return {value for said, value in reports if said == word}


def cut_short(reports: list[tuple[str, str]]) -> set[str]:
    """Return the names whose saving or deletion was announced, but never reported as done."""
    return (said("saving", reports) - said("saved", reports)) | (said("deleting", reports) - said("deleted", reports))


def rounds_of_kills(store: ModelStore, rounds: int) -> None:
    everything: list[tuple[str, str]] = []
    for reports in kill_rounds(rounds, 7, write_for_ever(store.folder), longest=0.15):
        everything += reports
        check_after_a_kill(store, reports)
    check_after_a_kill(store, everything)
    assert len(everything) > 4 * rounds
    assert store.untrusted().keys() <= cut_short(everything)
    assert store.rebuild()
    check_after_a_kill(store, [report for report in everything if report[0] != "deleted"])


def test_writers_that_are_killed_at_random_moments_lose_nothing(store):
    rounds_of_kills(store, 12)


@pytest.mark.slow
def test_writers_that_are_killed_at_many_random_moments_lose_nothing(store):
    rounds_of_kills(store, 150)


def test_a_naive_writer_under_the_same_kills_breaks(tmp_path):
    """This shows that the kills would find a fault if there were one."""
    registry = tmp_path / "registry.json"

    def write(who: str, report: Callable[[str, str], None]) -> None:
        for number in count():
            name = f"{who} {number}"
            (tmp_path / f"{name}.pkl").write_bytes(pickle.dumps(name))
            entries = json.loads(registry.read_text())
            entries[name] = {"path": f"{name}.pkl", "metadata": {"description": "x" * 200}}
            with registry.open("w") as file:
                json.dump(entries, file)
            report("saved", name)

    start = json.dumps({f"filler {number}": {"metadata": {"description": "x" * 200}} for number in range(300)})

    def is_broken_by(reports: list[tuple[str, str]]) -> bool:
        content = registry.read_text()
        registry.write_text(start)
        try:
            entries = json.loads(content)
        except ValueError:
            return True
        return any(name not in entries for _, name in reports)

    registry.write_text(start)
    assert any(map(is_broken_by, kill_rounds(25, 7, one_at_a_time(write), longest=0.15)))


def one_at_a_time(write: Callable) -> Callable:
    """Leave only one of two writers at work: being killed alone must be enough to break it."""

    def write_or_wait(who: str, report: Callable[[str, str], None]) -> None:
        if who.endswith("a"):
            write(who, report)
        report("waiting", "filler 0")
        time.sleep(60)

    return write_or_wait


# Killed, or failing, at every single step


def corrupt(store: ModelStore) -> None:
    (store.folder / "registry.json").write_bytes(b'{"model": {"path"')


def put_a_stranger(store: ModelStore) -> None:
    (store.folder / "stranger.pkl").write_bytes(pickle.dumps("stranger"))


def nothing(store: ModelStore) -> None:
    """Leave a store as it is."""


def bring_a_file(store: ModelStore) -> None:
    """Put a model that was exported beside the store, where it can be imported from."""
    elsewhere = ModelStore(store.folder.parent / "elsewhere")
    elsewhere.save("exported", "exported", overwrite=True)
    with exported_file(store).open("wb") as file:
        elsewhere.export_to(file, "exported")


def exported_file(store: ModelStore) -> Path:
    return store.folder.parent / "exported.zip"


def import_it(store: ModelStore) -> None:
    with exported_file(store).open("rb") as file:
        store.import_from(file)


OPERATIONS = {
    "save": (nothing, lambda store: store.save("new", "new")),
    "overwrite": (nothing, lambda store: store.save("third", "model", overwrite=True)),
    "save many": (nothing, lambda store: store.save_many([ModelToSave(name=name, model=name) for name in "abc"])),
    "go back": (nothing, lambda store: store.go_back("model", 1)),
    "edit notes": (nothing, lambda store: store.edit_notes("model", "edited")),
    "import": (bring_a_file, import_it),
    "delete": (nothing, lambda store: store.delete("model")),
    "trust": (put_a_stranger, lambda store: store.trust("stranger")),
    "mend": (corrupt, lambda store: store.entries()),
    "rebuild": (corrupt, lambda store: store.rebuild()),
}


@pytest.fixture
def two_versions(settings, tmp_path) -> ModelStore:
    store = ModelStore(tmp_path / "original")
    store.save("first", "model")
    store.save("second", "model", overwrite=True)
    store.save("other", "other")
    return store


def state(store: ModelStore) -> dict:
    """What a person sees of a store: each model's version, content and notes. What is trusted must load."""
    untrusted = store.untrusted()
    return {
        name: (
            entry["version"],
            ("not trusted" if name in untrusted else store.load(name), entry["metadata"].get("description")),
        )
        for name, entry in store.entries().items()
    }


def contents(state: dict) -> dict:
    """Leave the version numbers out: what was cut short has used one up."""
    return {name: content for name, (_, content) in state.items()}


def prepared(original: ModelStore, folder: Path, prepare: Callable) -> ModelStore:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(original.folder, folder)
    store = ModelStore(folder)
    prepare(store)
    return store


def old_and_new(original: ModelStore, folder: Path, operation: str) -> tuple[dict, dict]:
    prepare, act = OPERATIONS[operation]
    old = state(original)
    store = prepared(original, folder, prepare)
    act(store)
    return old, state(store)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_kill_at_any_step_leaves_the_old_state_or_the_new_one(two_versions, tmp_path, operation):
    prepare, act = OPERATIONS[operation]
    old, new = old_and_new(two_versions, tmp_path / "copy", operation)
    seen = []
    for step in count(1):
        store = prepared(two_versions, tmp_path / "copy", prepare)

        def operate(store=store, step=step) -> None:
            Steps(store.folder, step, die, kinds=CHANGES)
            act(store)

        code = in_child(operate)
        assert code in (0, -signal.SIGKILL)
        seen.append(state(store))
        assert seen[-1] in (old, new)
        if code == 0:
            break
        if seen[-1] == old:
            act(store)  # the lock is free, and nothing half done is in the way
        assert contents(state(store)) == contents(new)
        store.save("again", "model", overwrite=True)
    assert seen[-1] == new
    assert len(seen) > 4


@pytest.mark.parametrize("operation", [name for name in OPERATIONS if name != "delete"])
def test_a_write_that_fails_at_any_step_is_reported_and_leaves_the_old_state(two_versions, tmp_path, operation):
    prepare, act = OPERATIONS[operation]
    old, new = old_and_new(two_versions, tmp_path / "copy", operation)
    failures = 0
    for step in count(1):
        store = prepared(two_versions, tmp_path / "copy", prepare)
        before = files_of(store)

        def operate(store=store, step=step) -> None:
            steps = Steps(store.folder, step, fail, kinds=WRITES)
            try:
                act(store)
            except ModelNotSaved as error:
                os._exit(FAILED if "No space left on device" in str(error) else 1)
            os._exit(DONE_ANYHOW if steps.reached else 0)

        code = in_child(operate)
        if code == 0:
            break
        assert code in (FAILED, DONE_ANYHOW)
        if code == DONE_ANYHOW:  # such as making a folder that is there
            assert contents(state(store)) == contents(new)
            continue
        failures += 1
        if operation in ("save", "overwrite", "save many"):
            assert files_of(store) == before  # down to the bytes
        assert state(store) in (old, new)
        act(store)
        assert contents(state(store)) == contents(new)
    assert failures >= 3


def files_of(store: ModelStore) -> dict[str, bytes]:
    """Return every file of a store but the lock, with its content."""
    paths = (path for path in store.folder.rglob("*") if path.is_file() and path.name != ".registry.lock")
    return {path.relative_to(store.folder).as_posix(): path.read_bytes() for path in paths}


def test_a_write_cut_off_in_the_middle_leaves_the_old_state(two_versions):
    """The size that files may have is limited, so that the registry's own write stops half-way."""
    before, old = files_of(two_versions), state(two_versions)

    def save() -> None:
        size = len(before["registry.json"])
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        with pytest.raises(ModelNotSaved, match="File too large"):
            two_versions.save(1, "new")

    assert in_child(save) == 0
    assert files_of(two_versions) == before
    assert state(two_versions) == old


FILL_A_DISK = """
import sys
from pathlib import Path
from src.errors import ModelNotSaved
from src.utils.model_store import ModelStore
store = ModelStore(Path(sys.argv[1]) / "models")
saved = []
try:
    for number in range(10_000):
        store.save(bytes(1000 * (number % 7 + 1)), f"model {number}")
        saved.append(f"model {number}")
except ModelNotSaved as error:
    assert "No space left" in str(error), error
else:
    sys.exit("the disk never filled up")
assert list(store.entries()) == saved, "an acknowledged model is missing"
assert all(store.load(name) is not None for name in saved)
assert not [path for path in (store.folder / ".staging").iterdir()]
store.delete(saved[0])
store.delete(saved[1])
store.save(b"", "there is room again")
print(len(saved))
"""


def test_a_full_disk_loses_nothing_and_recovers(settings, tmp_path):
    """A file system of 512 kB in a mount namespace of its own."""
    script = 'mount -t tmpfs -o size=512k tmpfs "$1" && exec "$2" -c "$3" "$1"'
    arguments = ["unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh", str(tmp_path / "disk")]
    (tmp_path / "disk").mkdir()
    if shutil.which("unshare") is None or subprocess.run([*arguments, "true", ""], capture_output=True).returncode:
        pytest.skip("this system does not let a test mount a small file system")

    run = subprocess.run([*arguments, sys.executable, FILL_A_DISK], capture_output=True, text=True)

    assert run.returncode == 0, run.stderr
    assert int(run.stdout) > 5


# What a power failure would find


def test_everything_is_on_the_disk_before_the_registry_names_it(settings, monkeypatch):
    store = ModelStore(settings.models_dir)
    store.save(1, "first")
    steps: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def recorded_fsync(descriptor: int) -> None:
        steps.append(f"fsync {kind_of(Path(f'/proc/self/fd/{descriptor}').readlink())}")
        fsync(descriptor)

    def recorded_replace(path: Path, target: Path) -> Path:
        steps.append(f"rename {target.name}")
        return replace(path, target)

    def kind_of(path: Path) -> str:
        return "folder" if path.is_dir() else "staged" if path.parent.name == ".staging" else "registry"

    if not Path("/proc/self/fd").exists():
        pytest.skip("this system does not tell which file a descriptor is")
    monkeypatch.setattr(os, "fsync", recorded_fsync)
    monkeypatch.setattr(Path, "replace", recorded_replace)
    store.save(2, "second")

    assert steps == [
        "fsync staged",  # the artefact
        "fsync staged",  # the sidecar
        "rename second.json",
        "rename second.pkl",
        "fsync folder",
        "fsync registry",
        "rename registry.json",
        "fsync folder",
    ]
