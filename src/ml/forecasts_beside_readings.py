"""The join of the ledger's steps with the readings of their intervals, made in the database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import BigInteger, Connection

from src.database.tables import forecast_steps, forecasts, sensor_readings
from src.ml.issued_forecast import STEP_COLUMNS
from src.sensors.interval_means import means_query, place_of_interval
from src.sensors.readings import microseconds

if TYPE_CHECKING:
    import pandas as pd

_ISSUED, _STEP = forecasts.c, forecast_steps.c
_MICROSECONDS = 1_000_000


@dataclass(frozen=True)
class StepSums:
    """Errors (forecast minus reading) of one model's version at one step for one sensor, summed up."""

    sensor_id: int
    model: str
    model_version: int
    horizon: timedelta
    """From the start of the forecast to the end of the step."""
    steps: int
    absolute: float
    squared: float
    signed: float
    within_80: int
    within_95: int


@dataclass(frozen=True)
class _Grid:
    """Forecasts whose steps lie on the same intervals: `origin` is where one starts, the earliest of them."""

    interval: timedelta
    phase: int
    origin: datetime

    def has(self, connection: Connection) -> sa.ColumnElement[bool]:
        """Whether a forecast is one of them."""
        seconds = int(self.interval.total_seconds())
        return (_ISSUED.interval_seconds == seconds) & (_phase(connection) == self.phase)


def count_steps(
    connection: Connection, sensor_ids: Sequence[int] | None, since: datetime | None
) -> dict[int, tuple[int, int]]:
    """Count the forecasts, and the steps, that were issued for each sensor, by identifier."""
    statement = (
        sa.select(_ISSUED.sensor_id, sa.func.count(_ISSUED.forecast_id.distinct()), sa.func.count())
        .join_from(forecasts, forecast_steps)
        .where(*_chosen(sensor_ids, since))
        .group_by(_ISSUED.sensor_id)
        .order_by(_ISSUED.sensor_id)
    )
    return {sensor_id: (issued, steps) for sensor_id, issued, steps in connection.execute(statement)}


def sum_errors(
    connection: Connection, sensor_ids: Sequence[int] | None, since: datetime | None, until: datetime
) -> Iterator[StepSums]:
    """Sum up the errors of the steps that have a reading beside them, by sensor, model, version and step."""
    key = (_ISSUED.sensor_id, _ISSUED.model, _ISSUED.model_version, _STEP.step)
    for grid, joined, mean in _joins(connection, sensor_ids, since, until):
        error = _STEP.value - mean
        statement = joined.with_only_columns(
            *key,
            sa.func.count(),
            sa.func.sum(sa.func.abs(error)),
            sa.func.sum(error * error),
            sa.func.sum(error),
            sa.func.count().filter(mean.between(_STEP.low_80, _STEP.high_80)),
            sa.func.count().filter(mean.between(_STEP.low_95, _STEP.high_95)),
        ).group_by(*key)
        for sensor_id, model, version, step, *sums in connection.execute(statement):
            yield StepSums(sensor_id, model, version, step * grid.interval, *sums)


def joined_steps(
    connection: Connection, sensor_ids: Sequence[int], since: datetime | None, until: datetime
) -> pd.DataFrame:
    """Read the steps that have a reading beside them, one by one, in no order."""
    names = ["forecast_id", "model", "model_version", "issued_at", "target", "step", *STEP_COLUMNS, "reading"]
    columns = (_ISSUED.forecast_id, _ISSUED.model, _ISSUED.model_version, _ISSUED.issued_at, _ISSUED.first_target)
    values = (_STEP.step, *(_STEP[name] for name in STEP_COLUMNS))
    rows: list[tuple[Any, ...]] = []
    for grid, joined, mean in _joins(connection, sensor_ids, since, until):
        for row in connection.execute(joined.with_only_columns(*columns, *values, mean)):
            target = row.first_target + (row.step - 1) * grid.interval
            rows.append((*row[:4], target, *row[5:]))
    import pandas as pd

    return pd.DataFrame(rows, columns=names)


def _joins(
    connection: Connection, sensor_ids: Sequence[int] | None, since: datetime | None, until: datetime
) -> Iterator[tuple[_Grid, sa.Select, sa.ColumnElement[float]]]:
    """For each grid the query that joins, without columns yet, and the column of the mean reading in it."""
    for grid in _grids(connection, sensor_ids, since):
        over = grid.origin + (until - grid.origin) // grid.interval * grid.interval
        read = sensor_readings.c
        within = [read.timestamp >= grid.origin, read.timestamp < over]
        if sensor_ids is not None:
            within.append(read.sensor_id.in_(sensor_ids))
        means = means_query(connection, grid.origin, grid.interval).where(*within).cte("means")
        first_place = place_of_interval(connection, _ISSUED.first_target, grid.origin, grid.interval)
        # Adding 0 keeps the planners from looking up the forecasts anew for each mean, six times as slow.
        is_same = (means.c.sensor_id == _ISSUED.sensor_id + 0) & (means.c.place == first_place + _STEP.step - 1)
        joined = (
            sa.select()
            .select_from(sa.join(forecasts, forecast_steps).join(means, is_same))
            .where(grid.has(connection), *_chosen(sensor_ids, since))
        )
        yield grid, joined, means.c.mean


def _grids(connection: Connection, sensor_ids: Sequence[int] | None, since: datetime | None) -> list[_Grid]:
    phase = _phase(connection).label("phase")
    statement = (
        sa.select(_ISSUED.interval_seconds, phase, sa.func.min(_ISSUED.first_target))
        .where(*_chosen(sensor_ids, since))
        .group_by(_ISSUED.interval_seconds, phase)
    )
    return [_Grid(timedelta(seconds=seconds), *rest) for seconds, *rest in connection.execute(statement)]


def _phase(connection: Connection) -> sa.ColumnElement[int]:
    """How far a forecast starts from a whole multiple of its interval since 1970, in microseconds."""
    length = sa.cast(_ISSUED.interval_seconds, BigInteger) * sa.literal(_MICROSECONDS, BigInteger)
    return microseconds(connection, _ISSUED.first_target) % length


def _chosen(sensor_ids: Sequence[int] | None, since: datetime | None) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if sensor_ids is not None:
        found.append(_ISSUED.sensor_id.in_(sensor_ids))
    if since is not None:
        found.append(_ISSUED.issued_at >= since)
    return found
