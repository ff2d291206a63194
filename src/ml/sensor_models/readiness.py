"""Which sensors have enough readings for a model to be trained, told quickly for a thousand of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine

from src.ml.repositories import ModelTrainingRepository
from src.ml.sensor_models.retraining import Plan
from src.ml.sensor_models.store import Version
from src.ml.sensor_models.training import ANOMALY, FORECASTER
from src.ml.sensor_prediction import ModelType
from src.ml.sensor_repositories.training import TRAINING_HOURS, TrainingCheck
from src.notes import Note
from src.sensors.interval_means import HOUR
from src.sensors.sensor_manager import Sensor


@dataclass(frozen=True)
class Samples:
    """What there is to train one model from.

    Attributes
    ----------
    count : int
        Good readings for a detector, hours with one for a forecaster.
    is_least : bool
        There are at least so many: a look at the newest was enough.
    """

    count: int
    is_least: bool
    needed: int
    reason: Note | None


@dataclass(frozen=True)
class Readiness:
    """What there is to train a sensor's models from; `samples` by kind, ``anomaly`` or ``forecaster``."""

    sensor: Sensor
    newest: datetime | None
    samples: Mapping[str, Samples]

    @property
    def can_be_trained(self) -> bool:
        """Whether nothing stands against any of its models."""
        return all(one.reason is None for one in self.samples.values())


@dataclass(frozen=True)
class _Needs:
    """How samples of a kind are counted, and in how many hours there mostly are enough already."""

    model_type: ModelType
    interval: timedelta | None
    few_hours: float


_NEEDS = {
    ANOMALY: _Needs(ModelType.ANOMALY_DETECTOR, None, 24.0),
    FORECASTER: _Needs(ModelType.FORECASTER, HOUR, 72.0),
}


def readiness(sensors: Sequence[Sensor], plan: Plan, *, engine: Engine | None = None) -> list[Readiness]:
    """Look whether there is enough to train what a plan names, sensor by sensor.

    Parameters
    ----------
    plan : Plan
        Its kinds and hours count; the default hours where it has none.

    Raises
    ------
    SensorNotFound, InvalidPeriod
        One of the sensors is gone, or there is no such length of time.
    """
    hours = {ANOMALY: plan.detector_hours, FORECASTER: plan.forecaster_hours}
    sensor_ids = [sensor.sensor_id for sensor in sensors]
    by_kind = {kind: _checks(kind, sensor_ids, hours[kind], engine) for kind in plan.kinds}
    return [
        Readiness(
            sensor,
            next(iter(by_kind.values()))[sensor.sensor_id][0].newest,
            {kind: _samples(*checks[sensor.sensor_id]) for kind, checks in by_kind.items()},
        )
        for sensor in sensors
    ]


def lacks_models(sensor: Sensor, plan: Plan, versions: Mapping[str, Version]) -> bool:
    """Tell whether a sensor has not all models that a plan names."""
    return any(plan.version_of(sensor, kind, versions) is None for kind in plan.kinds)


def _checks(
    kind: str, sensor_ids: list[int], hours: float | None, engine: Engine | None
) -> dict[int, tuple[TrainingCheck, bool]]:
    """Each sensor's check, and whether only the newest were counted: of a thousand sensors all would take seconds."""
    needs = _NEEDS[kind]
    hours = TRAINING_HOURS[needs.model_type] if hours is None else hours

    def look(wanted: list[int], hours: float) -> dict[int, TrainingCheck]:
        checks = ModelTrainingRepository(engine).check_sensors(
            needs.model_type, wanted, hours=hours, interval=needs.interval
        )
        return {check.sensor.sensor_id: check for check in checks}

    first = look(sensor_ids, min(hours, needs.few_hours))
    open_still = [sensor_id for sensor_id, check in first.items() if check.samples < check.needed]
    rest = look(open_still, hours) if hours > needs.few_hours else {}
    return {
        sensor_id: (rest.get(sensor_id, check), sensor_id not in rest and hours > needs.few_hours)
        for sensor_id, check in first.items()
    }


def _samples(check: TrainingCheck, is_least: bool) -> Samples:
    return Samples(check.samples, is_least, check.needed, check.reason)
