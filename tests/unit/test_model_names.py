"""Names of saved models: what is refused, and that what is accepted is safe as a file name everywhere."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.errors import InvalidModelName
from src.storage.model_names import NAME_PATTERN, checked_name, collision_key, file_stem, parse_stem

DEVICES = ["CON", "PRN", "AUX", "NUL", *(f"{port}{digit}" for port in ("COM", "LPT") for digit in range(10))]

accepted_names = st.from_regex(NAME_PATTERN, fullmatch=True)


@pytest.mark.parametrize(
    "name",
    [
        "a",
        "rf_v1_20241029",
        "Random Forest 2026-01-31 14.05",
        "previsão da máquina 3",
        "_hidden-",
        "x" * 100,
        "é" * 100,
        "registry2",
        "console",
        "con-1",
        "COM10",
        "model.v2",
    ],
)
def test_usual_names_are_accepted_as_they_are(name):
    assert checked_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "x" * 101,
        "a/b",
        "a\\b",
        "/etc/passwd",
        "..",
        "../a",
        "a..b",
        ".hidden",
        "ends.",
        " starts",
        "ends ",
        "a\nb",
        "a\x00b",
        "a\x7fb",
        "a%2fb",
        "%2e%2e",
        "a:b",
        "C:a",
        "a@2",
        "a*",
        "a?b",
        'a"b',
        "a|b",
        "<a>",
        "a\u202eb",
        "a\u200bb",
        "ａ",
        "模型",
        "registry",
        "Registry",
        "REGISTRY",
        "model.pkl",
        "model.JOBLIB",
        "registry.json",
        None,
        7,
        Path("a"),
    ],
)
def test_dangerous_names_are_refused_with_the_pattern(name):
    with pytest.raises(InvalidModelName, match="1 to 100 characters: letters"):
        checked_name(name)


@pytest.mark.parametrize("device", DEVICES)
def test_device_names_are_refused_in_any_case_and_with_any_extension(device):
    for name in (device, device.lower(), f"{device}.txt", f"{device.title()}.a.b", f"{device} .x"):
        with pytest.raises(InvalidModelName):
            checked_name(name)


@given(accepted_names)
def test_an_accepted_name_makes_one_file_inside_the_folder(name):
    stem = file_stem(checked_name(name), 999_999_999)

    assert Path("models", f"{stem}.joblib").parent == Path("models")
    assert len(os.fsencode(f".{stem}.joblib.12345678.tmp")) <= 255
    assert not set(stem) & set('/\\:*?"<>|%\x00')
    assert stem.isprintable()


@given(accepted_names, st.integers(1, 999_999_999))
def test_file_name_and_name_with_version_say_the_same(name, version):
    assert parse_stem(file_stem(name, version)) == (name, version)


@given(accepted_names)
def test_decomposed_letters_are_the_same_name(name):
    assert checked_name(unicodedata.normalize("NFD", name)) == name


@given(st.text(max_size=120))
def test_any_text_is_either_accepted_in_composed_form_or_refused_by_name(text):
    try:
        name = checked_name(text)
    except InvalidModelName:
        return
    assert name == unicodedata.normalize("NFC", text)
    assert 1 <= len(name) <= 100
    assert name == name.strip()
    assert checked_name(name) == name


@given(accepted_names)
def test_names_that_differ_only_in_case_collide(name):
    assert len({collision_key(name), collision_key(name.upper()), collision_key(name.lower())}) == 1


@pytest.mark.parametrize(("stem", "parsed"), [("a@0", ("a@0", 1)), ("a@x", ("a@x", 1)), ("a@1@2", ("a@1", 2))])
def test_a_file_name_of_another_kind_is_a_name_of_its_own(stem, parsed):
    assert parse_stem(stem) == parsed
