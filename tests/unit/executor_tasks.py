"""What workers do in test_executor.py: here, so that they need not import pytest."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from src.errors import InvalidTable


def process_id() -> int:
    return os.getpid()


def after(seconds: float, value: object) -> object:
    time.sleep(seconds)
    return value


def leave_a_mark(file: Path, seconds: float) -> None:
    file.write_text(str(os.getpid()))
    time.sleep(seconds)


def loaded_modules() -> set[str]:
    return set(sys.modules)


def blas_threads() -> set[int]:
    import numpy  # noqa: F401 - loads the library that is asked
    from threadpoolctl import threadpool_info

    return {pool["num_threads"] for pool in threadpool_info()}


def killed_the_first(times: int, counter: Path, ended_by: int = signal.SIGKILL) -> str:
    """Die as often as asked, then succeed."""
    with counter.open("a") as file:
        file.write("x")
    if len(counter.read_text()) <= times:
        os.kill(os.getpid(), ended_by)
    return "survived"


class DiesWhenPickled:
    def __reduce__(self):
        os.kill(os.getpid(), signal.SIGKILL)


def result_that_kills() -> DiesWhenPickled:
    return DiesWhenPickled()


def refuse(row: int) -> None:
    raise InvalidTable("Row {row} has too many cells.", row=row)


class CannotBeRebuilt(Exception):
    def __init__(self, left: str, right: str) -> None:
        super().__init__(f"{left} and {right}")


def raise_what_cannot_be_sent() -> None:
    raise CannotBeRebuilt("salt", "pepper")


def leave() -> None:
    sys.exit("that is all")


def fit_with_openmp(seed: int) -> int:
    import warnings

    import numpy as np
    import pandas as pd
    from lightgbm import LGBMClassifier
    from sklearn.ensemble import HistGradientBoostingClassifier

    warnings.simplefilter("ignore")
    features = pd.DataFrame(np.random.default_rng(seed).normal(size=(300, 3)), columns=list("abc"))
    target = (features["a"] > 0).to_numpy()
    features = features.convert_dtypes(dtype_backend="pyarrow").astype("float64")
    for model in (LGBMClassifier(n_estimators=5, verbose=-1), HistGradientBoostingClassifier(max_iter=5)):
        model.fit(features, target)
    return len(features)
