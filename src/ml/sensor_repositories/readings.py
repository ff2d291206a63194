"""Readings that models of sensors learn from and are held against, of one sensor or of many at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection, Engine

from src.database.engine import reading
from src.errors import NoReadings
from src.sensors.existing import existing_sensors
from src.sensors.history import History, latest_periods, read_histories
from src.sensors.interval_means import HOUR, IntervalMeans, latest_means
from src.sensors.moments import length_of_hours
from src.sensors.reading_statistics import ReadingStatistics, reading_statistics
from src.sensors.reading_stream import Period
from src.sensors.readings import DataQuality
from src.sensors.sensor_manager import create_sensor_manager

WEEK = 7 * 24.0
"""Hours that are looked at unless told otherwise."""
_Found = TypeVar("_Found")


class SensorReadingsRepository:
    """The readings in the database that the settings name, or in another one.

    All that is asked for is that of the last `hours` hours up to a sensor's newest good reading before `until`, the
    present by default. Dictionaries are by sensor and leave out those that have no good reading there; where one sensor
    is asked for and has none, `NoReadings` is raised. A sensor that does not exist raises `SensorNotFound`, a number of
    hours that is none `InvalidPeriod`.
    """

    def __init__(self, engine: Engine | None = None) -> None:
        self._engine = engine

    def history(
        self,
        sensor_id: int,
        hours: float = WEEK,
        *,
        quality: Collection[int] | None = (DataQuality.GOOD,),
        until: datetime | None = None,
    ) -> History:
        """Return a sensor's readings: the good ones, those of other quality codes, or, with None, all."""
        return self._only(sensor_id, self.histories([sensor_id], hours, quality=quality, until=until))

    def histories(
        self,
        sensor_ids: Iterable[int],
        hours: float = WEEK,
        *,
        quality: Collection[int] | None = (DataQuality.GOOD,),
        until: datetime | None = None,
    ) -> dict[int, History]:
        """Return the readings of several sensors, as `history` does."""
        return self._of_periods(
            sensor_ids, hours, until, lambda c, periods: read_histories(c, periods, quality=quality)
        )

    def series(
        self, sensor_id: int, hours: float = WEEK, *, interval: timedelta = HOUR, until: datetime | None = None
    ) -> IntervalMeans:
        """Return a sensor's good readings as means of whole hours, or of other intervals that are over."""
        return self._only(sensor_id, self.series_of_sensors([sensor_id], hours, interval=interval, until=until))

    def series_of_sensors(
        self,
        sensor_ids: Iterable[int],
        hours: float = WEEK,
        *,
        interval: timedelta = HOUR,
        until: datetime | None = None,
    ) -> dict[int, IntervalMeans]:
        """Return the series of several sensors, as `series` does, in one query a thousand."""
        length = length_of_hours(hours)
        with reading(self._engine) as connection:
            wanted = existing_sensors(connection, sensor_ids)
            return latest_means(connection, wanted, length, interval=interval, until=until)

    def statistics(
        self, sensor_ids: Iterable[int], hours: float = WEEK, *, until: datetime | None = None
    ) -> dict[int, ReadingStatistics]:
        """Return how many readings several sensors have, and mean, deviation and range of the good ones."""
        return self._of_periods(sensor_ids, hours, until, reading_statistics)

    def _of_periods(
        self,
        sensor_ids: Iterable[int],
        hours: float,
        until: datetime | None,
        read: Callable[[Connection, Mapping[int, Period]], dict[int, _Found]],
    ) -> dict[int, _Found]:
        length = length_of_hours(hours)
        with reading(self._engine) as connection:
            wanted = existing_sensors(connection, sensor_ids)
            return read(connection, latest_periods(connection, wanted, length, until))

    def _only(self, sensor_id: int, found: Mapping[int, _Found]) -> _Found:
        if not found:
            name = create_sensor_manager(self._engine).get_sensor(sensor_id).display_name
            raise NoReadings("The sensor {name!r} has no good readings.", name=name)
        return next(iter(found.values()))
