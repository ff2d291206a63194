"""`python -m src sensors …` as a person types it."""

from __future__ import annotations

import math

import pytest
from typer.testing import CliRunner, Result

from src.cli import app
from src.config import Settings
from src.database.acting import acting_name
from src.database.activities import read_activities
from src.database.engine import get_engine
from src.errors import FarolError
from src.ml.sensor_models.store import SensorModels
from tests.integration.sensor_samples import HOUR, add_sensor, store


@pytest.fixture
def plant(sqlite_database: None) -> dict[str, int]:
    ids = {name: add_sensor(get_engine(), name) for name in ("7", "empty")}
    store(get_engine(), ids["7"], [math.sin(place / 4) for place in range(80)], step=HOUR)
    return ids


def call(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["sensors", *arguments])


def test_a_sensor_is_trained_by_name_or_identifier_and_its_models_are_listed(plant: dict[str, int]) -> None:
    trained = call("train", "--sensor", "7", "--sensor", str(plant["empty"]), "--kind", "anomaly")
    assert trained.exit_code == 0, trained.output
    assert "1 detectors and 0 forecasters trained, 0 up to date already, 1 not trained" in trained.output
    assert "The sensor 'empty' has no good readings." in " ".join(trained.output.split())
    assert [version.sensor_id for version in SensorModels().versions().values()] == [plant["7"]]
    (act,) = read_activities()
    assert (act.actor, act.kind) == (acting_name(), "sensor")
    listed = call("status").output
    assert "v1" in listed
    assert "2 sensors, 1 with a detector, 0 with a forecaster; 0% have both." in listed
    again = call("train", "--sensor", "7", "--kind", "anomaly", "--skip-unchanged")
    assert again.exit_code == 0
    assert "1 up to date already" in again.output


def test_it_fails_where_nothing_could_be_trained(plant: dict[str, int]) -> None:
    result = call("train", "--sensor", "empty", "--kind", "anomaly")
    assert result.exit_code == 1
    assert "1 not trained" in result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--sensor", "nobody"], "no sensor named 'nobody'"),
        (["--sensor", "99"], "no sensor 99"),
        (["--kind", "magic"], "no kind of model 'magic'"),
        (["--model", "magic"], "no forecaster 'magic'"),
        (["--hours", "0"], "0.0 hours are no length of time"),
    ],
)
def test_what_there_is_not_is_refused_by_name(plant: dict[str, int], arguments: list[str], message: str) -> None:
    result = call("train", *arguments)
    assert isinstance(result.exception, FarolError)
    assert message in str(result.exception)
    assert SensorModels().versions() == {}


def test_without_sensors_the_status_says_so(settings: Settings) -> None:
    assert call("status").output.strip() == "There are no sensors in use."
