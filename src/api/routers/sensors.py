"""Sensors: their readings in, what their models say of them out."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from src.api.access import require_write
from src.api.schemas import (
    AnomaliesAnswer,
    ForecastAnswer,
    Moment,
    NewReadings,
    SensorAnswer,
    SensorId,
    SensorsAnswer,
    StoredAnswer,
)
from src.api.strict_json import StrictRoute
from src.database.engine import reading
from src.sensors.history import newest_readings
from src.sensors.received_readings import store_received
from src.sensors.sensor_manager import create_sensor_manager

MOST_PERIODS = 1_000
Forecaster = Literal["auto", "prophet", "seasonal_naive", "auto_ets", "auto_theta", "mstl"]
"""Those of the engine but for `auto_arima`: it learns for minutes, and one request after another would wait for it."""

router = APIRouter(prefix="/api/v1", tags=["sensors"], route_class=StrictRoute)


@router.post("/readings", dependencies=[Depends(require_write)])
def add_readings(batch: NewReadings) -> StoredAnswer:
    """Store readings: all of them, or none.

    Sent twice they change nothing the second time, and `new` says so. A reading that is stored already with another
    value or quality is not replaced: the batch is refused with 409.
    """
    return StoredAnswer.model_validate(store_received([each.received() for each in batch.readings]))


@router.get("/sensors")
def list_sensors() -> SensorsAnswer:
    """List all sensors with their newest good readings."""
    sensors = create_sensor_manager().get_all_sensors()
    with reading() as connection:
        newest = newest_readings(connection, [sensor.sensor_id for sensor in sensors])
    answers = [SensorAnswer.of(sensor, newest.get(sensor.sensor_id)) for sensor in sensors]
    return SensorsAnswer(sensors=answers, count=len(answers))


@router.get("/sensors/{sensor_id}/forecast", response_model=ForecastAnswer)
async def forecast(
    request: Request,
    sensor_id: Annotated[SensorId, Path()],
    periods: Annotated[int, Query(ge=1, le=MOST_PERIODS, description="Hours ahead.")] = 24,
    model: Annotated[Forecaster, Query(description="What forecasts; `auto` needs no tuning.")] = "auto",
) -> Response:
    """Forecast a sensor's coming hours.

    The first call for a sensor trains its forecaster. The forecast enters the ledger as it is issued; while the model
    and the newest reading are the same it is served from memory.
    """
    answers = request.app.state.sensor_answers
    content = await request.app.state.lookups.known_or_made(answers.known, answers.forecast, sensor_id, periods, model)
    return Response(content, media_type="application/json")


@router.get("/sensors/{sensor_id}/anomalies")
def anomalies(
    request: Request,
    sensor_id: Annotated[SensorId, Path()],
    since: Annotated[Moment | None, Query(description="A week before `until` when left out.")] = None,
    until: Annotated[Moment | None, Query(description="Not included; the newest reading when left out.")] = None,
) -> AnomaliesAnswer:
    """Tell whether a sensor's newest reading is normal, and list its alarms of a period.

    The first call for a sensor trains its detector.
    """
    return request.app.state.sensor_answers.anomalies(sensor_id, since, until)
