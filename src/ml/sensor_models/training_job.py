"""Training the models of sensors as a job: what is asked for is checked before it starts, and once more in it."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from src.database.activities import record_activity
from src.database.engine import writing
from src.errors import InvalidTraining
from src.ml.anomalies.inputs import checked_contamination
from src.ml.forecaster import create_forecaster
from src.ml.ml_engine import MLEngine
from src.ml.sensor_models.retraining import Plan, Retraining
from src.ml.sensor_models.training import ANOMALY, FORECASTER
from src.ml.sensor_models.training_report import TrainingReport, make_report, write_report
from src.notes import Note
from src.sensors.moments import length_of_hours
from src.sensors.sensor_manager import create_sensor_manager

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine

    from src.ml.comparison_job import Job

KINDS = (ANOMALY, FORECASTER)
logger = logging.getLogger(__name__)


def checked_plan(plan: Plan) -> Plan:
    """Return a plan that can be carried out; everything in it is looked at before anything is trained.

    Raises
    ------
    InvalidTraining
        No kind of model is chosen, or one that there is not.
    InvalidForecast, InvalidDetector, InvalidPeriod
        There is no such forecaster, no detector can have that contamination, or no such length of time.
    """
    if not plan.kinds:
        raise InvalidTraining("Nothing is chosen to be trained. Choose detectors, forecasters or both.")
    if unknown := [kind for kind in plan.kinds if kind not in KINDS]:
        raise InvalidTraining(
            "There is no kind of model {kind!r}. Choose from {known}.", kind=unknown[0], known=", ".join(KINDS)
        )
    create_forecaster(plan.model)
    for hours in (plan.detector_hours, plan.forecaster_hours):
        if hours is not None:
            length_of_hours(hours)
    if plan.contamination is not None:
        checked_contamination(plan.contamination)
    return plan


def parameters_for(sensor_ids: Iterable[int] | None, plan: Plan, *, actor: str = "") -> dict[str, Any]:
    """Return the parameters of the job.

    Parameters
    ----------
    sensor_ids : iterable of int, optional
        Whose models; of all sensors in use by default.
    actor : str
        Who has it done, for the history.

    Raises
    ------
    InvalidTraining, InvalidForecast, InvalidDetector, InvalidPeriod
        No sensor is chosen, or the plan is not one; see `checked_plan`.
    """
    chosen = None if sensor_ids is None else list(sensor_ids)
    if chosen == []:
        raise InvalidTraining("No sensor is chosen. Choose at least one.")
    return {"sensor_ids": chosen, **asdict(checked_plan(plan)), "kinds": list(plan.kinds), "actor": actor}


def run(parameters: dict[str, Any], job: Job) -> dict[str, Any]:
    """Train models; what is reported as trained is saved by then, and stays where the job is cancelled.

    Parameters
    ----------
    parameters : dict
        ``sensor_ids`` (None for all in use), ``actor`` and the fields of `Plan`, as `parameters_for` makes them.

    Returns
    -------
    dict
        For `read_report`.
    """
    plan = Plan(**{field.name: parameters[field.name] for field in fields(Plan) if field.name in parameters})

    def tell(so_far: TrainingReport, done: int) -> None:
        job.report(done / so_far.models, f"{done}/{so_far.models}", write_report(so_far))

    report = train_sensors(parameters["sensor_ids"], plan, actor=parameters.get("actor", ""), on_progress=tell)
    logger.info("%d models trained, %d not, in %.1f s.", report.trained, len(report.failures), report.seconds)
    return write_report(report)


def train_sensors(
    sensor_ids: Iterable[int] | None,
    plan: Plan,
    *,
    actor: str = "",
    engine: Engine | None = None,
    on_progress: Callable[[TrainingReport, int], None] | None = None,
) -> TrainingReport:
    """Train the models of some sensors, or of all in use; those not in use any more are left out and counted.

    That it was begun is kept in the history, for what is trained stays where it is broken off.

    Parameters
    ----------
    actor : str
        Who has it done.
    on_progress : callable, optional
        Called with the report so far, and with how many models are settled.

    Raises
    ------
    InvalidTraining
        None of the sensors is in use, or as `checked_plan` says.
    InvalidForecast, InvalidDetector, InvalidPeriod
        As `checked_plan` says.
    """
    plan = checked_plan(plan)
    in_use = {sensor.sensor_id: sensor.display_name for sensor in create_sensor_manager(engine).get_enabled_sensors()}
    wanted = in_use if sensor_ids is None else dict.fromkeys(sensor_ids)
    names = {sensor_id: in_use[sensor_id] for sensor_id in wanted if sensor_id in in_use}
    if not names:
        raise InvalidTraining("None of these sensors is in use. Choose others, or take them into use.")
    gone = len(wanted) - len(names)
    _remember(actor, list(names.values()), engine)

    def tell(so_far: Retraining) -> None:
        if on_progress is not None:
            on_progress(make_report(so_far.report(), names, so_far.total, gone), so_far.done)

    said = MLEngine(engine).retrain_all_models(names, plan=plan, on_progress=tell)
    return make_report(said, names, len(names) * len(plan.kinds), gone)


def _remember(actor: str, names: list[str], engine: Engine | None) -> None:
    subject, action = names[0], Note("the training of its models was started")
    if len(names) > 1:
        subject, action = "", Note("the training of the models of {count} sensors was started", {"count": len(names)})
    with writing(engine) as connection:
        record_activity(actor, "sensor", subject, action, connection)
