"""Which sensors a model can be trained for, and why not the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from sqlalchemy import Engine

from src.database.engine import reading
from src.ml.sensor_models.training import DETECTOR_HOURS, FORECASTER_HOURS
from src.ml.sensor_prediction import ModelType, checked_model_type
from src.ml.sensor_repositories.readings import SensorReadingsRepository
from src.notes import Note
from src.sensors.existing import existing_sensors
from src.sensors.history import newest_times
from src.sensors.interval_means import HOUR
from src.sensors.sensor_manager import Sensor, create_sensor_manager

SAMPLES_NEEDED = {ModelType.ANOMALY_DETECTOR: 30, ModelType.FORECASTER: 50}
"""As requirement document 001 has them."""
TRAINING_HOURS = {ModelType.ANOMALY_DETECTOR: DETECTOR_HOURS, ModelType.FORECASTER: FORECASTER_HOURS}


@dataclass(frozen=True)
class TrainingCheck:
    """Whether a model of one type can be trained for a sensor.

    Attributes
    ----------
    samples, needed : int
        How many there are to learn from, and how many it takes.
    newest : datetime, optional
        Time of the newest good reading, in UTC: what was trained up to then knows all there is.
    reason : Note, optional
        Why it cannot be trained; None where it can.
    """

    sensor: Sensor
    model_type: ModelType
    samples: int
    needed: int
    newest: datetime | None
    reason: Note | None

    @property
    def can_be_trained(self) -> bool:
        """Whether nothing stands against it."""
        return self.reason is None


class ModelTrainingRepository:
    """What there is to train models from, in the database that the settings name or in another one."""

    def __init__(self, engine: Engine | None = None) -> None:
        self._engine = engine

    def check_sensors(
        self,
        model_type: str,
        sensor_ids: Iterable[int] | None = None,
        *,
        hours: float | None = None,
        interval: timedelta | None = HOUR,
        until: datetime | None = None,
    ) -> list[TrainingCheck]:
        """Look whether a model of some type can be trained for some sensors, or for all, by identifier.

        Parameters
        ----------
        hours : float, optional
            What is learnt from, back from a sensor's newest good reading; the `TRAINING_HOURS` by default.
        interval : timedelta, optional
            A sample is the mean of an interval of that length, as in `SensorReadingsRepository.series`; None takes the
            good readings one by one.
        until : datetime, optional
            Readings from then on do not count; the present by default.

        Raises
        ------
        InvalidPrediction
            There is no such type of model.
        SensorNotFound, InvalidPeriod
            As in `SensorReadingsRepository`.
        """
        kind = checked_model_type(model_type)
        hours = TRAINING_HOURS[kind] if hours is None else hours
        sensors = self._sensors(sensor_ids)
        wanted = [sensor.sensor_id for sensor in sensors]
        samples = self._samples(wanted, hours, interval, until)
        with reading(self._engine) as connection:
            newest = newest_times(connection, wanted, until)
        return [
            TrainingCheck(
                sensor=sensor,
                model_type=kind,
                samples=(count := samples.get(sensor.sensor_id, 0)),
                needed=SAMPLES_NEEDED[kind],
                newest=newest.get(sensor.sensor_id),
                reason=_reason(sensor, count, SAMPLES_NEEDED[kind], hours),
            )
            for sensor in sensors
        ]

    def trainable_sensors(
        self,
        model_type: str,
        *,
        hours: float | None = None,
        interval: timedelta | None = HOUR,
        until: datetime | None = None,
    ) -> list[Sensor]:
        """Return the sensors that a model of some type can be trained for; raises as `check_sensors` does."""
        checks = self.check_sensors(model_type, hours=hours, interval=interval, until=until)
        return [check.sensor for check in checks if check.can_be_trained]

    def _sensors(self, sensor_ids: Iterable[int] | None) -> list[Sensor]:
        everything = create_sensor_manager(self._engine).get_all_sensors()
        if sensor_ids is None:
            return everything
        with reading(self._engine) as connection:
            wanted = set(existing_sensors(connection, sensor_ids))
        return [sensor for sensor in everything if sensor.sensor_id in wanted]

    def _samples(
        self, sensor_ids: list[int], hours: float, interval: timedelta | None, until: datetime | None
    ) -> Mapping[int, int]:
        readings = SensorReadingsRepository(self._engine)
        if interval is None:
            return {key: found.good for key, found in readings.statistics(sensor_ids, hours, until=until).items()}
        series = readings.series_of_sensors(sensor_ids, hours, interval=interval, until=until)
        return {key: int(np.isfinite(found.values).sum()) for key, found in series.items()}


def _reason(sensor: Sensor, samples: int, needed: int, hours: float) -> Note | None:
    if not sensor.enabled:
        return Note("The sensor is out of use. Take it into use first.")
    if not samples:
        return Note("There are no good readings to learn from.")
    if samples < needed:
        return Note(
            "There are {samples} samples in the {hours:g} hours before the newest good reading; {needed} are needed.",
            {"samples": samples, "hours": hours, "needed": needed},
        )
    return None
