"""What goes into a file comes out of it, and nothing but a named error comes out of the rest."""

from __future__ import annotations

import contextlib
import gzip

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from src.errors import InvalidTable
from src.tables.reader import read_table

EPOCH = pd.Timestamp(0, tz="UTC")
WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]) | st.sampled_from(',;|\t"\n '),
    min_size=1,
    max_size=12,
).map(lambda text: f"w{text}")
COLUMNS = {
    "whole": st.integers(-(2**63), 2**63 - 1),
    "number": st.floats(allow_nan=False, allow_infinity=False),
    "text": WORDS,
    "flag": st.booleans(),
    "time": st.integers(-8_000_000_000, 8_000_000_000).map(lambda second: EPOCH + pd.Timedelta(seconds=second)),
}


@st.composite
def frames(draw: st.DrawFn) -> pd.DataFrame:
    kinds = draw(st.lists(st.sampled_from(list(COLUMNS)), min_size=1, max_size=5))
    rows = draw(st.integers(1, 12))
    columns = {
        f"{kind} {place}": draw(st.lists(COLUMNS[kind], min_size=rows, max_size=rows))
        for place, kind in enumerate(kinds)
    }
    return pd.DataFrame(
        {
            name: pd.Series(values).dt.as_unit("ns") if name.startswith("time") else values
            for name, values in columns.items()
        }
    )


@given(frame=frames(), delimiter=st.sampled_from(",;\t|"), end=st.sampled_from(["\n", "\r\n"]))
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_what_pandas_writes_is_read_back_value_by_value(frame: pd.DataFrame, delimiter: str, end: str) -> None:
    # A single column shows no delimiter: only commas are known to need quotation marks then.
    separator = delimiter if len(frame.columns) > 1 else ","
    content = frame.to_csv(index=False, sep=separator, lineterminator=end).encode()
    files = {"t.csv": content, "t.csv.gz": gzip.compress(content), "t.parquet": frame.to_parquet(index=False)}
    for name, file in files.items():
        pd.testing.assert_frame_equal(read_table(file, name).frame, frame, check_exact=True)


@given(content=st.binary(max_size=300) | st.text("a1,;\"\n\t '.é", max_size=200).map(str.encode))
@settings(deadline=None, max_examples=300)
def test_whatever_the_bytes_only_a_named_error_comes_out(content: bytes) -> None:
    for name in ("t.csv", "t.csv.gz", "t.parquet"):
        with contextlib.suppress(InvalidTable):
            assert len(read_table(content, name).frame) > 0
