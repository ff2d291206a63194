"""Numbers as people type them, in both languages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.config import Settings, get_settings
from src.dashboard.locale.typed import exchange_marks, read_number, write_number
from src.errors import InvalidPredictionInput


@pytest.fixture(params=["en", "pt_BR"])
def language(settings: Settings, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    monkeypatch.setenv("FAROL_LANGUAGE", request.param)
    get_settings.cache_clear()
    return request.param


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.5", 1.5),
        ("1,5", 1.5),
        (" -0,25 ", -0.25),
        ("\N{MINUS SIGN}3", -3.0),
        ("0.456", 0.456),
        ("0,456", 0.456),
        ("12.3456", 12.3456),
        ("12,3456", 12.3456),
        ("1.234,5", 1234.5),
        ("1,234.5", 1234.5),
        ("1.234.567", 1234567.0),
        ("1,234,567", 1234567.0),
        ("1 234,5", 1234.5),
        ("1\N{NO-BREAK SPACE}234", 1234.0),
        (".5", 0.5),
        ("5,", 5.0),
        ("1e3", 1000.0),
        ("1,5E-3", 0.0015),
        ("+7", 7.0),
    ],
)
def test_a_point_and_a_comma_are_both_understood(text: str, value: float, language: str) -> None:
    assert read_number("lux", text) == value


@pytest.mark.parametrize(
    "text",
    [
        "abc",
        "1,2,3",
        "1.2.3",
        "--5",
        "0x10",
        "NaN",
        "inf",
        "1_000",
        "٣",
        "1e",
        "12,34.5",
        "1,,5",
        "-",
        ".",
        "1.5 mm",
        "20 30",
        "1 5",
        "1 23",
    ],
)
def test_what_is_no_number_is_refused_with_the_name_of_the_field(text: str, language: str) -> None:
    with pytest.raises(InvalidPredictionInput, match=r"'lux' is .* no number"):
        read_number("lux", text)


def test_what_is_larger_than_any_number_is_named_as_it_was_typed(language: str) -> None:
    with pytest.raises(InvalidPredictionInput, match="'lux' is '1e400', which is larger"):
        read_number("lux", "1e400")


@pytest.mark.parametrize("text", ["", "  "])
def test_an_empty_field_is_no_value(text: str, language: str) -> None:
    with pytest.raises(InvalidPredictionInput, match="'lux' has no value"):
        read_number("lux", text)


def test_what_can_be_read_as_two_numbers_is_refused_with_both(language: str) -> None:
    mark, other = (",", ".") if language == "pt_BR" else (".", ",")
    assert read_number("lux", f"1{mark}234") == 1.234
    with pytest.raises(InvalidPredictionInput, match=f"1234 or as 1{mark}234"):
        read_number("lux", f"1{other}234")


@given(st.floats(-1e308, 1e308))
def test_what_is_written_into_a_field_is_read_as_it_was(value: float) -> None:
    assert read_number("lux", write_number(value)) == pytest.approx(value, rel=1e-4)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (1.23456, "1.2346"),
        (0.5, "0.5"),
        (0.0, "0"),
        (-0.00038002, "-0.00038002"),
        (20_231_099.5, "20231100"),
        (1_700_000_050.0, "1700000050"),
        (1e-7, "1e-07"),
        (-4.125e20, "-4.125e+20"),
    ],
)
def test_a_field_is_filled_in_the_language_of_the_reader(value: float, written: str, language: str) -> None:
    assert write_number(value) == (written.replace(".", ",") if language == "pt_BR" else written)


def test_with_its_marks_exchanged_a_number_means_the_same_in_the_other_language() -> None:
    assert exchange_marks("1.234,5") == "1,234.5"
    assert exchange_marks("38.725") == "38,725"
