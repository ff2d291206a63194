"""`python -m src train` as a person types it: a real process, a real file."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from src.config import PROJECT_ROOT


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    rng = np.random.default_rng(2)
    table = pd.DataFrame({"heat": rng.normal(50, 5, 200), "shake": rng.normal(2, 0.4, 200)})
    table["state"] = np.where(table["heat"] > 52, "failure", "normal")
    path = tmp_path_factory.mktemp("train") / "readings.csv"
    table.to_csv(path, index=False)
    return path


def _train(folder, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {f"FAROL_{name}_DIR": str(folder / name.lower()) for name in ("MODELS", "DATA", "LOG")}
    command = [sys.executable, "-m", "src", "train", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=PROJECT_ROOT, env=environment, check=False)


def test_a_leaderboard_comes_out_and_the_best_is_saved(file, tmp_path):
    out = tmp_path / "board.csv"
    arguments = ("--data", str(file), "--target", "state", "--metric", "F1", "--include", "dt,dummy", "--fold", "3")
    run = _train(tmp_path, *arguments, "--save-best", "press", "--out", str(out))
    assert run.returncode == 0, run.stderr
    assert "ranked by F1" in run.stdout
    board = pd.read_csv(out, index_col="id")
    assert list(board.index) == ["dt", "dummy"]
    assert board.loc["dt", "F1"] > 0.9
    assert (tmp_path / "models" / "press.pkl").exists()
    again = _train(tmp_path, *arguments, "--save-best", "press")
    assert again.returncode == 1
    assert "press" in again.stderr
    assert "Traceback" not in again.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--target", "nothing"], "There is no column 'nothing'"),
        (["--target", "state", "--metric", "Beauty"], "'Beauty' is no metric"),
        (["--target", "state", "--split", "time"], "no time column"),
        (["--target", "state", "--include", "magic"], "'magic'"),
        (["--target", "state", "--fold", "0"], "fold is 0"),
        (["--target", "state", "--budget", "nan"], "budget is nan"),
        (["--target", "state", "--save-best", "../away"], "../away"),
        (["--target", "state", "--include", "dt", "--out", "nowhere/board.csv"], "nowhere/board.csv"),
        (["--target", "state", "--include", "dt", "--out", "src"], "'src' cannot be written"),
    ],
)
def test_what_cannot_be_compared_ends_with_one_line_and_exit_code_1(file, tmp_path, arguments, message):
    run = _train(tmp_path, "--data", str(file), *arguments)
    assert run.returncode == 1
    assert message in run.stderr
    assert "Traceback" not in run.stderr
    assert run.stdout == ""


def test_the_leaderboard_fits_a_terminal_of_80_columns_and_the_best_alone_is_no_tie(file, tmp_path):
    run = _train(tmp_path, "--data", str(file), "--target", "state", "--include", "lightgbm,dummy", "--fold", "2")
    assert run.returncode == 0, run.stderr
    assert "…" not in run.stdout
    assert "Fit s" in run.stdout
    assert max(map(len, run.stdout.splitlines())) <= 80
    assert "≈" not in run.stdout


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2,3\n", b"\x89PNG\r\n\x1a\n\x00\x00"])
def test_a_file_that_is_no_table_ends_with_one_line_and_exit_code_1(tmp_path, content):
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    run = _train(tmp_path, "--data", str(path), "--target", "a")
    assert run.returncode == 1
    assert run.stderr.startswith("Error:")
    assert "Traceback" not in run.stderr


def test_a_budget_in_which_nothing_is_done_is_no_success(file, tmp_path):
    big = tmp_path / "big.csv"
    pd.concat([pd.read_csv(file)] * 20).to_csv(big, index=False)
    run = _train(tmp_path, "--data", str(big), "--target", "state", "--include", "gpc", "--budget", "1")
    assert run.returncode == 1
    assert "No candidate was done within 1" in run.stderr
