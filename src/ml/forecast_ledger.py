"""The ledger of forecasts: each kept as it was issued, whatever is forecast later."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from src.database.engine import reading, writing
from src.database.identifiers import plain_identifier
from src.database.tables import forecast_steps, forecasts
from src.ml.issued_forecast import STEP_COLUMNS, IssuedForecast, checked_forecast
from src.ml.sensor_prediction import checked_limit
from src.ml.sensor_repositories.predictions import kept_for
from src.sensors.bulk import in_parts, store_rows
from src.sensors.existing import existing_sensors
from src.sensors.moments import as_utc

_STEPS = [forecast_steps.c[name] for name in STEP_COLUMNS]
_SECOND = timedelta(seconds=1)
_Key = tuple[int, str, int, datetime, int]


def issue_forecasts(given: Iterable[IssuedForecast], *, engine: Engine | None = None) -> list[int]:
    """Keep forecasts, all of them or none, and return their identifiers in the same order.

    A forecast that is issued again, word for word, is kept once: who looks twice does not make it count twice. Where it
    goes further than before, the further steps are added.

    Raises
    ------
    InvalidPrediction, InvalidPeriod
        As in `checked_forecast`.
    SensorNotFound
        A sensor does not exist.
    """
    wanted = [checked_forecast(forecast) for forecast in given]
    if not wanted:
        return []
    with writing(engine) as connection:
        existing_sensors(connection, [forecast.sensor_id for forecast in wanted], keep=True)
        known = _known(connection, wanted)
        entries, new, further = [], [], []
        for forecast in wanted:
            steps = forecast.steps
            entry = next((entry for entry in known[_key(forecast)] if entry.agrees(steps)), None)
            if entry is None:
                entry = _Entry(steps[:0])
                known[_key(forecast)].append(entry)
                new.append((entry, forecast))
            if len(steps) > len(entry.steps):
                further.append((entry, len(entry.steps), steps))
                entry.steps = steps
            entries.append(entry)
        _insert_headers(connection, new)
        _insert_steps(connection, further)
    return [entry.forecast_id for entry in entries]


def read_forecasts(
    sensor_id: int, *, limit: int = 1, since: datetime | None = None, engine: Engine | None = None
) -> list[IssuedForecast]:
    """Return the forecasts of a sensor as they were issued, the latest first.

    Raises
    ------
    SensorNotFound, InvalidPrediction, InvalidPeriod
        There is no such sensor, or the limit or the time cannot be.
    """
    table = forecasts.c
    limit = checked_limit(limit)
    with reading(engine) as connection:
        (sensor_id,) = existing_sensors(connection, [sensor_id])
        chosen = sa.select(forecasts).where(table.sensor_id == sensor_id)
        if since is not None:
            chosen = chosen.where(table.issued_at >= as_utc(since))
        headers = connection.execute(chosen.order_by(table.issued_at.desc(), table.forecast_id.desc()).limit(limit))
        found = headers.mappings().all()
        steps = _steps_of(connection, [row["forecast_id"] for row in found])
    return [_forecast(dict(row), steps[row["forecast_id"]]) for row in found]


def delete_old_forecasts(days: float | None = None, *, engine: Engine | None = None) -> int:
    """Delete forecasts that were issued more than so many days ago, and return how many these were.

    Parameters
    ----------
    days : float, optional
        FAROL_KEEP_PREDICTIONS_DAYS by default.
    """
    before = datetime.now(UTC) - kept_for(days)
    with writing(engine) as connection:
        return connection.execute(sa.delete(forecasts).where(forecasts.c.issued_at < before)).rowcount


@dataclass(eq=False)
class _Entry:
    """A forecast in the ledger, or on its way there."""

    steps: np.ndarray
    forecast_id: int = 0

    def agrees(self, steps: np.ndarray) -> bool:
        """Whether the same was said of the steps that both have."""
        both = min(len(self.steps), len(steps))
        return np.array_equal(self.steps[:both], steps[:both])


def _key(forecast: IssuedForecast) -> _Key:
    sensor_id = plain_identifier(forecast.sensor_id)
    return sensor_id, forecast.model, forecast.model_version, forecast.first_target, forecast.interval // _SECOND


def _known(connection: Connection, wanted: Sequence[IssuedForecast]) -> defaultdict[_Key, list[_Entry]]:
    """What the ledger has from the same models for the same targets."""
    table = forecasts.c
    columns = (table.sensor_id, table.model, table.model_version, table.first_target, table.interval_seconds)
    found: defaultdict[_Key, list[_Entry]] = defaultdict(list)
    for some in in_parts(wanted):
        statement = sa.select(*columns, table.forecast_id).where(
            table.sensor_id.in_({plain_identifier(forecast.sensor_id) for forecast in some}),
            table.first_target.in_({forecast.first_target for forecast in some}),
        )
        keys: dict[int, _Key] = {row[-1]: tuple(row[:-1]) for row in connection.execute(statement)}
        for forecast_id, steps in _steps_of(connection, list(keys)).items():
            if all(entry.forecast_id != forecast_id for entry in found[keys[forecast_id]]):
                found[keys[forecast_id]].append(_Entry(steps, forecast_id))
    return found


def _steps_of(connection: Connection, forecast_ids: Sequence[int]) -> dict[int, np.ndarray]:
    found = {}
    for some in in_parts(forecast_ids):
        identifier = forecast_steps.c.forecast_id
        statement = (
            sa.select(identifier, *_STEPS).where(identifier.in_(some)).order_by(identifier, forecast_steps.c.step)
        )
        rows = np.array([tuple(row) for row in connection.execute(statement)], np.float64).reshape(-1, 1 + len(_STEPS))
        for part in np.split(rows, np.flatnonzero(np.diff(rows[:, 0])) + 1):
            if len(part):
                found[int(part[0, 0])] = part[:, 1:]
    return found


def _insert_headers(connection: Connection, new: Sequence[tuple[_Entry, IssuedForecast]]) -> None:
    if not new:
        return
    names = ("sensor_id", "model", "model_version", "first_target", "interval_seconds")
    rows = [dict(zip(names, _key(forecast), strict=True), issued_at=forecast.issued_at) for _, forecast in new]
    statement = sa.insert(forecasts).returning(forecasts.c.forecast_id, sort_by_parameter_order=True)
    for (entry, _), forecast_id in zip(new, connection.scalars(statement, rows), strict=True):
        entry.forecast_id = forecast_id


def _insert_steps(connection: Connection, further: Sequence[tuple[_Entry, int, np.ndarray]]) -> None:
    if not further:
        return
    steps = np.concatenate([steps[known:] for _, known, steps in further])
    columns: dict[str, Any] = {
        "forecast_id": np.concatenate(
            [np.full(len(steps) - known, entry.forecast_id) for entry, known, steps in further]
        ),
        "step": np.concatenate([np.arange(known, len(steps)) + 1 for _, known, steps in further]),
    }
    store_rows(connection, "forecast_steps", columns | dict(zip(STEP_COLUMNS, steps.T, strict=True)))


def _forecast(header: dict[str, Any], steps: np.ndarray) -> IssuedForecast:
    interval = timedelta(seconds=header.pop("interval_seconds"))
    return IssuedForecast(interval=interval, **header, **dict(zip(STEP_COLUMNS, steps.T, strict=True)))
