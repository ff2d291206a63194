"""`python -m src setup` and `python -m src data demo`, as processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from src import __version__
from src.cli import app
from src.config import PROJECT_ROOT, Settings
from src.errors import FarolError
from src.sensors.sensor_manager import SensorDescription, create_sensor_manager


def farol(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "src", *arguments],
        cwd=PROJECT_ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_set_up_says_in_a_line_each_what_it_did_and_nothing_the_second_time(settings: Settings):
    first = farol("setup")
    assert first.returncode == 0, first.stderr
    lines = first.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["Folders", "Database", "Demo"]
    assert settings.models_dir.is_dir()
    assert len(create_sensor_manager().get_all_sensors()) == 18

    second = farol("setup")
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")


def test_set_up_loads_no_demo_plant_where_there_are_sensors(engine):
    create_sensor_manager(engine).add(SensorDescription(display_name="own", equipment="Saw", sensor_type="lux"))
    done = farol("setup")
    assert (done.returncode, "Demo plant" in done.stdout) == (0, False)
    assert len(create_sensor_manager(engine).get_all_sensors()) == 1


def test_a_demo_plant_as_asked_for_into_a_database_that_was_not_there(settings: Settings):
    done = farol("data", "demo", "--days", "2", "--equipment", "2", "--seed", "7")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Demo plant loaded: 2 machines, 6 sensors, 1,7")
    runner = CliRunner()
    assert isinstance(runner.invoke(app, ["data", "demo", "--days", "1"]).exception, FarolError)
    assert runner.invoke(app, ["data", "demo", "--days", "1", "--equipment", "1", "--clear"]).exit_code == 0
    assert len(create_sensor_manager().get_all_sensors()) == 3


def test_a_wrong_number_ends_in_one_line_and_exit_code_1(settings: Settings):
    done = farol("data", "demo", "--equipment", "10000")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines()[-1].startswith("Error: A demo plant cannot be made with equipment = 10000")
    assert "Traceback" not in done.stderr


def test_a_folder_that_cannot_be_made_ends_in_one_line(settings: Settings, tmp_path: Path):
    (tmp_path / "file").write_text("")
    done = farol("setup", FAROL_MODELS_DIR=str(tmp_path / "file" / "models"))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "cannot be made" in done.stderr


def test_a_log_file_that_cannot_be_opened_ends_in_one_line(settings: Settings, tmp_path: Path):
    (tmp_path / "log" / "farol.log").mkdir(parents=True)
    done = farol("setup")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "The log file cannot be opened" in done.stderr


@pytest.mark.parametrize("command", [("prices", "train"), ("api", "key", "create"), ("data", "import")])
def test_help_and_version_need_no_database(settings, command):
    away = {"FAROL_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "NO_COLOR": "1"}
    said = farol(*command, "--help", **away)
    assert (said.returncode, "Example:" in said.stdout) == (0, True), said.stderr
    assert farol("--version", **away).stdout.strip() == __version__
