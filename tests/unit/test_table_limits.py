"""Tables that are too large are refused, at best before they take any room."""

from __future__ import annotations

import gzip
import io
import tracemalloc

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from src.config import Settings
from src.errors import InvalidTable
from src.tables.reader import TableLimits, read_table

SMALL = TableLimits(file_bytes=20_000, expanded_bytes=40_000, rows=50, columns=6, cells=200, cell_characters=100)


def parquet(table: pa.Table | pd.DataFrame, **options: object) -> bytes:
    """The bytes of a Parquet file."""
    buffer = io.BytesIO()
    pq.write_table(table if isinstance(table, pa.Table) else pa.Table.from_pandas(table), buffer, **options)
    return buffer.getvalue()


TOO_LARGE = {
    "bytes": ("t.csv", b"a\n" + b"1\n" * 20_000, "at most 20,000"),
    "gzip expanded": ("t.csv.gz", gzip.compress(b"a\n" + b"1\n" * 30_000), "expands to more than 40,000"),
    "rows": ("t.csv", b"a\n" + b"1\n" * 51, "more than 50 rows"),
    "columns": ("t.csv", b"a,b,c,d,e,f,g\n1,2,3,4,5,6,7\n", "7 columns"),
    "cells": ("t.csv", b"a,b,c,d,e\n" + b"1,2,3,4,5\n" * 41, "more than 200 cells"),
    "Parquet rows": ("t.parquet", parquet(pd.DataFrame({"a": range(51)})), "more than 50 rows"),
    "Parquet columns": ("t.parquet", parquet(pd.DataFrame({c: [1] for c in "abcdefg"})), "7 columns"),
}


@pytest.mark.parametrize("label", TOO_LARGE)
def test_a_file_over_a_limit_is_refused_with_the_limit(label: str) -> None:
    name, content, reason = TOO_LARGE[label]
    with pytest.raises(InvalidTable, match=reason):
        read_table(content, name, SMALL)


def test_a_file_at_the_limits_is_read() -> None:
    text = "a,b,c,d\n" + "1,2,3,4\n" * 49 + "1,2,3," + "x" * 100 + "\n"
    assert read_table(text.encode(), "t.csv", SMALL).frame.shape == (50, 4)


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_a_cell_that_is_too_long_is_named(name: str) -> None:
    cells = ["x", "y" * 101]
    content = parquet(pd.DataFrame({"a": cells})) if name == "t.parquet" else ("a\n" + "\n".join(cells)).encode()
    with pytest.raises(InvalidTable, match="101 characters") as refusal:
        read_table(content, name, SMALL)
    assert refusal.value.values["column"] == "a"
    assert refusal.value.values["row"] == (2 if name == "t.parquet" else 3)


def test_a_gzip_bomb_is_stopped_while_it_expands() -> None:
    bomb = gzip.compress(bytes(50_000_000))
    limits = TableLimits(expanded_bytes=1_000_000)
    tracemalloc.start()
    with pytest.raises(InvalidTable, match="expands to more than 1,000,000"):
        read_table(bomb, "t.csv.gz", limits)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8_000_000


def test_a_parquet_file_is_stopped_by_the_sizes_that_it_declares_before_a_page_is_read() -> None:
    content = bytearray(parquet(pd.DataFrame({"a": np.arange(1_000.0)})))
    content[4:2_000] = bytes(1_996)
    with pytest.raises(InvalidTable, match="damaged Parquet"):
        read_table(bytes(content), "t.parquet")
    with pytest.raises(InvalidTable, match="expands to more than 4,000"):
        read_table(bytes(content), "t.parquet", TableLimits(expanded_bytes=4_000))


def test_a_parquet_file_that_repeats_one_long_cell_is_stopped_before_it_expands() -> None:
    repeated = pa.DictionaryArray.from_arrays(pa.array(np.zeros(50_000, dtype=np.int32)), pa.array(["x" * 9_000]))
    content = parquet(pa.table({"a": repeated}), store_schema=False)
    assert len(content) < 100_000
    with pytest.raises(InvalidTable, match="expands to more than"):
        read_table(content, "t.parquet", TableLimits(expanded_bytes=10_000_000))
    assert pa.default_memory_pool().max_memory() < 100_000_000


def test_limits_come_from_the_settings(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert TableLimits.from_settings(settings) == TableLimits()
    monkeypatch.setenv("FAROL_UPLOAD_MAX_ROWS", "7")
    monkeypatch.setenv("FAROL_UPLOAD_MAX_MB", "1")
    limits = TableLimits.from_settings(Settings())
    assert (limits.rows, limits.file_bytes) == (7, 1024**2)
