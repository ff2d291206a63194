"""How fast the registry of saved models is with 10,000 entries.

Run: ``python -m benchmarks.registry``. Wanted: `list_models()` in 60 ms, saving a small model in 200 ms.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from sklearn.linear_model import LogisticRegression

from src.utils import model_store
from src.utils.model_store import ModelStore, ModelToSave

ENTRIES = 10_000
RUNS = 15
LIMITS_MS = {"list_models()": 60.0, "save a small model": 200.0}
METADATA = {
    "model_type": "LogisticRegression",
    **dict.fromkeys(("accuracy", "auc", "recall", "precision", "f1", "kappa", "mcc"), 0.9123),
    "description": "one of ten thousand",
}


def main() -> int:
    """Fill a store, measure, print; 1 if a limit is not met."""
    os.environ["FAROL_SIGNING_KEY"] = "a key for this benchmark only"
    with TemporaryDirectory() as folder:
        model_store.MODELS_DIR = Path(folder) / "models"
        seconds = _timed(lambda: _fill(model_store.default_store()))
        print(f"{'save_many of 10,000':<24}{seconds:9.2f} s")
        medians = {what: _median_ms(act) for what, act in _actions().items()}
    for what, median in medians.items():
        print(f"{what:<24}{median:9.1f} ms" + (f"   limit {LIMITS_MS[what]:.0f} ms" if what in LIMITS_MS else ""))
    return int(any(medians[what] > limit for what, limit in LIMITS_MS.items()))


def _fill(store: ModelStore) -> None:
    store.save_many(
        ModelToSave(name=f"model_{number:05d}", content=b"not opened here", metadata=METADATA)
        for number in range(ENTRIES)
    )


def _actions() -> dict[str, Callable[[], object]]:
    model = LogisticRegression().fit([[0.0, 1.0, 2.0], [1.0, 2.0, 3.0]], [0, 1])
    numbers = iter(range(ENTRIES))
    return {
        "list_models()": model_store.list_models,
        "save a small model": lambda: model_store.save_model(model, f"new {next(numbers)}", METADATA),
        "overwrite it": lambda: model_store.save_model(model, "new 0", METADATA, overwrite=True),
        "load_model()": lambda: model_store.load_model("new 0"),
        "get_models_summary()": model_store.get_models_summary,
    }


def _median_ms(act: Callable[[], object]) -> float:
    act()  # imports and caches count once, not for each
    return statistics.median(_timed(act) for _ in range(RUNS)) * 1000


def _timed(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


if __name__ == "__main__":
    sys.exit(main())
