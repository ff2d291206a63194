"""What a job can run, by name. Nothing is imported before a job runs it."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from src.errors import InvalidJob

if TYPE_CHECKING:
    from src.jobs.context import JobContext

JobFunction = Callable[[dict[str, Any], "JobContext"], dict[str, Any] | None]

KINDS: dict[str, str] = {
    "compare_models": "src.ml.comparison_job:run",
    "forecast_sensor": "src.ml.sensor_models.forecast_job:run",
    "train_prices": "src.pricing.training_job:run",
    "train_sensors": "src.ml.sensor_models.training_job:run",
    "import_readings": "src.sensors.imports.job:run",
    "learning_curve": "src.ml.finalist_jobs:run_learning_curve",
    "permutation_importance": "src.ml.finalist_jobs:run_importance",
    "predict_table": "src.ml.batch_job:run",
}
"""Kind to ``module:function``; the function takes the parameters and the job's context and returns the result."""


def check_kind(kind: str) -> None:
    """Refuse an unknown kind.

    Raises
    ------
    InvalidJob
        Names the known ones.
    """
    if kind not in KINDS:
        raise InvalidJob(
            "There is no kind of job called {kind!r}. Known are: {known}.", kind=kind, known=", ".join(sorted(KINDS))
        )


def function_of(kind: str) -> JobFunction:
    """Import what a kind stands for."""
    check_kind(kind)
    module, function = KINDS[kind].split(":")
    return getattr(importlib.import_module(module), function)
