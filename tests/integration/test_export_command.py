"""`python -m src data export`."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet
import pytest
from typer.testing import CliRunner

from src.cli import app
from src.errors import FileNotWritten, InvalidPeriod, SensorNotFound
from src.sensors.demo_plant import load_demo_plant
from src.sensors.readings import read_readings
from tests.integration.test_setup_command import farol


@pytest.fixture(autouse=True)
def plant(sqlite_database) -> None:
    load_demo_plant(days=1, equipment=1)


def test_readings_are_written_to_a_file_and_counted(tmp_path: Path):
    done = farol("data", "export", "--out", str(tmp_path / "all.parquet"))
    assert (done.returncode, done.stderr) == (0, "")
    count = len(read_readings())
    assert done.stdout.startswith(f"{count} readings of 3 sensors written to ")
    assert pyarrow.parquet.read_table(tmp_path / "all.parquet").num_rows == count


def test_one_sensor_up_to_a_time(tmp_path: Path):
    file = tmp_path / "one.csv"
    chosen = ["--sensor", "Press 1 light", "--to", "2100-01-01"]
    assert CliRunner().invoke(app, ["data", "export", "--out", str(file), *chosen]).exit_code == 0
    lines = file.read_text().splitlines()
    assert lines[0] == '"sensor","timestamp","value","quality"'
    assert {line.split(",")[0] for line in lines[1:]} == {'"Press 1 light"'}


@pytest.mark.parametrize(
    ("out", "chosen", "error"),
    [
        ("x.xlsx", [], FileNotWritten),
        ("none/x.csv", [], FileNotWritten),
        ("x.csv", ["--sensor", "Nobody"], SensorNotFound),
        ("x.csv", ["--from", "yesterday"], InvalidPeriod),
        ("x.csv", ["--from", "2026-03-02", "--to", "2026-03-01"], InvalidPeriod),
    ],
)
def test_what_cannot_be_is_named_and_no_file_is_left(tmp_path: Path, out, chosen, error):
    result = CliRunner().invoke(app, ["data", "export", "--out", str(tmp_path / out), *chosen])
    assert isinstance(result.exception, error)
    assert [path for path in tmp_path.iterdir() if path.suffix in (".csv", ".xlsx", ".tmp")] == []


def test_a_file_that_is_there_is_replaced_only_on_demand(tmp_path: Path):
    file = tmp_path / "all.csv"
    file.write_text("mine")
    refused = CliRunner().invoke(app, ["data", "export", "--out", str(file)])
    assert isinstance(refused.exception, FileNotWritten)
    assert "is there already. Choose another name, or replace it with --force." in str(refused.exception)
    assert file.read_text() == "mine"
    assert CliRunner().invoke(app, ["data", "export", "--out", str(file), "--force"]).exit_code == 0
    assert file.read_text().startswith('"sensor"')
