"""What the page of jobs shows of each kind of job, and where its result is looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from src.dashboard.data import import_view
from src.dashboard.locale import _
from src.dashboard.machine_learning import batch_result, comparison_view
from src.dashboard.page_list import go_to
from src.dashboard.prices import price_job_view
from src.dashboard.time_series import forecast_job_view, training_job_view
from src.jobs import Job


@dataclass(frozen=True)
class ShownKind:
    """How jobs of one kind are shown.

    Attributes
    ----------
    progress : callable
        What a job is doing, for who reads it.
    is_open_to : callable
        Whether there is something to be looked at on another page.
    label : callable
        What the button says that goes there.
    open : callable
        Go there.
    """

    progress: Callable[[Job], str]
    is_open_to: Callable[[Job], bool]
    label: Callable[[], str]
    open: Callable[[Job], NoReturn]


def shown_kind(job: Job) -> ShownKind:
    """Look up how a job is shown."""
    return _KINDS.get(job.kind, _UNKNOWN)


def _open_comparison_of(job: Job) -> NoReturn:
    look = {"permutation_importance": "importance", "learning_curve": "learning"}[job.kind]
    go_to("train", job=job.parameters["comparison"], look=look, finalist=job.parameters["candidate"])


def _open_price_training(job: Job) -> NoReturn:
    path, query = price_job_view.page_of(job)
    go_to(path, **query)


def _nothing(_job: Job) -> str:
    return ""


_COMPARISON = ShownKind(
    comparison_view.progress_message,
    lambda job: bool(job.result),
    lambda: _("Open the comparison"),
    lambda job: go_to("train", job=job.job_id),
)
_OF_A_COMPARISON = ShownKind(
    _nothing, lambda job: "comparison" in job.parameters, lambda: _("Open the comparison"), _open_comparison_of
)
_UNKNOWN = ShownKind(_nothing, lambda job: False, lambda: "", lambda job: go_to("jobs"))
_KINDS = {
    "compare_models": _COMPARISON,
    "permutation_importance": _OF_A_COMPARISON,
    "learning_curve": _OF_A_COMPARISON,
    "forecast_sensor": ShownKind(
        forecast_job_view.progress_message,
        lambda job: True,
        lambda: _("Open the forecast"),
        lambda job: go_to("forecasting", **forecast_job_view.page_of(job)),
    ),
    "import_readings": ShownKind(
        import_view.progress_message,
        lambda job: True,
        lambda: _("Open the import"),
        lambda job: go_to("import", job=job.job_id),
    ),
    "predict_table": ShownKind(
        batch_result.progress_message,
        lambda job: job.state == "done",
        lambda: _("Open the result"),
        lambda job: go_to("batch", job=job.job_id),
    ),
    "train_prices": ShownKind(
        price_job_view.progress_message,
        lambda job: True,
        lambda: _("Open the training"),
        _open_price_training,
    ),
    "train_sensors": ShownKind(
        training_job_view.progress_message,
        lambda job: True,
        lambda: _("Open the training"),
        lambda job: go_to("training", job=job.job_id),
    ),
}
