"""A sensor that goes takes along all that was said of it: SQLite gives its identifier to the next one."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from src.database.engine import reading
from src.database.tables import anomaly_verdicts, forecast_steps, forecasts, metadata, ml_predictions
from src.ml.anomaly_verdicts import Verdict, add_verdict, read_verdicts
from src.ml.forecast_accuracy import forecast_accuracy
from src.ml.forecast_ledger import issue_forecasts, read_forecasts
from src.ml.repositories import PredictionRepository
from src.ml.sensor_prediction import SensorPrediction
from src.sensors.demo_plant import clear_demo_plant, load_demo_plant
from src.sensors.sensor_manager import create_sensor_manager
from tests.integration.sensor_samples import HOUR, NOON, add_sensor, store
from tests.integration.test_forecast_ledger import forecast

OF_SENSORS = (ml_predictions, forecasts, forecast_steps, anomaly_verdicts)


def speak_of(engine: sa.Engine, sensor_id: int) -> None:
    """Predict, forecast and judge, a row of each."""
    saying = SensorPrediction(
        sensor_id=sensor_id, model_type="ANOMALY_DETECTOR", prediction_timestamp=NOON, anomaly_score=0.9
    )
    PredictionRepository(engine).save(saying)
    issue_forecasts([forecast(sensor_id, [1.0])], engine=engine)
    span = {"started_at": NOON, "ended_at": NOON + HOUR}
    add_verdict(Verdict(sensor_id=sensor_id, kind="real", **span), actor="Ana", engine=engine)


def rows(engine: sa.Engine) -> list[int]:
    with reading(engine) as connection:
        return [connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for table in OF_SENSORS]


def test_a_deleted_sensor_takes_along_what_was_said_of_it_and_of_no_other(engine):
    gone, stays = add_sensor(engine, "gone"), add_sensor(engine, "stays")
    for sensor_id in (gone, stays):
        store(engine, sensor_id, [1.0])
        speak_of(engine, sensor_id)
    manager = create_sensor_manager(engine)
    manager.delete(gone, actor="Ana")
    assert rows(engine) == [1, 1, 1, 1]
    assert [found.sensor_id for found in read_verdicts(engine=engine)] == [stays]
    assert len(read_forecasts(stays, engine=engine)) == len(PredictionRepository(engine).by_sensor(stays)) == 1
    manager.delete(stays, actor="Ana")
    heir = add_sensor(engine, "heir")
    assert rows(engine) == [0, 0, 0, 0]
    assert PredictionRepository(engine).by_sensor(heir) == []
    assert forecast_accuracy(heir, engine=engine).forecasts == 0


@pytest.mark.parametrize("replace", [True, False])
def test_a_demo_plant_that_goes_takes_along_what_was_said_of_its_sensors(engine, replace):
    own = add_sensor(engine, "own")
    load_demo_plant(days=1, equipment=1, engine=engine)
    for sensor in create_sensor_manager(engine).get_enabled_sensors():
        speak_of(engine, sensor.sensor_id)
    assert rows(engine) == [4, 4, 4, 4]
    if replace:
        load_demo_plant(days=2, equipment=2, clear=True, engine=engine)
    else:
        clear_demo_plant(engine=engine)
    assert rows(engine) == [1, 1, 1, 1]
    assert [found.sensor_id for found in read_verdicts(engine=engine)] == [own]


def test_no_table_that_speaks_of_sensors_keeps_one_from_being_deleted():
    keys = [key for table in metadata.tables.values() for key in table.foreign_keys]
    assert {key.ondelete for key in keys} == {"CASCADE"}
    assert {key.parent.table for key in keys} >= set(OF_SENSORS)
