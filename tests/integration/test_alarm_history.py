"""What a detector has said, beside failures and verdicts, and drawn from the readings in the database."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from src.database.engine import writing
from src.errors import NoReadings, SensorNotFound
from src.ml.anomalies.alarms import ALARM_SCORE
from src.ml.anomaly_verdicts import Verdict, add_verdict
from src.ml.ml_engine import MLEngine
from src.ml.sensor_models.alarm_history import AlarmHistory, scores_table
from src.ml.sensor_models.judged_past import JudgedPast
from src.ml.sensor_models.judged_series import judged_series
from src.ml.sensor_models.threshold_replay import replay_threshold
from src.notes import Note
from src.sensors.event_changes import add_event
from src.sensors.events import Event
from src.sensors.reading_stream import Period
from tests.integration.sensor_samples import HOUR, NOON, TEN_MINUTES, add_sensor, store

ROWS, JUMP, GAP = 1_200, 1_000, 900


def readings() -> np.ndarray:
    values = 40 + 5 * np.sin(np.arange(ROWS) / 144 * 2 * np.pi) + np.random.default_rng(3).normal(0, 0.5, ROWS)
    values[JUMP : JUMP + 30] += 25
    return values


def whole() -> Period:
    return Period(NOON, NOON + ROWS * TEN_MINUTES)


@pytest.fixture
def saw(engine: sa.Engine) -> int:
    """A sensor that jumps; some readings before that have no value."""
    sensor_id = add_sensor(engine)
    values: list[float | None] = readings().tolist()
    values[GAP : GAP + 3] = [None] * 3
    store(engine, sensor_id, values)
    return sensor_id


@pytest.fixture
def ml(engine: sa.Engine, tmp_path: Path) -> MLEngine:
    return MLEngine(engine, tmp_path / "sensors")


@pytest.fixture
def history(ml: MLEngine, saw: int) -> AlarmHistory:
    ml.train_anomaly_detector(saw, hours=672)
    return ml.alarm_history(saw)


def test_it_has_the_failures_of_the_machine_and_the_verdicts_on_the_sensor(engine, ml, saw):
    other = add_sensor(engine, "Saw light")
    for kind, hour in (("failure", 0), ("maintenance", 3)):
        add_event(Event("Saw", kind, NOON + hour * HOUR, NOON + (hour + 1) * HOUR), actor="", engine=engine)
    for sensor_id in (saw, other):
        verdict = Verdict(sensor_id=sensor_id, started_at=NOON, ended_at=NOON + HOUR, kind="real")
        add_verdict(verdict, actor="", engine=engine)
    history = ml.alarm_history(saw)
    assert [(event.kind, event.started_at) for event in history.failures] == [("failure", NOON)]
    assert [verdict.sensor_id for verdict in history.verdicts] == [saw]


def test_a_replay_with_the_threshold_in_use_gives_the_alarms_that_were_raised(history):
    raised = history.past.times[history.past.is_anomaly]
    assert len(raised)
    assert replay_threshold(history, history.alarm_threshold).times.tolist() == raised.tolist()


def test_a_threshold_that_was_set_holds_in_a_new_engine(engine, ml, saw, history, tmp_path):
    ml.set_alarm_threshold(saw, 3.25)
    again = MLEngine(engine, tmp_path / "sensors").alarm_history(saw)
    assert (again.alarm_threshold, len(again.past)) == (3.25, len(history.past))


def test_sensors_that_are_not_there_and_such_without_readings_are_refused(engine, ml):
    with pytest.raises(SensorNotFound):
        ml.alarm_history(404)
    with pytest.raises(NoReadings):
        ml.alarm_history(add_sensor(engine, "Saw light"))


def test_the_happening_of_the_jump_has_its_verdict_beside_it(engine, ml, saw, history):
    (jump, *_others) = [one for one in history.stretches() if one.started_at >= NOON + (JUMP - 1) * TEN_MINUTES]
    for start, kind in ((NOON, "planned"), (jump.started_at, "real")):
        verdict = Verdict(sensor_id=saw, started_at=start, ended_at=start + HOUR, kind=kind)
        add_verdict(verdict, actor="", engine=engine)
    found = ml.alarm_history(saw).happenings(whole())
    beside = {one.started_at: (one.stretch == jump, one.verdict and one.verdict.kind) for one in found}
    assert beside[jump.started_at] == (True, "real")
    assert beside[NOON] == (False, "planned")
    assert [one.started_at for one in found] == sorted(beside, reverse=True)
    assert ml.alarm_history(saw).happenings(Period(NOON - HOUR, NOON)) == []


def test_the_table_of_scores_says_what_was_said_of_each_reading(history):
    table = scores_table(history, whole())
    assert len(table) == len(history.past)
    assert table["is_alarm"].sum() == history.past.is_anomaly.sum()
    assert (table.loc[table["is_alarm"], "score"] >= ALARM_SCORE - 1e-6).all()
    assert table.loc[~table["is_learnt"], "score"].isna().any()
    assert table.loc[table["sensor_fault"] != "", "score"].isna().all()
    assert len(scores_table(history, Period(NOON, NOON + HOUR))) <= 6


def test_marks_lie_on_the_readings_and_lines_stay_small(engine, saw, history):
    drawn = judged_series(saw, history.past, whole(), most=400, engine=engine)
    by_time = dict(zip(pd.date_range(NOON.replace(tzinfo=None), periods=ROWS, freq="10min"), readings(), strict=True))
    assert len(drawn.alarms) == history.past.is_anomaly.sum()
    assert drawn.alarms.values.tolist() == [by_time[pd.Timestamp(time)] for time in drawn.alarms.times]
    assert max(drawn.readings.times.size, drawn.score_times.size) <= 400
    assert np.nanmax(drawn.strengths) == pytest.approx(np.nanmax(history.past.strengths))
    assert len(drawn.faults) == len(drawn.fault_reasons)


def test_faults_without_a_value_are_marked_as_such(engine, saw, history):
    fault = history.past.times[-3]
    past = JudgedPast(
        history.past.times,
        history.past.strengths,
        history.past.is_anomaly,
        history.past.is_learnt,
        {fault: Note("It is silent.")},
    )
    drawn = judged_series(saw, past, whole(), engine=engine)
    assert (drawn.faults.times.tolist(), [str(reason) for reason in drawn.fault_reasons]) == (
        [fault.item()],
        ["It is silent."],
    )
    with writing(engine) as connection:
        connection.execute(sa.text("DELETE FROM sensor_readings"))
    gone = judged_series(saw, past, whole(), engine=engine)
    assert np.isnan(gone.faults.values).all()
    assert np.isnan(gone.alarms.values).all()


def test_a_period_without_anything_draws_nothing(engine, saw, history):
    drawn = judged_series(saw, history.past, Period(NOON - 2 * HOUR, NOON - HOUR), engine=engine)
    assert (drawn.readings.times.size, drawn.score_times.size, len(drawn.alarms), len(drawn.faults)) == (0, 0, 0, 0)
