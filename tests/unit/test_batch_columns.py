"""The columns of a file as a model takes them: the same numbers and words as in training, whatever holds them."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from src.errors import InvalidPredictionInput, InvalidTable
from src.ml.batch_columns import check_names, model_columns
from src.ml.signature import Feature, Signature, as_model_input, describe_features
from src.tables.streaming import Chunk, open_table

MOMENTS = pd.Series(pd.date_range("2026-01-01 00:00:07", periods=5, freq="h", tz="UTC"), name="seen")


def read(signature: Signature, cells: list[Any]) -> pd.Series:
    """One column as the model takes it."""
    column = pa.array(cells)
    name = signature.names[0]
    return model_columns(signature, [name], Chunk([column], np.arange(1, len(column) + 1), []))[name]


def as_parquet(table: pd.DataFrame) -> bytes:
    content = io.BytesIO()
    table.to_parquet(content, index=False)
    return content.getvalue()


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_a_time_is_the_same_number_as_in_training_whatever_its_unit(unit):
    signature = Signature(describe_features(MOMENTS.to_frame()), "state", "classification")
    stream = open_table(as_parquet(MOMENTS.dt.as_unit(unit).to_frame()), "in.parquet")
    rows = model_columns(signature, stream.columns, next(iter(stream.chunks())))
    pd.testing.assert_frame_equal(rows, as_model_input(MOMENTS.to_frame(), signature), check_exact=True)


@pytest.mark.parametrize("end", [date(9999, 12, 31), datetime(9999, 12, 31, tzinfo=UTC)])
def test_a_year_for_which_pandas_has_no_room_is_a_time_like_any_other(end):
    days = read(Signature((Feature("until", "time"),), "state", "classification"), [end, None])
    assert days[0] == (end.toordinal() - date(1970, 1, 1).toordinal())
    assert np.isnan(days[1])


@pytest.mark.parametrize("words", [("True", "False"), ("true", "false")])
def test_truths_with_holes_are_the_category_that_they_were_in_training(words):
    found = read(Signature((Feature("on", "category", categories=words),), "s", "classification"), [True, None, False])
    assert found.tolist()[::2] == list(words)
    assert pd.isna(found[1])


def test_two_parquet_columns_that_differ_by_a_blank_are_refused():
    with pytest.raises(InvalidTable, match="two columns called 'heat'"):
        open_table(as_parquet(pd.DataFrame({"heat": [1.0], " heat": [2.0]})), "in.parquet")


def test_a_missing_column_is_explained_by_the_one_that_is_most_like_it():
    features = tuple(Feature(name, "number") for name in ("equipment", "temperature", "vibration"))
    with pytest.raises(InvalidPredictionInput, match="such as 'Temp' → 'temperature', or"):
        check_names(Signature(features, "s", "classification"), ["note", "Temp", "vibration"])
