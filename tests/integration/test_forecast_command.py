"""`python -m src forecast`: from a file to a table, a verdict and a file."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from src.cli import app
from src.config import PROJECT_ROOT, Settings
from src.errors import FarolError, FileNotWritten, InvalidForecast, InvalidReadings, InvalidSeries, InvalidTable
from src.ml.forecast_file import COLUMNS, forecast_file, write_forecast
from src.ml.forecaster import create_forecaster

START = datetime(2026, 3, 1, tzinfo=UTC)
TIMES = [START + timedelta(hours=hour) for hour in range(400)]
VALUES = 50 + 10 * np.sin(np.arange(400) * 2 * np.pi / 24) + np.random.default_rng(0).normal(0, 1, 400)


@pytest.fixture
def readings(tmp_path: Path) -> Path:
    path = tmp_path / "readings.csv"
    pd.DataFrame({"timestamp": TIMES, "value": VALUES}).to_csv(path, index=False)
    return path


def run(*arguments: object) -> str:
    """What a command prints; an error it ends with is raised."""
    outcome = CliRunner().invoke(app, ["forecast", *map(str, arguments)])
    if outcome.exception is not None and isinstance(outcome.exception, FarolError):
        raise outcome.exception
    assert outcome.exit_code == 0, outcome.output
    return outcome.output


def test_the_forecast_is_printed_with_the_verdict_and_written(
    settings: Settings, readings: Path, tmp_path: Path
) -> None:
    out = tmp_path / "forecast.csv"
    said = run(readings, "--horizon", 48, "--out", out)
    assert "Forecast of auto" in said
    assert "auto beats the seasonal naive" in said
    assert "intervals of 80 and 95% held" in said
    assert "2026-03-17 16:00" in said
    assert "2026-03-19 15:00" in said
    table = pd.read_csv(out)
    assert tuple(table.columns) == COLUMNS
    assert len(table) == 48
    assert table["timestamp"][0] == "2026-03-17T16:00:00Z"
    assert set(table["model"]) == {"auto"}


def test_the_file_says_what_python_says(settings: Settings, readings: Path, tmp_path: Path) -> None:
    out = tmp_path / "forecast.parquet"
    run(readings, "--horizon", 30, "--out", out)
    table = pd.read_parquet(out)
    forecast = create_forecaster("auto", horizon=30).fit(TIMES, VALUES).forecast(30)
    np.testing.assert_allclose(table["forecast"], forecast["forecasted_values"], rtol=1e-9)
    for name in ("lower_80", "upper_80", "lower_95", "upper_95"):
        np.testing.assert_allclose(table[name], forecast[name], rtol=1e-9)
    assert [time.to_pydatetime() for time in table["timestamp"]] == forecast["timestamps"]


def test_another_model_can_be_chosen(settings: Settings, readings: Path) -> None:
    said = run(readings, "--horizon", 3, "--model", "seasonal_naive")
    assert "Forecast of seasonal_naive" in said
    assert "This is the seasonal naive itself" in said


def test_how_the_file_was_understood_is_said(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "naive.csv"
    rows = [f"{time:%Y-%m-%d %H:%M},{value}" for time, value in zip(TIMES, VALUES, strict=True)]
    path.write_text("\n".join(["time,celsius", *reversed(rows)]))
    said = run(path, "--horizon", 3)
    assert "they name no zone and are taken as UTC" in said
    assert "they are sorted" in said


def test_a_file_is_replaced_only_when_told(settings: Settings, readings: Path, tmp_path: Path) -> None:
    out = tmp_path / "there.csv"
    out.write_text("mine")
    with pytest.raises(FileNotWritten, match="is there already"):
        run(readings, "--horizon", 3, "--out", out)
    assert out.read_text() == "mine"
    run(readings, "--horizon", 3, "--out", out, "--force")
    assert len(pd.read_csv(out)) == 3


@pytest.mark.parametrize(
    ("content", "options", "error", "reason"),
    [
        (b"", ("--horizon", 3), InvalidTable, "is empty"),
        (b"timestamp,value\n2026-03-01,1\n2026-03-02,x\n", ("--horizon", 3), InvalidReadings, "Row 3"),
        (b"timestamp,value\n2026-03-01,1\n", ("--horizon", 3), InvalidSeries, "There are 1 values"),
        (None, ("--horizon", 0), InvalidForecast, "0 steps cannot be forecast"),
        (None, ("--horizon", 100_000), InvalidForecast, "100000 steps cannot be forecast"),
        (None, ("--horizon", 3, "--model", "oracle"), InvalidForecast, "no forecaster 'oracle'"),
        (None, ("--horizon", 3, "--out", "forecast.xls"), FileNotWritten, "none of the endings"),
    ],
)
def test_what_cannot_be_done_is_a_named_error_and_writes_nothing(
    settings: Settings, readings: Path, content: bytes | None, options: tuple, error: type, reason: str
) -> None:
    if content is not None:
        readings.write_bytes(content)
    before = sorted(readings.parent.iterdir())
    with pytest.raises(error, match=reason):
        run(readings, *options)
    assert sorted(readings.parent.iterdir()) == before


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidTable):
        forecast_file(tmp_path / "none.csv", 3)
    forecast = create_forecaster("seasonal_naive").fit(TIMES, VALUES).forecast(3)
    with pytest.raises(FileNotWritten):
        write_forecast(forecast, tmp_path / "none" / "forecast.csv")


def test_the_command_ends_with_one_line_and_exit_code_1(tmp_path: Path) -> None:
    folders = {f"FAROL_{name}_DIR": str(tmp_path / name.lower()) for name in ("MODELS", "DATA", "LOG")}
    done = subprocess.run(
        [sys.executable, "-m", "src", "forecast", str(tmp_path / "none.csv"), "--horizon", "3"],
        cwd=PROJECT_ROOT,
        env=os.environ | folders | {"FAROL_DATABASE_URL": f"sqlite:///{tmp_path / 'farol.db'}"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "Error:" in done.stderr
    assert "Traceback" not in done.stderr
