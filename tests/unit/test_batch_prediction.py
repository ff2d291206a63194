"""Many rows at once: the columns kept, the answers added, and bad files refused by row and column."""

from __future__ import annotations

import gzip
import io

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier
from sklearn.pipeline import Pipeline

from src.errors import FarolError, FileNotWritten, InvalidPredictionInput, InvalidTable
from src.ml import batch_prediction
from src.ml.batch_prediction import predict_file, preview_file
from src.ml.prediction import predict_rows
from src.ml.preparation import make_preparation
from src.ml.saved_models import LoadedModel
from src.ml.signature import Signature, as_model_input, describe_features
from src.ml.table_writing import check_place

ROWS = 90


def training_table() -> pd.DataFrame:
    rng = np.random.default_rng(8)
    return pd.DataFrame(
        {
            "heat": rng.normal(20, 3, ROWS),
            "running": rng.random(ROWS) > 0.5,
            "shift": rng.choice(["day", "night"], ROWS),
            "seen": pd.date_range("2026-01-01", periods=ROWS, freq="h", tz="UTC"),
        }
    )


def saved(estimator: object | None = None, *, task: str = "classification") -> LoadedModel:
    table = training_table()
    target = table["heat"].to_numpy() if task == "regression" else np.where(table["heat"] > 20, "hot", "ok")
    features = as_model_input(table, list(table.columns))
    chosen = estimator or (Ridge() if task == "regression" else LogisticRegression(max_iter=5000))
    model = Pipeline([("prepare", make_preparation(features)), ("estimator", chosen)]).fit(features, target)
    classes = ("hot", "ok") if task == "classification" else ()
    return LoadedModel("m", 3, "", {}, {}, model, Signature(describe_features(table), "state", task, classes))


@pytest.fixture(scope="module")
def model() -> LoadedModel:
    return saved()


def as_csv(table: pd.DataFrame) -> bytes:
    return table.to_csv(index=False).encode()


def as_parquet(table: pd.DataFrame) -> bytes:
    content = io.BytesIO()
    table.to_parquet(content, index=False)
    return content.getvalue()


@pytest.mark.parametrize("given", ["csv", "csv.gz", "parquet"])
@pytest.mark.parametrize("wanted", ["csv", "csv.gz", "parquet"])
def test_answers_are_those_of_the_model_in_any_format_and_order_of_columns(model, tmp_path, given, wanted):
    table = training_table().assign(note="x", number=np.arange(ROWS)).sample(frac=1, axis=1, random_state=2)
    content = as_parquet(table) if given == "parquet" else as_csv(table)
    out = tmp_path / f"out.{wanted}"
    source = gzip.compress(content) if given == "csv.gz" else content
    report = predict_file(model, source, f"in.{given}", out)
    result = pd.read_parquet(out) if wanted == "parquet" else pd.read_csv(out, float_precision="round_trip")
    expected, shares = predict_rows(model.model, model.signature, training_table())
    assert list(result.columns) == [*table.columns, "prediction", "probability_hot", "probability_ok"]
    assert result["prediction"].tolist() == list(expected)
    assert result["probability_hot"].to_numpy() == pytest.approx(shares["hot"].to_numpy(), abs=1e-6)
    assert result["heat"].to_numpy(float) == pytest.approx(table["heat"].to_numpy(), abs=0)
    assert result["number"].astype(int).tolist() == list(range(ROWS))
    assert report.rows == ROWS
    assert set(report.extra) == {"note", "number"}
    assert sum(report.outcomes.values()) == ROWS
    assert not list(tmp_path.glob(".*"))


def test_cells_of_a_csv_file_stay_as_they_are_written(model, tmp_path):
    content = 'id,heat,running,shift,seen\n007,"+21.50",TRUE,"a ""b"", c",2026-01-01T00:00:00Z\n'
    predict_file(model, content.encode(), "in.csv", tmp_path / "out.csv")
    first = (tmp_path / "out.csv").read_text().splitlines()[1]
    assert first.startswith('007,+21.50,TRUE,"a ""b"", c",2026-01-01T00:00:00Z,hot,')


def test_a_text_that_a_spreadsheet_would_run_is_disarmed_in_csv_and_kept_in_parquet(model, tmp_path):
    table = training_table().head(2).assign(note=["=1+1", "-5"])
    table["@cmd"] = 1
    predict_file(model, as_csv(table), "in.csv", tmp_path / "out.csv")
    result = pd.read_csv(tmp_path / "out.csv", dtype=str)
    assert result["note"].tolist() == ["'=1+1", "-5"]
    assert "'@cmd" in result
    predict_file(model, as_csv(table), "in.csv", tmp_path / "out.parquet")
    assert pd.read_parquet(tmp_path / "out.parquet")["note"].tolist() == ["=1+1", "-5"]


@pytest.mark.parametrize("text", ["=1", " @x", "\uff1d1+1", "\u00a0=1", "\u3000+x"], ids=repr)
def test_a_text_is_disarmed_in_parts_as_it_is_in_whole_tables(model, tmp_path, text):
    table = training_table().head(1).assign(note=[text])
    predict_file(model, table.to_csv(index=False).encode(), "in.csv", tmp_path / "out.csv")
    assert pd.read_csv(tmp_path / "out.csv")["note"].tolist() == [f"'{text}"]


def test_chunks_give_the_same_as_the_whole(model, tmp_path, monkeypatch):
    predict_file(model, as_csv(training_table()), "in.csv", tmp_path / "whole.csv")
    monkeypatch.setattr(batch_prediction, "CHUNK_ROWS", 7)
    steps = []
    predict_file(
        model,
        as_csv(training_table()),
        "in.csv",
        tmp_path / "parts.csv",
        on_progress=lambda _, rows: steps.append(rows),
    )
    parts, whole = (pd.read_csv(tmp_path / name) for name in ("parts.csv", "whole.csv"))
    # All but the probabilities to the letter; those to 12 digits: on some processors a matrix product of seven rows is
    # summed in another order than that of all rows.
    likely = [column for column in whole if column.startswith("probability_")]
    pd.testing.assert_frame_equal(parts.drop(columns=likely), whole.drop(columns=likely), check_exact=True)
    pd.testing.assert_frame_equal(parts[likely], whole[likely], rtol=1e-12, atol=0)
    assert steps[:2] == [7, 14]
    assert steps[-1] == ROWS


def test_missing_values_are_filled_in_as_in_training_and_counted(model, tmp_path):
    table = training_table().head(4).astype({"heat": object})
    table.loc[1, "heat"], table.loc[2, "heat"] = "", "NA"
    report = predict_file(model, as_csv(table), "in.csv", tmp_path / "out.csv")
    assert report.missing == {"heat": 2}
    holes = training_table().head(4)
    holes.loc[[1, 2], "heat"] = np.nan
    expected = predict_rows(model.model, model.signature, holes)[1]
    assert pd.read_csv(tmp_path / "out.csv")["probability_hot"].to_numpy() == pytest.approx(expected["hot"], abs=1e-6)


def test_values_unlike_training_are_counted(model, tmp_path):
    table = training_table().head(5).assign(shift="weekend")
    table.loc[0, "heat"] = 900.0
    report = predict_file(model, as_parquet(table), "in.parquet", tmp_path / "out.csv")
    assert report.outside == {"heat": 1, "shift": 5}
    assert any("unlike" in str(note) for note in report.remarks)


def test_a_model_without_probabilities_adds_one_column(tmp_path):
    report = predict_file(saved(RidgeClassifier()), as_csv(training_table()), "in.csv", tmp_path / "out.csv")
    assert report.added == ("prediction",)


def test_a_regression_adds_numbers(tmp_path):
    report = predict_file(saved(task="regression"), as_csv(training_table()), "in.csv", tmp_path / "out.parquet")
    assert report.added == ("prediction",)
    assert pd.read_parquet(tmp_path / "out.parquet")["prediction"].dtype == float
    assert report.outcomes["lowest"] < report.outcomes["mean"] < report.outcomes["highest"]


HEADER = "heat,running,shift,seen\n"
GOOD = "21.5,true,day,2026-01-01T00:00:00Z\n"
BAD = {
    "text for a number": ("warm,true,day,2026-01-01\n", InvalidTable, "Row 3, column 'heat': 'warm' is no number"),
    "a decimal comma": ('"21,5",true,day,2026-01-01\n', InvalidTable, "Row 3, column 'heat': '21,5' is no number"),
    "an infinite number": ("inf,true,day,2026-01-01\n", InvalidTable, "Row 3, column 'heat'"),
    "a number without end": ("1e400,true,day,2026-01-01\n", InvalidTable, "Row 3, column 'heat': 1e400 is infinite"),
    "a number beyond float32": ("1e39,true,day,2026-01-01\n", InvalidTable, "larger than a model can take"),
    "no truth": ("21.5,perhaps,day,2026-01-01\n", InvalidTable, "Row 3, column 'running': 'perhaps' is neither"),
    "no time": ("21.5,true,day,yesterday\n", InvalidTable, "Row 3, column 'seen': 'yesterday' is no time"),
    "an impossible time": ("21.5,true,day,2026-02-30\n", InvalidTable, "Row 3, column 'seen': '2026-02-30' is no time"),
    "day or month first": ("21.5,true,day,01/02/2026\n", InvalidTable, "Row 3, column 'seen'"),
    "a short row": ("21.5,true,day\n", InvalidTable, "Row 3 has 3 cells"),
    "a long row": ("21.5,true,day,2026-01-01,9\n", InvalidTable, "Row 3 has 5 cells"),
    "a NUL byte": ("21.5,true,d\0y,2026-01-01\n", InvalidTable, "Row 3"),
    "an open quotation mark": ('21.5,true,"day,2026-01-01\n', InvalidTable, "Row 3"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_row_is_refused_with_row_and_column_and_nothing_is_written(model, tmp_path, case):
    row, kind, message = BAD[case]
    with pytest.raises(kind) as caught:
        predict_file(model, (HEADER + GOOD + row).encode(), "in.csv", tmp_path / "out.csv")
    assert message in str(caught.value)
    assert list(tmp_path.iterdir()) == []


BAD_FILES = {
    "empty": (b"", "in.csv"),
    "header only": (HEADER.encode(), "in.csv"),
    "no header": (GOOD.encode(), "in.csv"),
    "two columns of one name": (("heat," + HEADER + "1," + GOOD).encode(), "in.csv"),
    "wrong encoding": ((HEADER + GOOD).replace("day", "día").encode("latin-1"), "in.csv"),
    "not what its name says": ((HEADER + GOOD).encode(), "in.parquet"),
    "damaged gzip": (gzip.compress((HEADER + GOOD).encode())[:-9], "in.csv.gz"),
    "an unknown ending": ((HEADER + GOOD).encode(), "in.xlsx"),
    "text in a Parquet number column": (as_parquet(training_table().assign(heat="warm")), "in.parquet"),
    "truth in a Parquet time column": (as_parquet(training_table().assign(seen=True)), "in.parquet"),
    "infinite in Parquet": (as_parquet(training_table().assign(heat=np.inf)), "in.parquet"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_file_is_refused_by_name_and_nothing_is_written(model, tmp_path, case):
    content, name = BAD_FILES[case]
    with pytest.raises(FarolError):
        predict_file(model, content, name, tmp_path / "out.csv")
    with pytest.raises(FarolError):
        preview_file(model, content, name)
    assert list(tmp_path.iterdir()) == []


def test_missing_columns_are_all_named_with_what_they_may_be_called(model, tmp_path):
    table = training_table().rename(columns={"heat": "Heat"}).drop(columns="shift")
    with pytest.raises(InvalidPredictionInput) as caught:
        predict_file(model, as_csv(table), "in.csv", tmp_path / "out.csv")
    assert "needs (2): 'heat', 'shift'" in str(caught.value)
    assert "'heat', 'shift'" in str(caught.value)
    assert "'Heat' → 'heat'" in str(caught.value)


@pytest.mark.parametrize("name", ["prediction", "probability_hot"])
def test_a_column_where_the_answers_go_is_refused_by_name(model, tmp_path, name):
    with pytest.raises(InvalidPredictionInput, match=f"column '{name}' already"):
        predict_file(model, as_csv(training_table().assign(**{name: 1})), "in.csv", tmp_path / "out.csv")


def test_a_failure_half_way_leaves_what_was_there(model, tmp_path, monkeypatch):
    monkeypatch.setattr(batch_prediction, "CHUNK_ROWS", 1)
    out = tmp_path / "out.csv"
    out.write_text("old")
    with pytest.raises(InvalidTable):
        predict_file(model, (HEADER + GOOD + GOOD + "x" + GOOD).encode(), "in.csv", out)
    assert out.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


def test_a_preview_is_the_beginning_of_the_output(model, tmp_path):
    shown = preview_file(model, as_parquet(training_table()), "in.parquet")
    predict_file(model, as_parquet(training_table()), "in.parquet", tmp_path / "out.parquet")
    pd.testing.assert_frame_equal(shown, pd.read_parquet(tmp_path / "out.parquet").head(20), check_dtype=False)


def test_places_that_cannot_be_written_are_refused_before_the_work(tmp_path):
    (tmp_path / "there.csv").write_text("x")
    for path, force, message in [
        (tmp_path / "out.xlsx", True, "endings"),
        (tmp_path / "no" / "out.csv", True, "folder is not there"),
        (tmp_path / "there.csv", False, "there already"),
    ]:
        with pytest.raises(FileNotWritten, match=message):
            check_place(path, force=force)
    check_place(tmp_path / "there.csv", force=True)
