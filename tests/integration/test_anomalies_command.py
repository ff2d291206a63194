"""`python -m src anomalies score` as a person types it: a real process, a real file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from src.cli import app
from src.config import PROJECT_ROOT, Settings
from src.errors import FarolError

COUNT = 600


@pytest.fixture
def folder(settings: Settings, tmp_path: Path) -> Path:
    """A folder with a file of one sensor: half-hourly, a jump at 500, a flat line from 300 to 320."""
    times = pd.date_range("2026-03-01", periods=COUNT, freq="30min", tz="UTC")
    values = 50 + 4 * np.sin(np.arange(COUNT) / 9) + np.random.default_rng(0).normal(0, 0.5, COUNT)
    values[300:320] = values[300]
    values[500:504] += 40
    pd.DataFrame({"timestamp": times, "value": values}).to_csv(tmp_path / "pump.csv", index=False)
    return tmp_path


def _score(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {f"FAROL_{name}_DIR": str(folder / name.lower()) for name in ("MODELS", "DATA", "LOG")}
    command = [sys.executable, "-m", "src", "anomalies", "score", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=PROJECT_ROOT, env=environment, check=False)


def _scored(folder: Path, name: str, *arguments: str) -> pd.DataFrame:
    """The file that the command writes within this process."""
    result = CliRunner().invoke(
        app, ["anomalies", "score", str(folder / name), "--out", str(folder / "out.csv"), "--force", *arguments]
    )
    assert result.exit_code == 0, result.exception
    return pd.read_csv(folder / "out.csv", parse_dates=["timestamp"], keep_default_na=False, na_values={"value": ""})


def _refusal(folder: Path, *arguments: str) -> str:
    """Type a command that is refused; `main` makes the error one line and exit code 1."""
    result = CliRunner().invoke(app, ["anomalies", "score", *arguments])
    assert isinstance(result.exception, FarolError), result.output
    return str(result.exception)


def test_a_file_comes_out_with_scores_alarms_and_reasons(folder):
    run = _score(folder, str(folder / "pump.csv"), "--out", str(folder / "out.csv"))
    assert run.returncode == 0, run.stderr
    assert "600 rows scored" in run.stderr
    assert "after 90 readings to learn from" in run.stderr
    scored, given = pd.read_csv(folder / "out.csv"), pd.read_csv(folder / "pump.csv")
    assert list(scored.columns) == ["timestamp", "value", "score", "is_anomaly", "reason"]
    assert np.array_equal(scored["value"], given["value"])
    assert scored["timestamp"].iloc[0] == "2026-03-01T00:00:00Z"
    assert scored["is_anomaly"].dtype == bool
    assert scored["score"].between(0, 1).all()
    assert np.array_equal(scored["score"] >= 0.6, scored["is_anomaly"])
    assert scored["is_anomaly"].iloc[500]
    assert scored["reason"].iloc[500].startswith("Outside everything before")
    assert not scored["is_anomaly"].iloc[501:504].any()
    assert (scored["reason"].iloc[:90] == "Still learning what is usual.").all()


def test_rows_out_of_order_come_out_in_order_and_the_future_changes_nothing(folder):
    whole = _scored(folder, "pump.csv", "--train-rows", "100")
    rows = pd.read_csv(folder / "pump.csv")
    rows.iloc[:450].sample(frac=1, random_state=0).to_csv(folder / "part.csv", index=False)
    part = _scored(folder, "part.csv", "--train-rows", "100")
    pd.testing.assert_frame_equal(part, whole.iloc[:450])


@pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".parquet"])
def test_each_format_is_read_and_written(folder, ending):
    table = pd.read_csv(folder / "pump.csv", parse_dates=["timestamp"])
    given, out = folder / f"in{ending}", folder / f"out{ending}"
    table.to_parquet(given) if ending == ".parquet" else table.to_csv(given, index=False)
    assert CliRunner().invoke(app, ["anomalies", "score", str(given), "--out", str(out)]).exit_code == 0
    scored = pd.read_parquet(out) if ending == ".parquet" else pd.read_csv(out, parse_dates=["timestamp"])
    assert len(scored) == COUNT
    assert (scored["timestamp"] == table["timestamp"]).all()
    assert scored["is_anomaly"].iloc[500]


def test_rows_without_a_value_and_times_that_come_twice_keep_their_places(folder):
    rows = pd.read_csv(folder / "pump.csv")
    rows.loc[200, "value"] = np.nan
    pd.concat([rows, rows.iloc[[10]]]).to_csv(folder / "odd.csv", index=False)
    scored = _scored(folder, "odd.csv")
    assert len(scored) == COUNT + 1
    assert scored["timestamp"].iloc[10] == scored["timestamp"].iloc[11]
    assert np.isnan(scored["value"].iloc[201])
    assert scored["reason"].iloc[201] == "The reading has no value that can be used."
    assert not scored["is_anomaly"].iloc[201]


def test_sensor_faults_are_told_apart_when_asked_for(folder):
    assert not _scored(folder, "pump.csv")["reason"].str.startswith("Flat line").any()
    scored = _scored(folder, "pump.csv", "--sensor-faults")
    flat = scored[scored["reason"].str.startswith("Flat line")]
    assert flat.index.tolist() == list(range(307, 320))
    assert not flat["is_anomaly"].any()
    assert not flat["score"].any()


def test_the_wanted_number_of_alarms_sets_the_threshold(folder):
    few, many = (_scored(folder, "pump.csv", "--alarms-per-week", rate) for rate in ("0.2", "30"))
    assert few["is_anomaly"].sum() < many["is_anomaly"].sum()


@pytest.mark.parametrize(
    ("content", "arguments", "message"),
    [
        ("timestamp,value\n2026-01-01,warm\n", (), "'warm'"),
        ("timestamp,value\n2026-01-01,1\n", (), "has 1 times with values; at least 30"),
        ("timestamp,value\n", (), "'bad.csv'"),
        ("a,b,c\n1,2,3\n", (), "'timestamp'"),
        (None, ("--train-rows", "5"), "5 training rows are too few"),
        (None, ("--alarms-per-week", "0"), "Give a number above 0"),
        (None, ("--alarms-per-week", "nan"), "Give a number above 0"),
    ],
)
def test_what_cannot_be_done_is_a_named_error_and_leaves_no_file(folder, content, arguments, message):
    (folder / "bad.csv").write_text(content if content is not None else (folder / "pump.csv").read_text())
    assert message in _refusal(folder, str(folder / "bad.csv"), "--out", str(folder / "out.csv"), *arguments)
    assert not (folder / "out.csv").exists()


@pytest.mark.parametrize(
    ("out", "message"),
    [("out.xlsx", "endings"), ("nowhere/out.csv", "folder is not there"), ("pump.csv", "there already")],
)
def test_a_place_that_cannot_be_written_is_refused_before_the_work(folder, out, message):
    assert message in _refusal(folder, str(folder / "pump.csv"), "--out", str(folder / out))


def test_a_refusal_is_one_line_and_no_traceback(folder):
    run = _score(folder, str(folder / "gone.csv"), "--out", str(folder / "out.csv"))
    assert run.returncode == 1
    assert run.stderr.strip().startswith("Error: ")
    assert "gone.csv" in run.stderr
    assert "Traceback" not in run.stderr
