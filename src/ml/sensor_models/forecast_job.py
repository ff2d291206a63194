"""A forecast as a job, for models whose libraries take seconds to import or that take long to fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from src.ml.ml_engine import create_ml_engine
from src.ml.sensor_models.forecast_report import Components, ForecastReport, forecast_components, forecast_report
from src.sensors.sensor_manager import Sensor, create_sensor_manager

if TYPE_CHECKING:
    from src.ml.comparison_job import Job

KIND = "forecast_sensor"


@dataclass(frozen=True)
class JobForecast:
    """What the job leaves behind."""

    report: ForecastReport
    components: Components


def parameters_for(sensor: Sensor, periods: int, model: str) -> dict[str, Any]:
    """Return the parameters of the job; the same ones ask for the same thing, perhaps of newer readings.

    The name is among them because a new sensor may get the identifier of a deleted one.
    """
    return {"sensor_id": sensor.sensor_id, "sensor": sensor.display_name, "periods": periods, "model": model}


def run(parameters: dict[str, Any], job: Job) -> dict[str, Any]:
    """Forecast a sensor.

    Parameters
    ----------
    parameters : dict
        As `parameters_for` makes them.

    Returns
    -------
    dict
        For `read_forecast`.
    """
    engine, model = create_ml_engine(), parameters["model"]
    sensor = create_sensor_manager().get_sensor(parameters["sensor_id"])
    report = forecast_report(
        engine,
        sensor,
        parameters["periods"],
        model,
        on_progress=lambda share, doing: job.report(share, doing, None),
    )
    job.report(0.9, "components", None)
    components = forecast_components(engine, sensor.sensor_id, model)
    return {"report": report.to_record(), "components": components.to_record()}


def read_forecast(record: dict[str, Any]) -> JobForecast:
    """Rebuild what `run` has returned."""
    return JobForecast(ForecastReport.from_record(record["report"]), Components.from_record(record["components"]))
