"""`python -m src train` as a person types it: real files, and real processes where the process matters."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from src.cli import app
from src.config import PROJECT_ROOT, Settings
from src.errors import FarolError
from src.ml import workers


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


class _NoWorkers(Executor):
    """An executor for what is refused before anything is computed."""

    def submit(self, fn: Callable, /, *args: object, **kwargs: object) -> Future:
        raise AssertionError(f"{fn} was to be computed")


def _refusal(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> str:
    """Type a command that is refused; `main` makes the error one line and exit code 1."""

    @contextmanager
    def no_workers() -> Iterator[Executor]:
        yield _NoWorkers()

    monkeypatch.setattr(workers, "open_workers", no_workers)
    result = CliRunner().invoke(app, ["train", *arguments])
    assert isinstance(result.exception, FarolError), result.output
    assert result.stdout == ""
    return str(result.exception)


def test_a_leaderboard_comes_out_and_the_best_is_saved(file, settings: Settings, tmp_path, monkeypatch):
    out = tmp_path / "board.csv"
    arguments = ("--data", str(file), "--target", "state", "--metric", "F1", "--include", "dt,dummy", "--fold", "3")
    run = _train(tmp_path, *arguments, "--save-best", "press", "--out", str(out))
    assert run.returncode == 0, run.stderr
    assert "ranked by F1" in run.stdout
    board = pd.read_csv(out, index_col="id")
    assert list(board.index) == ["dt", "dummy"]
    assert board.loc["dt", "F1"] > 0.9
    assert (settings.models_dir / "press.pkl").exists()
    assert "press" in _refusal(monkeypatch, *arguments, "--save-best", "press")
    assert "replace it with --force" in _refusal(monkeypatch, *arguments, "--out", str(out))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--target", "nothing"], "There is no column 'nothing'"),
        (["--target", "state", "--metric", "Beauty"], "'Beauty' is no metric"),
        (["--target", "state", "--split", "time"], "no time column"),
        (["--target", "state", "--include", "magic"], "'magic'"),
        (["--target", "state", "--fold", "0"], "fold is 0"),
        (["--target", "state", "--ensemble", "magic"], "ensemble is 'magic'"),
        (["--target", "state", "--budget", "nan"], "budget is nan"),
        (["--target", "state", "--save-best", "../away"], "../away"),
        (["--target", "state", "--include", "dt", "--out", "nowhere/board.csv"], "nowhere/board.csv"),
        (["--target", "state", "--include", "dt", "--out", "src"], "'src' cannot be written"),
    ],
)
def test_what_cannot_be_compared_is_a_named_error(file, settings: Settings, monkeypatch, arguments, message):
    assert message in _refusal(monkeypatch, "--data", str(file), *arguments)


def test_what_is_refused_while_workers_start_ends_with_one_line_and_exit_code_1(file, tmp_path):
    run = _train(tmp_path, "--data", str(file), "--target", "nothing")
    assert run.returncode == 1
    assert "There is no column 'nothing'" in run.stderr
    assert "Traceback" not in run.stderr
    assert run.stdout == ""


def test_the_leaderboard_fits_a_terminal_of_80_columns_and_the_best_alone_is_no_tie(file, tmp_path):
    run = _train(tmp_path, "--data", str(file), "--target", "state", "--include", "lightgbm,dummy", "--fold", "2")
    assert run.returncode == 0, run.stderr
    assert "…" not in run.stdout
    assert "Fit s" in run.stdout
    assert max(map(len, run.stdout.splitlines())) <= 80
    assert "≈" not in run.stdout


def test_the_best_together_are_ranked_and_what_they_are_made_of_is_said(file, tmp_path):
    arguments = ("--data", str(file), "--target", "state", "--include", "nb,lr", "--fold", "2", "--ensemble", "stack")
    (tmp_path / "board.csv").write_text("an older one")
    run = _train(tmp_path, *arguments, "--ensemble-size", "2", "--out", str(tmp_path / "board.csv"), "--force")
    assert run.returncode == 0, run.stderr
    made_of = re.search(r"^stack: (.+)$", run.stdout, re.MULTILINE)
    assert made_of
    assert set(made_of[1].strip().split(", ")) == {"Naive Bayes", "Logistic Regression"}
    assert set(pd.read_csv(tmp_path / "board.csv", index_col="id").index) == {"nb", "lr", "stack"}


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "is empty"), (b"a,b\n1,2,3\n", "Row 2 has 3 cells"), (b"\x89PNG\r\n\x1a\n\x00\x00", "holds PNG")],
)
def test_a_file_that_is_no_table_is_a_named_error(settings: Settings, tmp_path, monkeypatch, content, message):
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    assert message in _refusal(monkeypatch, "--data", str(path), "--target", "a")


def test_a_budget_in_which_nothing_is_done_is_no_success(file, tmp_path):
    big = tmp_path / "big.csv"
    pd.concat([pd.read_csv(file)] * 20).to_csv(big, index=False)
    run = _train(tmp_path, "--data", str(big), "--target", "state", "--include", "gpc", "--budget", "1")
    assert run.returncode == 1
    assert "No candidate was done within 1" in run.stderr
