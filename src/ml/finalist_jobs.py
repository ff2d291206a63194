"""A closer look at one of a comparison's best, as a job: the table is the one in the comparison's folder."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from src.errors import InvalidComparison
from src.ml.candidates import Candidate, choose_candidates
from src.ml.comparison_job import TABLE
from src.ml.comparison_plan import Choices, ComparisonPlan, plan_comparison
from src.ml.ensembles import make_ensemble
from src.ml.learning_curve import SHARES, LearningCurve, learning_curve
from src.ml.model_comparison import Comparison
from src.ml.permutation_importance import Importance, permutation_importance
from src.ml.workers import open_workers

if TYPE_CHECKING:
    from pathlib import Path

    from src.ml.comparison_job import Job

IMPORTANCE, LEARNING_CURVE = "permutation_importance", "learning_curve"
_JOB_ID = re.compile(r"[0-9a-f]{1,32}", re.ASCII)


def parameters_for(
    comparison_job: str, choices: dict[str, Any], comparison: Comparison, finalist: str
) -> dict[str, Any]:
    """Return the parameters of either job; the same ones mean the same result.

    Parameters
    ----------
    comparison_job : str
        Whose folder holds the table.
    choices : dict
        What that job was submitted with.
    finalist : str
        Identifier of the candidate to look at.
    """
    result = next(candidate for candidate in comparison.candidates if candidate.id == finalist)
    return {
        "comparison": comparison_job,
        "choices": choices,
        "data": comparison.fingerprint["sha256"],
        "candidate": finalist,
        "members": list(result.members),
    }


def run_importance(parameters: dict[str, Any], job: Job) -> dict[str, Any]:
    """Compute the permutation importance of a finalist.

    Parameters
    ----------
    parameters : dict
        As `parameters_for` makes them.

    Returns
    -------
    dict
        `Importance.to_record()`.
    """
    asked = _read(parameters, job.folder)
    data = asked.plan.data

    def tell(importance: Importance) -> None:
        done, total = len(importance.features), data.features.shape[1]
        job.report(done / total, f"{done} / {total}", importance.to_record())

    return permutation_importance(data, asked.candidate, asked.plan.metric, on_progress=tell).to_record()


def run_learning_curve(parameters: dict[str, Any], job: Job) -> dict[str, Any]:
    """Compute the learning curve of a finalist.

    Parameters
    ----------
    parameters : dict
        As `parameters_for` makes them.

    Returns
    -------
    dict
        `LearningCurve.to_record()`.
    """

    def tell(share: float, curve: LearningCurve) -> None:
        job.report(share, f"{len(curve.points)} / {len(SHARES)}", curve.to_record())

    with open_workers() as executor:
        asked = _read(parameters, job.folder)
        curve = learning_curve(asked.plan.data, asked.candidate, asked.plan.metric, executor, on_progress=tell)
    return curve.to_record()


@dataclass(frozen=True)
class _Asked:
    plan: ComparisonPlan
    candidate: Candidate


def _read(parameters: dict[str, Any], folder: Path) -> _Asked:
    comparison = str(parameters["comparison"])
    if not _JOB_ID.fullmatch(comparison):
        raise InvalidComparison("No comparison can have the identifier {job_id!r}.", job_id=comparison)
    path = folder.parent / comparison / TABLE
    if not path.is_file():
        raise InvalidComparison("The table of that comparison is not in its job's folder any more. Compare again.")
    plan = plan_comparison(pd.read_parquet(path), Choices(**parameters["choices"]))
    if plan.fingerprint["sha256"] != parameters["data"]:
        raise InvalidComparison("The table in that comparison's folder is not the one it was made from. Compare again.")
    return _Asked(plan, _candidate(plan, str(parameters["candidate"]), parameters["members"]))


def _candidate(plan: ComparisonPlan, name: str, members: list[str]) -> Candidate:
    task = plan.data.task
    if members:
        return make_ensemble(name, task, choose_candidates(task, members))
    return choose_candidates(task, [name])[0]
