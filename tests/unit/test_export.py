"""Tables that leave Farol: nothing in them runs in a spreadsheet, and numbers stay numbers."""

from __future__ import annotations

import io

import pandas as pd
import pytest

from src.tables.export import as_csv, as_parquet

RUNNING = [
    "=1+1",
    "+1",
    "-1+2",
    "@SUM(A1)",
    "\tx",
    "\rx",
    " =1+1",
    "  \t=cmd|' /C calc'!A0",
    "\n=1",
    "-",
    "\uff1d1+1",
    "\u00a0=1",
    "\v=1",
]


@pytest.mark.parametrize("text", RUNNING, ids=repr)
def test_a_text_that_would_run_as_a_formula_gets_an_apostrophe(text):
    frame = pd.DataFrame({"note": [text], "value": [-1.5]})
    back = pd.read_csv(io.BytesIO(as_csv(frame)), keep_default_na=False)
    assert back["note"][0].startswith("'")
    assert back["value"][0] == -1.5


def test_harmless_text_numbers_and_missing_values_are_written_as_they_are():
    frame = pd.DataFrame({"a": ["x", None, "a=b", "3-4"], "b": [-1, 0, 1, 2], "c": [1.5, float("nan"), -2.0, 1e-9]})
    assert as_csv(frame) == b"a,b,c\r\nx,-1,1.5\r\n,0,\r\na=b,1,-2.0\r\n3-4,2,1e-09\r\n"


def test_categories_and_names_of_columns_are_made_harmless_too():
    frame = pd.DataFrame({"=HYPERLINK()": pd.Categorical(["=a", "b"])})
    assert as_csv(frame) == b"'=HYPERLINK()\r\n'=a\r\nb\r\n"


def test_two_columns_that_are_made_alike_keep_their_own_cells():
    frame = pd.DataFrame([["=a", 1]], columns=["=x", "'=x"])
    assert as_csv(frame) == b"'=x,'=x\r\n'=a,1\r\n"


def test_the_frame_that_is_written_is_not_changed():
    frame = pd.DataFrame({"a": ["=1"]})
    as_csv(frame)
    assert frame["a"][0] == "=1"


def test_parquet_keeps_types_and_leaves_the_index_out():
    frame = pd.DataFrame({"at": pd.date_range("2026-01-01", periods=2, tz="UTC"), "value": [1.5, None]}, index=[7, 8])
    back = pd.read_parquet(io.BytesIO(as_parquet(frame)))
    pd.testing.assert_frame_equal(back, frame.reset_index(drop=True), check_dtype=False)


def test_a_table_without_columns_is_written():
    assert as_csv(pd.DataFrame()).strip() == b""
