"""`python -m src train` against a plain PyCaret script: whole processes from a cold start, in turn, as a ratio.

Wanted: at most 0.45 of PyCaret's time on two cores, every mean metric within 1e-4 of PyCaret's.
Needs the occupancy data: FAROL_REAL_DATA names its folder.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

ROUNDS = 3
FEATURES = ["Temperature", "Humidity", "Light", "CO2", "HumidityRatio"]
TARGET = "Occupancy"
METRICS = {"Prec.": "Precision"} | {name: name for name in ("Accuracy", "AUC", "Recall", "F1", "Kappa", "MCC")}
PYCARET = """
import sys
import pandas as pd
from pycaret.classification import compare_models, pull, setup
setup(pd.read_csv(sys.argv[1]), target="Occupancy", session_id=42, verbose=False)
compare_models(n_select=5, fold=5, verbose=False)
pull().to_csv(sys.argv[2])
"""


def main() -> None:
    """Run both in turn and print times, ratio and the largest difference of a metric."""
    folder = os.environ.get("FAROL_REAL_DATA")
    if not folder:
        print("FAROL_REAL_DATA names no folder of real data: not measured.")
        return
    with tempfile.TemporaryDirectory() as temporary:
        here = Path(temporary)
        table, ours, theirs = here / "occupancy.csv", here / "ours.csv", here / "theirs.csv"
        pd.read_csv(Path(folder) / "occupancy" / "datatraining.txt")[[*FEATURES, TARGET]].to_csv(table, index=False)
        what = ["--data", str(table), "--target", TARGET, "--out", str(ours), "--force"]
        farol = [sys.executable, "-m", "src", "train", *what]
        pycaret = [sys.executable, "-c", PYCARET, str(table), str(theirs)]
        times = [(_seconds(farol), _seconds(pycaret, here)) for _ in range(ROUNDS)]
        ratios = [a / b for a, b in times]
        for a, b in times:
            print(f"python -m src train {a:6.1f} s   PyCaret {b:6.1f} s   ratio {a / b:.2f}")
        print(f"median ratio {statistics.median(ratios):.2f} (wanted: at most 0.45)")
        _compare(ours, theirs)


def _seconds(command: list[str], folder: Path | None = None) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, cwd=folder)  # PyCaret leaves a log file where it runs
    return time.perf_counter() - started


def _compare(ours: Path, theirs: Path) -> None:
    left = pd.read_csv(ours, index_col="id")
    right = pd.read_csv(theirs, index_col=0).rename(columns=METRICS)
    names = list(METRICS.values())
    # PyCaret writes four digits, so half a unit of the last one is its rounding.
    differences = (left.loc[right.index, names].round(4) - right[names]).abs()
    print(f"{len(right)} candidates, the same in both: {sorted(left.index) == sorted(right.index)}")
    print(f"largest difference of a mean metric {differences.max().max():.4f} (wanted: at most 0.0001)")


if __name__ == "__main__":
    main()
