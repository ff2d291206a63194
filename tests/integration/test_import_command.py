"""`python -m src data import` as a person types it."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from src.cli.data import app
from src.config import PROJECT_ROOT
from src.database.activities import read_activities
from src.database.engine import get_engine
from src.errors import FarolError
from src.sensors.readings import read_readings
from src.sensors.sensor_manager import create_sensor_manager
from tests.integration.import_samples import BAD_FILES, GOOD, LIMITS, STORED, add_press, everything_in, parquet, wide

runner = CliRunner(env={"COLUMNS": "200"})


@pytest.fixture
def press(sqlite_database) -> sa.Engine:
    add_press(get_engine())
    return get_engine()


def run(file: Path, *options: str, code: int = 0) -> str:
    """Run the command; return all that it printed."""
    result = runner.invoke(app, ["import", str(file), *options])
    assert result.exit_code == code, result.output
    return result.output


def written(folder: Path, content: bytes, name: str = "readings.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_it_says_what_it_understood_and_what_it_stored(press, tmp_path):
    file = written(tmp_path, GOOD)
    said = run(file)
    assert "long table: timestamp = 'timestamp', sensor = 'sensor', value = 'value'" in said
    assert "2026-03-01T12:00:00Z" in said
    assert [line.split() for line in said.splitlines() if line.startswith("New")] == [["New", "3"]]
    assert "nothing was changed" in run(file)
    assert len(read_readings()) == 3
    assert [act.subject for act in read_activities("data")] == ["readings.csv"]


def test_a_dry_run_changes_nothing(press, tmp_path):
    before = everything_in(press)
    assert "A dry run: nothing was changed." in run(written(tmp_path, GOOD), "--dry-run")
    assert everything_in(press) == before


def test_columns_can_be_said(press, tmp_path):
    content = GOOD.replace(b"sensor,timestamp,value", b"what,day,how much")
    file = written(tmp_path, content)
    run(file, "--map", "sensor=what", "--map", "timestamp=day", "--map", "value=how much")
    assert len(read_readings()) == 3


def test_columns_of_a_wide_table_can_be_said(press, tmp_path):
    content = wide("2026-03-01,1,2,9", header="time,T,Press vibration,x")
    file = written(tmp_path, gzip.compress(content), "wide.csv.gz")
    said = run(file, "--sensor", "T=Press temperature", "--ignore", "x")
    assert "wide table" in said
    assert read_readings()["value"].tolist() == [1.0, 2.0]


def test_sensors_are_created_and_values_replaced_where_that_is_asked_for(press, tmp_path):
    file = written(tmp_path, b"tag,when,value\nOven,2026-03-01,1\n")
    assert "there is no sensor 'Oven'" in run(file, code=1)
    run(file, "--create-sensors", "--equipment", "Oven 1", "--unit", "°C")
    assert (create_sensor_manager().get_all_sensors()[-1].equipment) == "Oven 1"
    file = written(tmp_path, b"tag,when,value\nOven,2026-03-01,2\n")
    assert "1.0 is stored" in run(file, code=1)
    run(file, "--replace")
    assert read_readings()["value"].tolist() == [2.0]


def test_what_a_file_says_steers_no_terminal(press, tmp_path):
    hostile = {"sensor": ["Press\x1b[2J"], "timestamp": ["2026-03-01T12:00:00Z"], "value": [1.0]}
    said = run(written(tmp_path, parquet(**hostile, **{"\x1b]0;title\x07": ["[red]x\x1b[0m"]}), "a.parquet"), code=1)
    assert "Press\N{REPLACEMENT CHARACTER}[2J" in said
    assert "[red]x\N{REPLACEMENT CHARACTER}[0m" in said
    assert not {"\x1b", "\x07"} & set(said)


@pytest.mark.parametrize("options", [["--map", "sensor"], ["--map", "=x"], ["--sensor", "x="]])
def test_a_mapping_that_is_none_is_refused(press, tmp_path, options):
    assert "LEFT=RIGHT" in run(written(tmp_path, GOOD), *options, code=2)


def test_every_bad_file_is_refused_without_a_traceback(press, tmp_path):
    import_file = written(tmp_path, STORED, "stored.csv")
    run(import_file)
    before = everything_in(press)
    for label, bad in BAD_FILES.items():
        if label in LIMITS and "long" not in label:
            continue  # the limits of the settings are larger
        result = runner.invoke(app, ["import", str(written(tmp_path, bad.content, bad.name))])
        assert result.exit_code == 1, label
        assert isinstance(result.exception, FarolError | SystemExit), label  # a named error is one line in `main`
        assert everything_in(press) == before, label


@pytest.mark.parametrize("label", ["a decimal comma", "a picture", "Parquet that is cut off"])
def test_in_a_process_of_its_own_the_report_is_on_the_standard_error(settings, tmp_path, label):
    bad = BAD_FILES[label]
    file = written(tmp_path, bad.content, bad.name)
    command = [sys.executable, "-m", "src", "data", "import", str(file), "--create-sensors"]
    done = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=False, env=os.environ)
    assert done.returncode == 1
    assert bad.reason in done.stderr.replace("\n", " ")
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
