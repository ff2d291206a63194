"""The leaderboard is the one PyCaret would give: the same rows, candidates, folds and mean metrics."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from src.ml.model_comparison import compare_models

REFERENCE = """
import sys
import pandas as pd
task, table, out = sys.argv[1:]
if task == "classification":
    from pycaret.classification import compare_models, pull, setup
else:
    from pycaret.regression import compare_models, pull, setup
setup(pd.read_csv(table), target="target", session_id=11, n_jobs=1, verbose=False)
compare_models(fold=2, verbose=False, turbo=True)
pull().to_csv(out)
"""
RENAMED = {"Prec.": "Precision"}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    rows = 400
    table = pd.DataFrame(
        {"lux": rng.gamma(4, 5, rows), "heat": rng.normal(40, 6, rows), "shake": rng.gamma(2, 1, rows)}
    )
    table["lux"] = table["lux"].where(rng.random(rows) > 0.05)
    return table


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_mean_metrics_are_within_1e_4_of_pycaret(task, table, tmp_path, settings):
    score = table["heat"] + 6 * table["shake"] + np.random.default_rng(4).normal(0, 4, len(table))
    target = pd.cut(score, 3, labels=["normal", "warning", "failure"]).astype(str) if task[0] == "c" else score
    frame = table.assign(target=target)
    theirs = _reference(task, frame, tmp_path)
    ours = compare_models(frame, "target", task=task, fold=2, seed=11).leaderboard
    names = [name for name in theirs.columns if name in ours.columns and name != "Model"]
    assert sorted(ours.index) == sorted(theirs.index)
    for name in names:
        # Of several classes PyCaret writes an AUC of 0.0 for estimators with decision values; ours is known there.
        comparable = (theirs[name] != 0) | (name != "AUC")
        size = theirs[name].abs().clip(lower=1)
        difference = ((ours.loc[theirs.index, name] - theirs[name]).abs() / size)[comparable]
        rounding = 0.5e-4  # PyCaret writes four digits
        assert (difference <= 1e-4 + rounding).all(), f"{name}: {difference.idxmax()} differs by {difference.max()}"


def _reference(task: str, frame: pd.DataFrame, folder: Path) -> pd.DataFrame:
    table, out = folder / "table.csv", folder / "reference.csv"
    frame.to_csv(table, index=False)
    command = [sys.executable, "-W", "ignore", "-c", REFERENCE, task, str(table), str(out)]
    subprocess.run(command, check=True, capture_output=True, cwd=folder, env={**os.environ, "OMP_NUM_THREADS": "1"})
    return pd.read_csv(out, index_col=0).rename(columns=RENAMED)
