"""`python -m src predict` as a person types it: a real process, a real file."""

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
from src.ml.signature import Signature, describe_features
from src.utils.model_store import default_store


@pytest.fixture
def folder(settings: Settings, tmp_path: Path) -> Path:
    """A folder with a model of two versions, and a file of rows."""
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(2)
    table = pd.DataFrame({"heat": rng.normal(50, 5, 60), "shake": rng.normal(2, 0.4, 60)})
    state = np.where(table["heat"] > 52, "failure", "normal")
    signature = Signature(describe_features(table), "state", "classification", ("failure", "normal"))
    for overwrite in (False, True):
        model = LogisticRegression().fit(table, state)
        details = {"signature": signature.to_dict()}
        default_store().save(model, "press", {"model_type": "LR"}, details=details, overwrite=overwrite)
    table.assign(id=[f"{place:03}" for place in range(60)]).to_csv(tmp_path / "rows.csv", index=False)
    return tmp_path


def _predict(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {f"FAROL_{name}_DIR": str(folder / name.lower()) for name in ("MODELS", "DATA", "LOG")}
    command = [sys.executable, "-m", "src", "predict", "--model", "press", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=PROJECT_ROOT, env=environment, check=False)


def _refusal(*arguments: str) -> str:
    """Type a command that is refused; `main` makes the error one line and exit code 1."""
    result = CliRunner().invoke(app, ["predict", "--model", "press", *arguments])
    assert isinstance(result.exception, FarolError), result.output
    return str(result.exception)


def test_a_file_comes_out_with_the_answers_and_is_replaced_only_by_force(folder):
    arguments = ("--data", str(folder / "rows.csv"), "--out", str(folder / "out.csv"), "--version", "1")
    run = _predict(folder, *arguments)
    assert run.returncode == 0, run.stderr
    assert "60 rows predicted by press, version 1" in run.stderr
    assert "Kept, though the model does not take them: id" in run.stderr
    result = pd.read_csv(folder / "out.csv", dtype={"id": str})
    assert list(result.columns) == ["heat", "shake", "id", "prediction", "probability_failure", "probability_normal"]
    assert result["id"].iloc[7] == "007"
    assert "there already" in _refusal(*arguments)
    assert CliRunner().invoke(app, ["predict", "--model", "press", *arguments, "--force"]).exit_code == 0


@pytest.mark.parametrize(
    ("data", "out", "message"),
    [
        ("heat,shake\n1,warm\n", "out.csv", "Row 2, column 'shake': 'warm'"),
        ("heat\n1\n", "out.csv", "lacks columns that the model needs (1): 'shake'"),
        ("heat,shake\n1,2\n", "out.xlsx", "none of the endings"),
        ("heat,shake\n1,2\n", "nowhere/out.csv", "folder is not there"),
    ],
)
def test_what_cannot_be_done_is_a_named_error_and_leaves_no_file(folder, data, out, message):
    (folder / "bad.csv").write_text(data)
    assert message in _refusal("--data", str(folder / "bad.csv"), "--out", str(folder / out))
    assert not (folder / out).exists()


def test_a_refusal_is_one_line_and_no_traceback(folder):
    run = _predict(folder, "--data", str(folder / "gone.csv"), "--out", str(folder / "out.csv"))
    assert run.returncode == 1
    assert run.stderr.strip().startswith("Error: 'gone.csv' cannot be opened")
    assert "Traceback" not in run.stderr
