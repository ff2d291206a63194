"""Training sensors' models as a job: checked before it starts, told as it goes, and what was saved stays."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from src.database.activities import read_activities
from src.database.engine import get_engine
from src.errors import FarolError, InvalidDetector, InvalidForecast, InvalidPeriod, InvalidTraining
from src.jobs.kinds import function_of
from src.ml.ml_engine import create_ml_engine
from src.ml.sensor_models import retraining
from src.ml.sensor_models.readiness import lacks_models, readiness
from src.ml.sensor_models.retraining import Plan
from src.ml.sensor_models.store import SensorModels
from src.ml.sensor_models.training_job import parameters_for, run, train_sensors
from src.ml.sensor_models.training_report import KIND, read_report
from src.sensors.sensor_manager import create_sensor_manager
from tests.integration.sensor_samples import HOUR, add_sensor, store


@dataclass
class Job:
    """A job that remembers what it was told."""

    folder: Path = Path()
    told: list[tuple[float, str, dict[str, Any] | None]] = field(default_factory=list)

    @property
    def report(self) -> Callable[[float, str, dict[str, Any] | None], None]:
        return lambda *what: self.told.append(what)


@pytest.fixture
def engine(sqlite_database: None) -> sa.Engine:
    """One database will do: nothing here depends on which."""
    return get_engine()


def values(count: int) -> list[float]:
    rng = np.random.default_rng(3)
    return [20 + 5 * math.sin(place * math.pi / 12) + float(rng.normal(0, 0.3)) for place in range(count)]


@pytest.fixture
def sensors(engine: sa.Engine) -> dict[str, int]:
    """One sensor with enough, one with enough for a detector only, one without a reading, one out of use."""
    ids = {name: add_sensor(engine, name) for name in ("good", "few", "silent")}
    store(engine, ids["good"], values(120), step=HOUR)
    store(engine, ids["few"], values(40), step=HOUR)
    ids["unused"] = add_sensor(engine, "unused", enabled=False)
    store(engine, ids["unused"], values(120), step=HOUR)
    return ids


def test_it_trains_what_can_be_trained_and_says_why_not_the_rest(sensors: dict[str, int]) -> None:
    job = Job()
    report = read_report(run(parameters_for(None, Plan()), job))
    assert (report.sensors, report.models, report.gone) == (3, 6, 0)
    assert (report.anomaly_detectors, report.forecasters, report.skipped) == (2, 1, 0)
    assert {(one.sensor, one.kind): str(one.why) for one in report.failures} == {
        ("silent", "anomaly"): "The sensor 'silent' has no good readings.",
        ("silent", "forecaster"): "The sensor 'silent' has no good readings.",
        ("few", "forecaster"): "There are 40 values at different times; a forecaster needs at least 50. "
        "Take a longer history.",
    }
    status = {row["display_name"]: row for row in create_ml_engine().get_ml_status()["sensors"]}
    assert status["good"]["forecaster"].version == status["few"]["anomaly_detector"].version == 1
    assert status["few"]["forecaster"] is None

    shares = [share for share, _, _ in job.told]
    assert shares == sorted(shares)
    assert job.told[-1][:2] == (1.0, "6/6")
    assert any(0 < share < 1 for share in shares)

    again = read_report(run(parameters_for([sensors["good"]], Plan(skip_unchanged=True)), Job()))
    assert (again.models, again.trained, again.skipped, again.failures) == (2, 0, 2, ())


def test_sensors_that_went_meanwhile_are_left_out_and_counted(engine: sa.Engine, sensors: dict[str, int]) -> None:
    asked = parameters_for(sensors.values(), Plan(kinds=("anomaly",)))
    create_sensor_manager(engine).delete(sensors["few"], actor="Ana")
    report = read_report(run(asked, Job()))
    assert (report.sensors, report.gone, report.anomaly_detectors) == (2, 2, 1)


def test_who_has_had_models_trained_is_kept_once_a_job(sensors: dict[str, int]) -> None:
    run(parameters_for(None, Plan(kinds=("anomaly",)), actor="Ana"), Job())
    run(parameters_for([sensors["good"]], Plan(kinds=("anomaly",)), actor="Rui"), Job())
    before_there_were_actors = parameters_for([sensors["few"]], Plan(kinds=("anomaly",)))
    del before_there_were_actors["actor"]
    run(before_there_were_actors, Job())
    assert [(act.actor, act.subject, str(act.action)) for act in read_activities("sensor")] == [
        ("", "few", "the training of its models was started"),
        ("Rui", "good", "the training of its models was started"),
        ("Ana", "", "the training of the models of 3 sensors was started"),
    ]


def test_with_none_of_them_left_there_is_nothing_to_train(sensors: dict[str, int]) -> None:
    for chosen in ([999], [sensors["unused"]]):
        with pytest.raises(InvalidTraining, match="None of these sensors is in use"):
            train_sensors(chosen, Plan())
    assert read_activities() == []


@pytest.mark.parametrize(
    ("plan", "error", "message"),
    [
        (Plan(kinds=()), InvalidTraining, "Nothing is chosen"),
        (Plan(kinds=("anomaly", "magic")), InvalidTraining, "'magic'"),
        (Plan(model="magic"), InvalidForecast, "'magic'"),
        (Plan(contamination=0.6), InvalidDetector, r"0\.6"),
        (Plan(contamination=math.nan), InvalidDetector, "nan"),
        (Plan(detector_hours=0), InvalidPeriod, "0 hours"),
        (Plan(forecaster_hours=-1), InvalidPeriod, "-1 hours"),
        (Plan(forecaster_hours=1e9), InvalidPeriod, "hours"),
    ],
)
def test_a_plan_that_cannot_be_carried_out_is_refused_before_the_job_and_in_it(
    sensors: dict[str, int], plan: Plan, error: type[FarolError], message: str
) -> None:
    with pytest.raises(error, match=message):
        parameters_for(None, plan)
    with pytest.raises(error, match=message):
        run({"sensor_ids": None, **vars(plan)}, Job())
    assert SensorModels().versions() == {}


def test_no_sensor_is_no_training(engine: sa.Engine) -> None:
    with pytest.raises(InvalidTraining, match="No sensor is chosen"):
        parameters_for([], Plan())


def test_what_is_told_as_trained_is_saved_by_then(sensors: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retraining, "_SECONDS_UNSAVED", 0.0)
    told: list[tuple[int, int]] = []
    train_sensors(
        [sensors["good"], sensors["few"]],
        Plan(),
        on_progress=lambda so_far, done: told.append((so_far.trained, len(SensorModels().versions()))),
    )
    assert told
    assert all(trained == saved for trained, saved in told)


def test_progress_counts_what_waits_to_be_saved(sensors: dict[str, int]) -> None:
    told: list[tuple[int, int]] = []
    train_sensors([sensors["good"]], Plan(), on_progress=lambda so_far, done: told.append((so_far.trained, done)))
    assert (0, 1) in told or (0, 2) in told
    assert told[-1] == (2, 2)


def test_the_job_has_its_function() -> None:
    assert function_of(KIND) is run


def test_each_kind_of_model_has_its_samples_and_its_reason(engine: sa.Engine, sensors: dict[str, int]) -> None:
    looked = {
        one.sensor.display_name: one for one in readiness(create_sensor_manager(engine).get_all_sensors(), Plan())
    }
    assert {name: one.can_be_trained for name, one in looked.items()} == {
        "good": True,
        "few": False,
        "silent": False,
        "unused": False,
    }
    good, few = looked["good"].samples, looked["few"].samples
    assert (good["anomaly"].count, good["anomaly"].is_least) == (120, False)  # 24 in a day are not enough to stop there
    assert (good["forecaster"].count, good["forecaster"].is_least) == (72, True)
    assert few["anomaly"].reason is None
    assert "40 samples in the 672 hours" in str(few["forecaster"].reason)
    assert str(looked["silent"].samples["anomaly"].reason) == "There are no good readings to learn from."
    assert "out of use" in str(looked["unused"].samples["anomaly"].reason)
    assert looked["silent"].newest is None


def test_only_the_hours_and_kinds_of_the_plan_count(engine: sa.Engine, sensors: dict[str, int]) -> None:
    good = [create_sensor_manager(engine).get_sensor(sensors["good"])]
    (looked,) = readiness(good, Plan(kinds=("forecaster",), forecaster_hours=30))
    assert set(looked.samples) == {"forecaster"}
    assert "30 samples in the 30 hours" in str(looked.samples["forecaster"].reason)


def test_a_sensor_lacks_models_until_it_has_all_of_the_plan(engine: sa.Engine, sensors: dict[str, int]) -> None:
    good = create_sensor_manager(engine).get_sensor(sensors["good"])
    create_ml_engine().train_anomaly_detector(good.sensor_id)
    versions = SensorModels().versions()
    assert lacks_models(good, Plan(), versions)
    assert not lacks_models(good, Plan(kinds=("anomaly",)), versions)
