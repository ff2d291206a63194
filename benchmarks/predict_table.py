"""Predict files of 250,000 and 1,000,000 rows from the command line: rows a second, and the peak of memory.

Memory is that of the whole process; it must not grow with the file.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

ROWS = (250_000, 1_000_000)
FORMATS = (".csv", ".parquet")
MODEL = "bench"


def main() -> None:
    """Train a model in a temporary folder, write the files, predict each in a process of its own."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name in ("MODELS", "DATA", "LOG"):
            os.environ[f"FAROL_{name}_DIR"] = str(folder / name.lower())
        os.environ["FAROL_DATABASE_URL"] = f"sqlite:///{folder / 'data' / 'farol.db'}"
        _apart(_save_model)
        for rows in ROWS:
            for ending in FORMATS:
                source = folder / f"rows{ending}"
                _apart(_write, rows, source)
                seconds, peak = _predict(source, folder / f"out{ending}")
                print(
                    f"{rows:9,} rows, {ending:8}: {seconds:5.1f} s ({rows / seconds:9,.0f} rows/s), peak {peak:4.0f} MB"
                )


def _apart(work: Callable[..., None], *arguments: Any) -> None:
    """Work in another process: a child's peak of memory counts what its parent held when it was started."""
    process = multiprocessing.get_context("spawn").Process(target=work, args=arguments)
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(f"{work.__name__} failed")


def _write(rows: int, path: Path) -> None:
    table = _table(rows)
    table.to_csv(path, index=False) if path.suffix == ".csv" else table.to_parquet(path, index=False)


def _table(rows: int) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "timestamp": pd.date_range("2020-01-01", periods=rows, freq="min", tz="UTC").strftime("%Y-%m-%dT%H:%M:%SZ"),
            "lux": rng.uniform(200, 800, rows).round(2),
            "temperature": rng.normal(40, 12, rows).round(2),
            "vibration": rng.uniform(0.5, 9, rows).round(3),
            "machine": rng.choice(["press", "pump", "fan"], rows),
        }
    )


def _save_model() -> None:
    from src.ml.model_comparison import compare_models
    from src.ml.saved_models import save_finalist

    table = _table(5_000).drop(columns="timestamp")
    table["state"] = np.where(table["temperature"] / 50 + table["vibration"] / 9 > 1.4, "failure", "normal")
    comparison = compare_models(table, "state", include=["lr"], fold=2)
    best = comparison.finalists[0]
    save_finalist(comparison, best.id, best.artefact, MODEL)


def _predict(source: Path, out: Path) -> tuple[float, float]:
    """Seconds of the whole process, and its peak of memory in MB."""
    command = [sys.executable, "-m", "src", "predict", "--model", MODEL, "--data", str(source), "--out", str(out)]
    started = time.perf_counter()
    process = subprocess.Popen([*command, "--force"], stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{source.name} could not be predicted: exit code {process.returncode}")
    return time.perf_counter() - started, usage.ru_maxrss / 1024


if __name__ == "__main__":
    main()
