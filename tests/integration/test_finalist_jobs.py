"""A closer look at one of the best as a job: from the comparison's own table, and computed once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from src.errors import InvalidComparison
from src.jobs import find_job, queue
from src.ml.comparison_job import TABLE
from src.ml.comparison_plan import Choices
from src.ml.finalist_jobs import parameters_for, run_importance, run_learning_curve
from src.ml.learning_curve import SHARES, LearningCurve
from src.ml.model_comparison import compare_models
from src.ml.permutation_importance import Importance
from src.notes import Note
from tests.unit.comparison_tables import FEATURES, machines

COMPARISON = "c0ffee"


@dataclass
class Job:
    """A job that remembers what it was told."""

    folder: Path
    told: list[tuple[float, str, dict[str, Any] | None]] = field(default_factory=list)

    @property
    def report(self) -> Callable[[float, str, dict[str, Any] | None], None]:
        return lambda *what: self.told.append(what)


@pytest.fixture
def job(tmp_path: Path) -> Job:
    (tmp_path / "0123").mkdir()
    return Job(tmp_path / "0123")


@pytest.fixture
def asked(tmp_path: Path) -> dict[str, Any]:
    """The parameters for a stack of a comparison whose table is in its folder."""
    table, choices = machines(), {"features": FEATURES, "split": "time", "fold": 2, "include": ["lr", "dt"]}
    (tmp_path / COMPARISON).mkdir()
    table.to_parquet(tmp_path / COMPARISON / TABLE, index=False)
    comparison = compare_models(table, "state", executor=ThreadPoolExecutor(1), ensemble="stack", **choices)  # type: ignore[arg-type]
    settled = asdict(Choices("state", ensemble="stack", **choices))  # type: ignore[arg-type]
    return parameters_for(COMPARISON, settled, comparison, "stack")


def test_importance_is_told_feature_by_feature(asked: dict[str, Any], job: Job) -> None:
    importance = Importance.from_record(run_importance(asked, job))
    assert [feature.name for feature in importance.features] == ["heat", "shake"]
    assert [(share, message) for share, message, _ in job.told] == [(0.5, "1 / 2"), (1.0, "2 / 2")]
    assert len(Importance.from_record(job.told[0][2] or {}).features) == 1


def test_a_learning_curve_is_computed_by_workers(asked: dict[str, Any], job: Job, settings: object) -> None:
    curve = LearningCurve.from_record(run_learning_curve(asked, job))
    assert [point.share for point in curve.points] == list(SHARES)
    assert job.told[-1][0] == 1.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"comparison": "../c0ffee"}, "No comparison can have the identifier"),
        ({"comparison": "c0ffee/../c0ffee"}, "No comparison can have the identifier"),
        ({"comparison": "/etc"}, "No comparison can have the identifier"),
        ({"comparison": "abcdef"}, "not in its job's folder any more"),
        ({"data": "another"}, "not the one it was made from"),
        ({"candidate": "magic", "members": []}, "'magic'"),
        ({"members": ["lr", "magic"]}, "'magic'"),
    ],
)
def test_what_cannot_be_looked_at_is_refused_by_name(
    asked: dict[str, Any], job: Job, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidComparison, match=message):
        run_importance(asked | change, job)


def test_a_table_that_was_changed_meanwhile_is_noticed(asked: dict[str, Any], job: Job, tmp_path: Path) -> None:
    path = tmp_path / COMPARISON / TABLE
    table = pd.read_parquet(path)
    table.loc[5, "heat"] += 1
    table.to_parquet(path, index=False)
    with pytest.raises(InvalidComparison, match="not the one it was made from"):
        run_importance(asked, job)


def test_what_was_asked_before_is_found_again_by_its_parameters(engine: object) -> None:
    first = {"comparison": COMPARISON, "choices": {"target": "state", "holdout": 0.3, "features": None}, "members": []}
    other = first | {"comparison": "abc"}
    for job_id, parameters in (("a1", first), ("a2", other), ("a3", first)):
        queue.insert(job_id, "permutation_importance", Note("a look"), parameters)
    queue.insert("a4", "learning_curve", Note("a look"), first)
    for job_id in ("a1", "a2", "a3", "a4"):
        queue.cancel(job_id)
    found = find_job("permutation_importance", first)
    assert found is not None
    assert found.job_id == "a3"
    assert found.state == "cancelled"
    also_found = find_job("permutation_importance", other | {"members": ()})
    assert also_found is not None
    assert also_found.job_id == "a2"
    assert find_job("permutation_importance", first | {"candidate": "rf"}) is None
    assert find_job("learning_curve", other) is None
