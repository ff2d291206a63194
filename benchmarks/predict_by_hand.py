"""One prediction by hand with a cached model, recording included: wanted p95 ≤ 50 ms."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path

CANDIDATES = ["lr", "rf", "et", "gbc", "lightgbm"]
ROUNDS = 200


def main() -> None:
    """Train on a demo plant in a temporary folder, save, and ask each model many times."""
    with tempfile.TemporaryDirectory() as temporary:
        for name in ("MODELS", "DATA", "LOG"):
            os.environ[f"FAROL_{name}_DIR"] = str(Path(temporary) / name.lower())
        _measure()


def _measure() -> None:
    from src.database.migrate import upgrade_database
    from src.ml.model_comparison import compare_models
    from src.ml.saved_models import load_saved, save_finalist
    from src.sensors.demo_plant import load_demo_plant
    from src.sensors.training_table import get_dataframe_leituras_sensores

    upgrade_database()
    load_demo_plant(days=30, equipment=3)
    features = ["lux", "temperature", "vibration"]
    table = get_dataframe_leituras_sensores()
    comparison = compare_models(table, "state", features=features, include=CANDIDATES, split="time", fold=2)
    for finalist in comparison.finalists:
        save_finalist(comparison, finalist.id, finalist.artefact, finalist.id)
        times = _times(load_saved(finalist.id))
        p95 = statistics.quantiles(times, n=20)[-1]
        print(f"{finalist.id:10} median {statistics.median(times):5.1f} ms   p95 {p95:5.1f} ms (wanted: at most 50)")


def _times(saved) -> list[float]:  # type: ignore[no-untyped-def]
    from src.ml.prediction import predict_row
    from src.ml.prediction_history import record_prediction

    times = []
    for number in range(ROUNDS):
        values = {"lux": 300.0 + number, "temperature": 30.0 + number / 10, "vibration": 2.0}
        started = time.perf_counter()
        record_prediction(saved.name, saved.version, values, predict_row(saved.model, saved.signature, values))
        times.append((time.perf_counter() - started) * 1000)
    return times


if __name__ == "__main__":
    main()
