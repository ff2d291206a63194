"""What a table holds, and what is suggested to be learnt from what."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from src.errors import InvalidTable
from src.tables.profile import class_balance, profile_table, suggest_features, suggest_target, suggest_task
from src.tables.reader import read_table

ROWS = 300


@pytest.fixture
def frame() -> pd.DataFrame:
    random = np.random.default_rng(7)
    return pd.DataFrame(
        {
            "number": np.arange(11, 11 + ROWS),
            "time": pd.date_range("2024-01-01", periods=ROWS, freq="h", tz="UTC"),
            "order_id": random.permutation(ROWS * 3)[:ROWS],
            "lux": random.normal(400, 50, ROWS),
            "machine": random.choice(["press", "saw"], ROWS),
            "running": random.random(ROWS) < 0.5,
            "remark": [f"remark {row}" for row in range(ROWS)],
            "site": "north",
            "nothing": np.nan,
            "state": random.choice(["normal", "warning", "failure"], ROWS, p=[0.7, 0.2, 0.1]),
        }
    )


def test_each_column_gets_its_kind(frame: pd.DataFrame) -> None:
    assert {column.name: column.kind for column in profile_table(frame).columns} == {
        "number": "row_number",
        "time": "time",
        "order_id": "number",
        "lux": "number",
        "machine": "category",
        "running": "boolean",
        "remark": "text",
        "site": "category",
        "nothing": "number",
        "state": "category",
    }


def test_figures_of_a_column_leave_missing_values_out() -> None:
    frame = pd.DataFrame({"x": [1.0, np.nan, 4.0, 4.0], "c": ["u", "v", np.nan, "v"]})
    profile = profile_table(frame)
    x, c = profile.columns
    assert profile.rows == 4
    assert (x.missing, x.unique, x.minimum, x.maximum, x.mean) == (1, 2, 1.0, 4.0, 3.0)
    assert (c.missing, c.unique, c.top, c.mean) == (1, 2, (("v", 2), ("u", 1)), None)


def test_times_have_their_first_and_last(frame: pd.DataFrame) -> None:
    time = profile_table(frame).column("time")
    assert time.minimum == pd.Timestamp("2024-01-01", tz="UTC")
    assert time.maximum == frame["time"].iloc[-1]


@pytest.mark.parametrize(
    "values",
    [
        np.arange(ROWS) * 2,
        np.r_[np.arange(ROWS - 1), 0],
        np.arange(ROWS).astype(float),
        np.arange(4),
    ],
    ids=["in steps of two", "starting again", "floats", "four rows"],
)
def test_numbers_that_do_not_count_the_rows_are_numbers(values: np.ndarray) -> None:
    assert profile_table(pd.DataFrame({"x": values})).columns[0].kind == "number"


def test_words_for_true_and_false_with_gaps_are_boolean() -> None:
    assert profile_table(pd.DataFrame({"x": ["True", "False", np.nan]})).columns[0].kind == "boolean"


@pytest.mark.parametrize(("different", "kind"), [(57, "category"), (101, "text")])
def test_a_category_has_a_bounded_number_of_values(different: int, kind: str) -> None:
    frame = pd.DataFrame({"sku": [f"sku {row % different}" for row in range(5_000)]})
    assert profile_table(frame).columns[0].kind == kind


def test_an_empty_frame_has_a_profile() -> None:
    frame = pd.DataFrame({"x": pd.Series(dtype=float), "c": pd.Series(dtype=object)})
    assert [column.unique for column in profile_table(frame).columns] == [0, 0]


def test_an_unknown_column_is_named_with_those_there_are(frame: pd.DataFrame) -> None:
    with pytest.raises(InvalidTable, match=r"no column 'Lux'\. Choose one of number, time"):
        profile_table(frame).column("Lux")
    with pytest.raises(InvalidTable, match="no column 'Lux'"):
        class_balance(frame, "Lux")
    with pytest.raises(InvalidTable, match="no column 'Lux'"):
        suggest_features(profile_table(frame), "Lux")


def test_the_classes_are_counted_largest_first() -> None:
    frame = pd.DataFrame({"state": ["warning", "normal", "normal", np.nan]})
    assert list(class_balance(frame, "state").items()) == [("normal", 2), ("warning", 1)]


def test_the_target_is_the_column_with_a_telling_name_else_the_last_that_can_be_one(frame: pd.DataFrame) -> None:
    assert suggest_target(profile_table(frame)) == "state"
    assert suggest_target(profile_table(frame.drop(columns="state"))) == "running"
    assert suggest_target(profile_table(frame[["number", "time", "order_id", "site", "nothing", "remark"]])) is None
    assert suggest_target(profile_table(pd.DataFrame({"Label": [0, 1], "x": [0.5, 1.5]}))) == "Label"


@pytest.mark.parametrize(
    ("values", "task", "reason"),
    [
        (["a", "b"] * 20, "classification", "2 classes"),
        ([True, False] * 20, "classification", "2 classes"),
        ([0, 1] * 20, "classification", "only 2 whole numbers"),
        ([0.0, 1.0, np.nan] * 20, "classification", "only 2 whole numbers"),
        ([1, 2, 3, 4, 5] * 20, "classification", "only 5 whole numbers"),
        ([0.5, 1.5] * 20, "regression", "decimals"),
        (list(range(40)), "regression", "40 different numbers"),
        ([1, 2, 3, 4, 5, 6, 7], "regression", "7 different numbers"),
    ],
)
def test_the_task_follows_from_the_target_and_says_why(values: list, task: str, reason: str) -> None:
    suggestion = suggest_task(pd.Series(values, name="y"))
    assert suggestion.task == task
    assert str(suggestion.reason).startswith("'y' holds")
    assert reason in str(suggestion.reason)


def test_features_leave_out_what_cannot_predict_and_say_why(frame: pd.DataFrame) -> None:
    suggestion = suggest_features(profile_table(frame), "state")
    assert suggestion.features == ["lux", "machine", "running"]
    said = {name: str(note).partition(": ")[2] for name, note in suggestion.left_out.items()}
    assert said == {
        "number": "it numbers the rows.",
        "time": "a time does not come again, so nothing can be learnt from it.",
        "order_id": "an identifier, different in every row.",
        "remark": "free text or an identifier, 300 different values.",
        "site": "it is the same in every row.",
        "nothing": "it has no values.",
    }
    assert [note.values["name"] for note in suggestion.notes] == list(said)


def test_one_value_and_gaps_is_not_the_same_in_every_row() -> None:
    gaps = pd.DataFrame({"code": ["E17", None] * 25, "count": [1.0, None] * 25, "y": [0, 1] * 25})
    suggestion = suggest_features(profile_table(gaps), "y")
    assert suggestion.features == ["code"]
    assert str(suggestion.left_out["count"]).endswith("the same in every row that has a value.")


def test_row_numbers_in_another_order_are_an_identifier() -> None:
    frame = pd.DataFrame(
        {"row": np.random.default_rng(1).permutation(50), "x": np.linspace(0, 1, 50), "y": [0, 1] * 25}
    )
    assert suggest_features(profile_table(frame), "y").features == ["x"]


def test_the_occupancy_file_suggests_occupancy_from_its_five_quantities(real_data: Path) -> None:
    path = real_data / "occupancy" / "datatraining.txt"
    frame = read_table(path, path.name).frame
    profile = profile_table(frame)
    assert suggest_target(profile) == "Occupancy"
    assert suggest_task(frame["Occupancy"]).task == "classification"
    features = suggest_features(profile, "Occupancy")
    assert features.features == ["Temperature", "Humidity", "Light", "CO2", "HumidityRatio"]
    assert list(features.left_out) == ["row_number", "date"]
    assert class_balance(frame, "Occupancy") == {"0": 6_414, "1": 1_729}
