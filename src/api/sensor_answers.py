"""What the models of sensors say: one engine for all requests, and forecasts served again from memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import Engine

from src.api.schemas import AlarmAnswer, AnomaliesAnswer, ForecastAnswer, StateNow
from src.database.engine import get_engine, reading
from src.errors import ApiBusy
from src.ml.ml_engine import MLEngine
from src.ml.sensor_models.store import SensorModels
from src.ml.sensor_models.training import forecaster_name
from src.sensors.history import newest_times
from src.sensors.reading_stream import Period
from src.sensors.sensor_manager import Sensor, create_sensor_manager

MOST_KEPT = 512
"""Forecasts in memory; one of the longest has about 100 kB."""
MOST_WAITING = 16
"""Requests that may wait for the engine: a training can take seconds, and the others need threads too."""
USUAL_LENGTH = timedelta(days=7)
_AFTER = timedelta(microseconds=1)
_Asked = tuple[int, int, str]
"""Sensor, periods, model."""


class SensorAnswers:
    """Forecasts and anomalies of sensors, as the API says them; threads may share it."""

    def __init__(self, engine: Engine | None = None) -> None:
        self._engine = engine or get_engine()
        self._sensors = create_sensor_manager(self._engine)
        self._models = MLEngine(self._engine)
        self._versions = SensorModels()  # beside the engine's own, which a training may hold for long
        self._room = threading.BoundedSemaphore(MOST_WAITING)
        self._making, self._lock = threading.Lock(), threading.Lock()
        self._kept: OrderedDict[_Asked, tuple[object, bytes]] = OrderedDict()

    def known(self, sensor_id: int, periods: int, model: str) -> bytes | None:
        """Return the forecast in memory as JSON, if it is still the one that would be made; SensorNotFound."""
        asked = (sensor_id, periods, model)
        state = self._state(asked)
        with self._lock:
            if asked not in self._kept or self._kept[asked][0] != state:
                return None
            self._kept.move_to_end(asked)
            return self._kept[asked][1]

    def forecast(self, sensor_id: int, periods: int, model: str) -> bytes:
        """Return a forecast as JSON; the same again while the model and the newest reading are the same.

        It is issued, and so enters the ledger, once. Raises as `MLEngine.forecast_sensor` does, and ApiBusy.
        """
        asked = (sensor_id, periods, model)
        with self._turn(), self._making:
            return self.known(*asked) or self._issued(asked)  # perhaps by the request that was waited for

    def anomalies(self, sensor_id: int, since: datetime | None, until: datetime | None) -> AnomaliesAnswer:
        """Return how a sensor is now, and its alarms of a period: the last week of its readings where none is named.

        Raises as `MLEngine.detect_anomalies` does, and ApiBusy.
        """
        with self._turn():
            said = self._models.detect_anomalies(sensor_id)
            history = self._models.alarm_history(sensor_id)
        end = until or said["timestamp"] + _AFTER
        period = Period(since or end - USUAL_LENGTH, end)
        return AnomaliesAnswer(
            sensor_id=sensor_id,
            display_name=said["display_name"],
            now=StateNow.model_validate(said),
            since=period.start,
            until=period.end,
            alarms=[AlarmAnswer.of(one, history) for one in history.happenings(period) if one.stretch],
        )

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait for the engine with some others, but not with all of them."""
        if not self._room.acquire(blocking=False):
            raise ApiBusy("{count} requests wait for the models of sensors. Try again soon.", count=MOST_WAITING)
        try:
            yield
        finally:
            self._room.release()

    def _issued(self, asked: _Asked) -> bytes:
        """A new answer, kept for the state from before it was made: what comes meanwhile makes it an old one."""
        sensor, newest, _ = self._state(asked)
        issued = self._models.forecast_sensor(*asked)
        content = ForecastAnswer.model_validate(issued).model_dump_json().encode()
        with self._lock:
            self._kept[asked] = ((sensor, newest, issued["model_version"]), content)
            self._kept.move_to_end(asked)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return content

    def _state(self, asked: _Asked) -> tuple[Sensor, datetime | None, int | None]:
        """The sensor, its newest reading and the version of its model: while they are the same, so is its forecast."""
        sensor_id, _, model = asked
        sensor = self._sensors.get_sensor(sensor_id)
        with reading(self._engine) as connection:
            newest = newest_times(connection, [sensor_id]).get(sensor_id)
        version = self._versions.version(forecaster_name(sensor_id, model))
        return sensor, newest, None if version is None else version.version
