"""How good the forecasts of sensors were: those in the ledger, beside the readings that came since."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from src.database.engine import reading
from src.ml.forecasts_beside_readings import StepSums, count_steps, joined_steps, sum_errors
from src.sensors.existing import existing_sensors
from src.sensors.moments import as_utc

if TYPE_CHECKING:
    import pandas as pd

HORIZONS = tuple(timedelta(hours=hours) for hours in (1, 3, 6, 12, 24, 48, 168))
"""Where the buckets of horizons end; what lies beyond is one more."""


@dataclass(frozen=True)
class ForecastErrors:
    """Errors of some steps, forecast minus reading, in the sensor's unit.

    Attributes
    ----------
    steps : int
        How many steps have a reading beside them.
    mae, rmse, bias : float
        Mean absolute error, root of the mean squared error, mean error.
    coverage_80, coverage_95 : float
        Share of the readings within the bounds, 0 to 1; nominally 0.80 and 0.95.
    """

    steps: int
    mae: float
    rmse: float
    bias: float
    coverage_80: float
    coverage_95: float


@dataclass(frozen=True)
class HorizonErrors:
    """Errors of the steps that end more than `above` and at most `up_to` after the start of their forecast."""

    above: timedelta
    up_to: timedelta | None
    errors: ForecastErrors


@dataclass(frozen=True)
class VersionErrors:
    """Errors of one version of a model."""

    model: str
    model_version: int
    errors: ForecastErrors


@dataclass(frozen=True)
class ForecastAccuracy:
    """How good the forecasts of one sensor were.

    Attributes
    ----------
    forecasts, steps : int
        What was issued.
    errors : ForecastErrors, optional
        Of all steps that have a reading beside them; None where there are none yet.
    by_horizon : tuple of HorizonErrors
        From near to far, without empty ones.
    by_version : tuple of VersionErrors
        The newest version of each model first.
    """

    sensor_id: int
    forecasts: int = 0
    steps: int = 0
    errors: ForecastErrors | None = None
    by_horizon: tuple[HorizonErrors, ...] = ()
    by_version: tuple[VersionErrors, ...] = ()

    @property
    def waiting(self) -> int:
        """How many steps have no reading beside them (yet)."""
        return self.steps - (self.errors.steps if self.errors else 0)


def forecast_accuracy(
    sensor_id: int, *, since: datetime | None = None, until: datetime | None = None, engine: Engine | None = None
) -> ForecastAccuracy:
    """Compare the forecasts of one sensor with its readings; parameters and errors as in `forecast_accuracies`."""
    (accuracy,) = forecast_accuracies([sensor_id], since=since, until=until, engine=engine).values()
    return accuracy


def forecast_accuracies(
    sensor_ids: Iterable[int] | None = None,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    engine: Engine | None = None,
) -> dict[int, ForecastAccuracy]:
    """Compare the forecasts of some sensors, or of all that have any, with the readings that came since.

    A step is compared with the mean of the good readings in its interval, an hourly one with the hourly mean, once the
    interval is over. The database joins and sums up, whatever the number of forecasts.

    Parameters
    ----------
    since : datetime, optional
        Only forecasts issued from then on; all by default.
    until : datetime, optional
        Only steps whose interval is over then; the present by default.

    Raises
    ------
    SensorNotFound, InvalidPeriod
        A sensor does not exist, or a time cannot be used.
    """
    since, until = None if since is None else as_utc(since), datetime.now(UTC) if until is None else as_utc(until)
    with reading(engine) as connection:
        wanted = None if sensor_ids is None else existing_sensors(connection, sensor_ids)
        issued = count_steps(connection, wanted, since)
        sums: dict[int, list[StepSums]] = {}
        for one in sum_errors(connection, wanted, since, until):
            sums.setdefault(one.sensor_id, []).append(one)
    return {
        sensor_id: _accuracy(sensor_id, *issued.get(sensor_id, (0, 0)), sums.get(sensor_id, []))
        for sensor_id in (issued if wanted is None else wanted)
    }


def steps_beside_readings(
    sensor_id: int, *, since: datetime | None = None, until: datetime | None = None, engine: Engine | None = None
) -> pd.DataFrame:
    """Return each step that was forecast for a sensor beside the reading that came; parameters and errors as above.

    Returns
    -------
    DataFrame
        Columns ``forecast_id``, ``model``, ``model_version``, ``issued_at`` and ``target`` (UTC), ``step``, ``value``,
        ``low_80``, ``high_80``, ``low_95``, ``high_95`` and ``reading`` (the mean of the interval's good readings), by
        issue and step. Steps without a reading are not in it.
    """
    since, until = None if since is None else as_utc(since), datetime.now(UTC) if until is None else as_utc(until)
    with reading(engine) as connection:
        wanted = existing_sensors(connection, [sensor_id])
        table = joined_steps(connection, wanted, since, until)
    return table.sort_values(["issued_at", "forecast_id", "step"], ignore_index=True)


def _accuracy(sensor_id: int, forecasts: int, steps: int, sums: Sequence[StepSums]) -> ForecastAccuracy:
    if not sums:
        return ForecastAccuracy(sensor_id, forecasts, steps)
    edges = (timedelta(0), *HORIZONS, None)
    by_horizon = [
        HorizonErrors(above, up_to, _errors(some))
        for above, up_to in pairwise(edges)
        if above is not None and (some := [one for one in sums if _is_within(one.horizon, above, up_to)])
    ]
    versions = sorted({(one.model, one.model_version) for one in sums}, key=lambda key: (key[0], -key[1]))
    by_version = [
        VersionErrors(*key, _errors([one for one in sums if (one.model, one.model_version) == key])) for key in versions
    ]
    return ForecastAccuracy(sensor_id, forecasts, steps, _errors(sums), tuple(by_horizon), tuple(by_version))


def _is_within(horizon: timedelta, above: timedelta, up_to: timedelta | None) -> bool:
    return above < horizon and (up_to is None or horizon <= up_to)


def _errors(sums: Sequence[StepSums]) -> ForecastErrors:
    steps = sum(one.steps for one in sums)
    return ForecastErrors(
        steps=steps,
        mae=sum(one.absolute for one in sums) / steps,
        rmse=(sum(one.squared for one in sums) / steps) ** 0.5,
        bias=sum(one.signed for one in sums) / steps,
        coverage_80=sum(one.within_80 for one in sums) / steps,
        coverage_95=sum(one.within_95 for one in sums) / steps,
    )
