"""A comparison as a job: the table comes from the job's folder, the leaderboard goes into its record as it fills."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pandas as pd

from src.ml.comparison_plan import Choices
from src.ml.model_comparison import CandidateResult, Comparison, compare_models
from src.ml.workers import open_workers
from src.storage.atomic import write_atomically

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Protocol

    class Job(Protocol):
        """What a job gives to what it runs."""

        folder: Path
        report: Callable[[float, str, dict[str, Any] | None], None]


TABLE = "table.parquet"
CASES = "cases.parquet"
"""The training cases that are kept with each model that is saved."""
logger = logging.getLogger(__name__)


def run(parameters: dict[str, Any], job: Job) -> dict[str, Any]:
    """Compare models on the table attached to the job.

    Parameters
    ----------
    parameters : dict
        Fields of `Choices`.
    job : JobContext
        Its folder holds `table.parquet`; the finalists' artefacts are written beside it, ``<candidate>.pkl`` each,
        and the training cases.

    Returns
    -------
    dict
        `Comparison.to_record()`.
    """
    choices = dict(parameters)
    target = Choices(**choices).target
    del choices["target"]

    logged: set[str] = set()

    def tell(comparison: Comparison) -> None:
        for result in comparison.candidates:
            if result.state in ("done", "failed") and result.id not in logged:
                logged.add(result.id)
                logger.info(_log_line(result, comparison.metric))
        job.report(comparison.progress, comparison.phase, comparison.to_record())

    with open_workers() as executor:
        table = pd.read_parquet(job.folder / TABLE)
        comparison = compare_models(table, target, executor=executor, on_progress=tell, **choices)
    for finalist in comparison.finalists:
        write_atomically(artefact_path(job.folder, finalist.id), finalist.artefact)
    write_atomically(job.folder / CASES, comparison.cases)
    return comparison.to_record()


def _log_line(result: CandidateResult, metric: str) -> str:
    if result.state == "failed":
        return f"{result.name} failed: {result.reason}"
    score = result.metrics[metric]
    return f"{result.name}: {metric} {'—' if score is None else f'{score:.4f}'}, {result.fit_seconds:.2f} s a fold"


def read_cases(folder: Path) -> bytes:
    """Read the training cases that a comparison left in its folder; nothing where it left none."""
    path = folder / CASES
    return path.read_bytes() if path.exists() else b""


def artefact_path(folder: Path, candidate: str) -> Path:
    """Where a finalist's pickled pipeline lies in the job's folder."""
    return folder / f"{candidate}.pkl"
