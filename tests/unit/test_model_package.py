"""A model as one file: out of one installation, into another, and every file that is not one."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import random
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from src.config import get_settings
from src.errors import (
    DuplicateModelName,
    InvalidModelFile,
    InvalidModelName,
    ModelCorrupt,
    ModelNotFound,
    ModelNotTrusted,
)
from src.storage.package_reading import read_package
from src.utils.model_store import ModelStore
from tests.unit.model_samples import Doubler, files_in

DETAILS = {"signature": {"features": []}, "rows": 7}


@pytest.fixture
def store(settings) -> ModelStore:
    return ModelStore(settings.models_dir)


@pytest.fixture
def other(settings, tmp_path) -> ModelStore:
    """Another folder of models."""
    return ModelStore(tmp_path / "other")


@pytest.fixture
def exported(other) -> bytes:
    other.save(Doubler(1.0), "double", {"accuracy": 0.5})
    other.save(Doubler(2.0), "double", {"accuracy": 0.75, "description": "second"}, details=DETAILS, overwrite=True)
    return export(other, "double")


@pytest.fixture
def folder_model(tmp_path) -> Path:
    folder = tmp_path / "made"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.txt").write_text("a")
    (folder / "sub" / "b.bin").write_bytes(b"b" * 5000)
    return folder


def export(store: ModelStore, name: str, version: int | None = None) -> bytes:
    file = io.BytesIO()
    store.export_to(file, name, version)
    return file.getvalue()


def take_in(store: ModelStore, content: bytes, name: str | None = None):
    return store.import_from(io.BytesIO(content), name)


def test_an_exported_model_is_the_same_elsewhere_once_it_is_trusted(store, exported):
    saved = take_in(store, exported)

    assert (saved.name, saved.version, saved.metadata) == ("double", 1, {"accuracy": 0.75, "description": "second"})
    assert store.untrusted().keys() == {"double"}
    with pytest.raises(ModelNotTrusted):
        store.load("double")
    assert store.trust("double").sha256 == saved.sha256
    assert store.load("double") == Doubler(2.0)
    record = store.describe("double")
    assert record["details"]["rows"] == 7
    assert (record["details"]["imported"]["name"], record["details"]["imported"]["version"]) == ("double", 2)


def test_even_where_it_was_saved_an_import_is_not_trusted(other, exported):
    take_in(other, exported, "again")
    with pytest.raises(ModelNotTrusted):
        other.load("again")


def test_an_older_version_can_be_exported(store, other, exported):
    take_in(store, export(other, "double", 1))
    store.trust("double")
    assert store.load("double") == Doubler(1.0)


def test_a_joblib_file_and_a_folder_make_the_way_too(store, other, folder_model):
    other.save(Doubler(3.0), "lib", suffix=".joblib")
    other.save_artifact(folder_model, "folder", suffix="")
    for name in ("lib", "folder"):
        take_in(store, export(other, name))
        store.trust(name)
    assert store.load("lib") == Doubler(3.0)
    assert (store.load("folder") / "sub" / "b.bin").read_bytes() == b"b" * 5000


def test_the_same_model_gives_the_same_bytes_each_time(other, exported):
    assert export(other, "double") == exported


def test_the_signature_stays_at_home(exported):
    assert b"signature_mac" not in b"".join(parts_of(exported).values())


def test_a_model_that_is_not_trusted_or_was_changed_is_not_exported(store, exported):
    take_in(store, exported)
    with pytest.raises(ModelNotTrusted):
        export(store, "double")
    store.trust("double").path.write_bytes(b"changed")
    with pytest.raises(ModelCorrupt):
        export(store, "double")
    with pytest.raises(ModelNotFound):
        export(store, "nothing")


def test_a_name_that_is_taken_is_refused_and_another_can_be_asked_for(store, exported):
    store.save(Doubler(9.0), "Double")
    for name in (None, "DOUBLE"):
        with pytest.raises(DuplicateModelName):
            take_in(store, exported, name)
    with pytest.raises(InvalidModelName):
        take_in(store, exported, "../double")
    assert take_in(store, exported, "double of plant 2").name == "double of plant 2"
    assert store.load("Double") == Doubler(9.0)


def test_looking_at_a_file_writes_nothing(store, exported):
    package = read_package(io.BytesIO(exported))
    assert (package.record["name"], package.record["version"], package.suffix) == ("double", 2, ".pkl")
    assert package.artefact_bytes == len(pickle.dumps(Doubler(2.0), protocol=5))
    assert not store.folder.exists()


def test_an_import_survives_a_rebuild_of_the_registry_without_becoming_trusted(store, exported):
    take_in(store, exported)
    assert store.rebuild() == ["double"]
    with pytest.raises(ModelNotTrusted):
        store.load("double")


# What is no export, or one no longer


def parts_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return {name: package.read(name) for name in package.namelist()}


def zipped(parts: dict[str, bytes] | list[tuple[Any, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as package:
        for name, part in parts.items() if isinstance(parts, dict) else parts:
            package.writestr(name, part)
    return file.getvalue()


def described(parts: dict[str, bytes]) -> dict[str, bytes]:
    """Give parts a manifest that is true of them."""
    files = {
        name: {"bytes": len(part), "sha256": hashlib.sha256(part).hexdigest()}
        for name, part in parts.items()
        if name != "manifest.json"
    }
    manifest = json.dumps({"format": "farol model", "format_version": 1, "files": files})
    return {"manifest.json": manifest.encode()} | {name: parts[name] for name in files}


def with_manifest(change: Callable[[dict], object]) -> Callable[[bytes], bytes]:
    def changed(content: bytes) -> bytes:
        parts = parts_of(content)
        manifest = json.loads(parts["manifest.json"])
        change(manifest)
        return zipped(parts | {"manifest.json": json.dumps(manifest).encode()})

    return changed


def with_sidecar(**changes: object) -> Callable[[bytes], bytes]:
    def changed(content: bytes) -> bytes:
        parts = parts_of(content)
        sidecar = json.loads(parts["model.json"]) | changes
        return zipped(described(parts | {"model.json": json.dumps(sidecar).encode()}))

    return changed


def with_parts(**more: bytes) -> Callable[[bytes], bytes]:
    return lambda content: zipped(described(parts_of(content) | more))


def with_member(name: Any, part: bytes = b"x") -> Callable[[bytes], bytes]:
    """Add a part without saying so in the manifest."""
    return lambda content: zipped([*parts_of(content).items(), (name, part)])


def without(name: str) -> Callable[[bytes], bytes]:
    return lambda content: zipped({each: part for each, part in parts_of(content).items() if each != name})


def renamed(name: str) -> Callable[[bytes], bytes]:
    """Let the artefact have another name, in the manifest too."""

    def changed(content: bytes) -> bytes:
        parts = parts_of(content)
        return zipped(described(parts | {name: parts.pop("artefact.pkl")}))

    return changed


def link(name: str, mode: int) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name)
    member.create_system, member.external_attr = 3, mode << 16
    return member


def as_link(content: bytes) -> bytes:
    parts = parts_of(content)
    del parts["artefact.pkl"]
    target = b"/etc/passwd"
    files = described(parts | {"artefact.pkl": target})
    return zipped([*((n, p) for n, p in files.items() if n != "artefact.pkl"),
                   (link("artefact.pkl", stat.S_IFLNK | 0o777), target)])  # fmt: skip


def encrypted(content: bytes) -> bytes:
    at = content.rindex(b"PK\x01\x02")
    return content[: at + 8] + b"\x01\x00" + content[at + 10 :]


def nul_in_name(content: bytes) -> bytes:
    return zipped([*parts_of(content).items()]).replace(b"artefact.pkl", b"artefact\x00pkl")


def twice(content: bytes) -> bytes:
    return with_member("artefact.pkx")(content).replace(b"artefact.pkx", b"artefact.pkl")


def other_bytes(content: bytes) -> bytes:
    parts = parts_of(content)
    artefact = parts["artefact.pkl"]
    return zipped(parts | {"artefact.pkl": artefact[:-1] + bytes([artefact[-1] ^ 1])})


def other_model(content: bytes) -> bytes:
    """The manifest is true of the parts, but not the sidecar."""
    return zipped(described(parts_of(content) | {"artefact.pkl": pickle.dumps("other")}))


def lying_size(content: bytes) -> bytes:
    """The directory says that the artefact has a few bytes."""
    file = bytearray(zipped(parts_of(content) | {"artefact.pkl": bytes(1_000_000)}))
    at = file.rindex(b"PK\x01\x02")
    struct.pack_into("<I", file, at + 24, 100)
    return bytes(file)


def lying_directory(content: bytes) -> bytes:
    """The ending says that there is a directory of 3 GB."""
    file = bytearray(content)
    struct.pack_into("<I", file, len(file) - 10, 3 * 2**30)
    return bytes(file)


def sixty_four(content: bytes) -> bytes:
    """A locator in front of the ending that would have another directory be read."""
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, 0, 1)
    return content[:-22] + locator + content[-22:]


def many_parts(content: bytes) -> bytes:
    return zipped(described(parts_of(content) | {f"artefact/{number}": b"" for number in range(1_500)}))


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


HOSTILE: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda _: b"", "no zip file"),
    "text": (lambda _: b"not a zip, but long enough to have been one; at least by its size", "no zip file"),
    "a pickle": (lambda _: pickle.dumps("x" * 100), "no zip file"),
    "cut off": (lambda content: content[: len(content) // 2], "no zip file"),
    "its last byte is missing": (lambda content: content[:-1], "no zip file"),
    "something in front": (lambda content: b"#!/bin/sh\n" + content, "no zip file"),
    "something behind": (lambda content: content + b"x", "no zip file"),
    "another zip": (lambda _: zipped({"manifest.txt": b"a" * 100}), "of the name 'manifest.txt'"),
    "an empty zip": (lambda _: zipped({}), "no zip file"),
    "the middle is damaged": (lambda c: c[: len(c) // 3] + bytes(40) + c[len(c) // 3 + 40 :], "damaged"),
    "no manifest": (without("manifest.json"), "no manifest"),
    "no sidecar": (without("model.json"), "no manifest or no description"),
    "no artefact": (without("artefact.pkl"), "differ in 'artefact.pkl'"),
    "nothing of a model": (lambda c: zipped(described({"model.json": parts_of(c)["model.json"]})), "no model"),
    "two artefacts": (with_parts(**{"artefact.joblib": b"x"}), "more than one"),
    "a part that the manifest does not name": (with_member("artefact/extra"), "differ in 'artefact/extra'"),
    "a path that leads out": (renamed("artefact/../../../evil.pkl"), "of the name"),
    "a path from the root": (renamed("/tmp/evil.pkl"), "of the name"),
    "a path of Windows": (renamed("artefact\\..\\..\\evil.pkl"), "of the name"),
    "a drive": (renamed("artefact/C:evil"), "of the name"),
    "a dot for a name": (renamed("artefact/."), "of the name"),
    "a very long name": (renamed("artefact/" + "a" * 300), "of the name"),
    "the registry itself": (renamed("registry.json"), "of the name"),
    "a folder entry": (with_member("artefact/"), "of the name"),
    "NUL in a name": (nul_in_name, "of the name"),
    "the same part twice": (twice, "twice"),
    "the same part in another case": (with_parts(**{"artefact/a": b"", "artefact/A": b""}), "twice"),
    "a file that is a folder too": (with_parts(**{"artefact/a": b"", "artefact/a/b": b""}), "no folder"),
    "a symbolic link": (as_link, "no plain file"),
    "a device": (with_member(link("artefact/null", stat.S_IFCHR | 0o666)), "no plain file"),
    "encrypted": (encrypted, "encrypted"),
    "another compression": (lambda c: zipped(parts_of(c), zipfile.ZIP_LZMA), "compressed in another way"),
    "other bytes": (other_bytes, "has been changed or damaged: its part 'artefact.pkl'"),
    "another model": (other_model, "has been changed or damaged"),
    "a size that lies": (lying_size, "changed or damaged|damaged"),
    "a directory that lies": (lying_directory, "too many parts"),
    "a second directory": (sixty_four, "too many parts"),
    "thousands of parts": (many_parts, "too many parts"),
    "another hash in the manifest": (
        with_manifest(lambda m: m["files"]["artefact.pkl"].update(sha256="0" * 64)),
        "changed or damaged",
    ),
    "another size in the manifest": (
        with_manifest(lambda m: m["files"]["artefact.pkl"].update(bytes=1)),
        "changed or damaged",
    ),
    "a hash that is none": (with_manifest(lambda m: m["files"]["artefact.pkl"].update(sha256="x")), "sizes or hashes"),
    "a manifest without files": (with_manifest(lambda m: m.pop("files")), "sizes or hashes"),
    "a manifest of something else": (with_manifest(lambda m: m.update(format="zip")), "something else"),
    "a format of tomorrow": (with_manifest(lambda m: m.update(format_version=2)), "Update Farol"),
    "a manifest that is no JSON": (lambda c: zipped(parts_of(c) | {"manifest.json": b"{"}), "no JSON"),
    "a manifest that is a list": (lambda c: zipped(parts_of(c) | {"manifest.json": b"[]"}), "no JSON"),
    "a manifest nested deeply": (lambda c: zipped(parts_of(c) | {"manifest.json": nested(100_000)}), "no JSON"),
    "a manifest of NaN": (lambda c: zipped(parts_of(c) | {"manifest.json": b'{"format": NaN}'}), "no JSON"),
    "a sidecar that is no JSON": (with_parts(**{"model.json": b"\xff\xfe"}), "no JSON"),
    "a sidecar without a hash": (with_sidecar(sha256=""), "cannot be read"),
    "a name that is no name": (with_sidecar(name="../../evil"), "cannot be read"),
    "a name of another type": (with_sidecar(name=7), "cannot be read"),
    "a version below one": (with_sidecar(version=0), "cannot be read"),
    "a version that is true": (with_sidecar(version=True), "cannot be read"),
    "metadata that is a list": (with_sidecar(metadata=[1]), "cannot be read"),
    "metadata for the whole registry": (with_sidecar(metadata={"description": "x" * 100_000}), "cannot be read"),
    "half a character": (with_sidecar(metadata={"description": "\ud800"}), "cannot be read"),
    "a time to come": (with_sidecar(saved_at="9999-01-01T00:00:00+00:00"), "cannot be read"),
    "a time that is none": (with_sidecar(saved_at="yesterday"), "cannot be read"),
    "the first day of all": (with_sidecar(saved_at="0001-01-01T00:00:00+23:00"), "cannot be read"),
    "libraries of numbers": (with_sidecar(libraries={"numpy": 1}), "cannot be read"),
    "a field of its own": (with_sidecar(path="../../evil.pkl"), "cannot be read"),
    "a signature of its own": (with_sidecar(signature_mac="0" * 64), "cannot be read"),
    "details nested deeply": (with_sidecar(details={"a": json.loads(nested(500))}), "cannot be read"),
}


@pytest.mark.parametrize("label", HOSTILE)
def test_what_is_no_export_is_refused_with_the_reason_and_leaves_the_store_as_it_was(store, exported, tmp_path, label):
    make, reason = HOSTILE[label]
    content = make(exported)
    store.save(Doubler(5.0), "mine")
    before = {name: (store.folder / name).read_bytes() for name in files_in(store.folder)}
    around = {path for path in tmp_path.rglob("*") if not path.is_relative_to(store.folder)}

    for act in (lambda: take_in(store, content), lambda: read_package(io.BytesIO(content))):
        with pytest.raises(InvalidModelFile, match=reason):
            act()

    assert {name: (store.folder / name).read_bytes() for name in files_in(store.folder)} == before
    assert {path for path in tmp_path.rglob("*") if not path.is_relative_to(store.folder)} == around


def test_an_infinite_number_in_what_is_said_is_refused(store, exported):
    sidecar = parts_of(exported)["model.json"].replace(b"0.75", b"1e400")
    with pytest.raises(InvalidModelFile, match="cannot be read"):
        take_in(store, zipped(described(parts_of(exported) | {"model.json": sidecar})))


@pytest.fixture
def small_limits(monkeypatch, settings):
    monkeypatch.setenv("FAROL_UPLOAD_MAX_MB", "1")
    monkeypatch.setenv("FAROL_UPLOAD_MAX_EXPANDED_MB", "2")
    get_settings.cache_clear()


def test_a_bomb_is_refused_before_it_is_opened(store, exported, small_limits):
    bomb = zipped(described(parts_of(exported) | {"artefact.pkl": bytes(20_000_000)}))
    assert len(bomb) < 100_000
    with pytest.raises(InvalidModelFile, match="expands to more than 2,097,152 bytes"):
        take_in(store, bomb)


def test_a_file_over_the_limit_is_refused_before_it_is_read(store, small_limits):
    with pytest.raises(InvalidModelFile, match="at most 1,048,576"):
        take_in(store, b"PK\x03\x04" + bytes(2_000_000))


@pytest.mark.parametrize("seed", range(40))
def test_any_bytes_that_are_changed_are_noticed_or_do_not_matter(store, exported, seed):

    numbers = random.Random(seed)
    content = bytearray(exported)
    for _ in range(numbers.randint(1, 4)):
        content[numbers.randrange(len(content))] = numbers.randrange(256)
    try:
        take_in(store, bytes(content))
    except InvalidModelFile:
        assert not store.entries()
        return
    store.trust("double")
    assert store.load("double") == Doubler(2.0)
