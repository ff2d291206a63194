"""The demonstration runs from a terminal, shows what it did, and leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "demo_model_system.py"


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {f"FAROL_{name}_DIR": str(folder / name.lower()) for name in ("MODELS", "DATA", "LOG")}
    command = [sys.executable, str(SCRIPT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment, check=False)


def test_it_shows_three_models_and_several_predictions_and_leaves_nothing(tmp_path):
    run = _run(tmp_path)
    assert run.returncode == 0, run.stderr
    assert sum(kind in run.stdout for kind in ("LogisticRegression", "DecisionTreeCl", "RandomForestCl")) == 3
    assert "about to break" in run.stdout
    assert "failure" in run.stdout
    assert "Traceback" not in run.stderr
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_with_keep_the_models_stay_and_can_be_listed(tmp_path):
    assert _run(tmp_path, "--keep").returncode == 0
    assert len(list((tmp_path / "models").glob("demo_*.pkl"))) == 3
