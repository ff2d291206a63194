"""The demo plant in real databases: loaded, brought up to now, removed, by one process or by several."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
import sqlalchemy as sa

from src.config import PROJECT_ROOT
from src.database.engine import reading, writing
from src.database.tables import app_state, equipment_events, sensor_readings, sensors
from src.errors import InvalidDemoPlant
from src.sensors.demo_plant import bring_up_to_now, clear_demo_plant, get_demo_plant, load_demo_plant
from src.sensors.events import Event, add_events, read_events
from src.sensors.plant_state import plant_state
from src.sensors.readings import add_readings, read_readings
from src.sensors.sensor_manager import SensorDescription, create_sensor_manager, delete_sensors

NOW = datetime(2026, 5, 20, 14, 33, 7, tzinfo=UTC)
LAST_MARK = datetime(2026, 5, 20, 14, 30, tzinfo=UTC)


def content(engine: sa.Engine) -> tuple[pd.DataFrame, list[Event]]:
    with reading(engine) as connection:
        return read_readings(engine=engine), read_events(connection)


def counts(engine: sa.Engine) -> list[int | None]:
    tables = (sensors, sensor_readings, equipment_events, app_state)
    with reading(engine) as connection:
        return [connection.scalar(sa.select(sa.func.count()).select_from(table)) for table in tables]


def test_it_has_three_sensors_a_machine_and_readings_every_ten_minutes_up_to_now(engine):
    loaded = load_demo_plant(days=10, equipment=2, now=NOW, engine=engine)
    all_sensors = create_sensor_manager(engine).get_enabled_sensors()
    assert [sensor.display_name for sensor in all_sensors[:4]] == [
        "Press 1 light",
        "Press 1 temperature",
        "Press 1 vibration",
        "Pump 2 light",
    ]
    assert [sensor.unit for sensor in all_sensors[:3]] == ["lx", "°C", "mm/s"]
    readings = read_readings(engine=engine)
    assert loaded.created
    assert loaded.readings == len(readings)
    assert 0.98 * 6 * 1440 < len(readings) <= 6 * 1440
    assert readings["timestamp"].min() == LAST_MARK - timedelta(days=10) + timedelta(minutes=10)
    assert readings["timestamp"].max() == LAST_MARK == loaded.plant.until
    assert (readings["timestamp"].dt.floor("10min") == readings["timestamp"]).all()


def test_limits_of_the_sensors_are_crossed_when_things_go_wrong_and_seldom_otherwise(engine):
    load_demo_plant(days=60, equipment=3, now=NOW, engine=engine)
    readings = read_readings(good_only=True, engine=engine)
    for sensor in create_sensor_manager(engine).get_all_sensors():
        values = readings.loc[readings["sensor_id"] == sensor.sensor_id, "value"]
        high = sensor.warning_high if sensor.warning_high is not None else float("inf")
        low = sensor.warning_low if sensor.warning_low is not None else float("-inf")
        assert ((values > high) | (values < low)).mean() < 0.15
        assert sensor.physical_min is not None
        assert values.between(sensor.physical_min, sensor.physical_max).all()


@pytest.mark.parametrize("steps", [[timedelta(minutes=10)], [timedelta(hours=1)] * 5, [timedelta(days=9, hours=1)]])
def test_brought_up_to_now_it_is_exactly_what_it_would_be_if_made_now(engine, steps):
    now, added = NOW, 0
    first = load_demo_plant(days=12, equipment=2, now=now, engine=engine).readings
    for step in steps:
        now += step
        added += bring_up_to_now(now=now, engine=engine)
    extended, extended_events = content(engine)
    assert len(extended) == first + added
    clear_demo_plant(engine=engine)

    load_demo_plant(days=30, equipment=2, now=now, engine=engine)
    whole, whole_events = content(engine)
    whole["sensor_id"] += extended["sensor_id"].min() - whole["sensor_id"].min()  # PostgreSQL gives new identifiers
    start = LAST_MARK - timedelta(days=12) + timedelta(minutes=10)
    whole = whole[whole["timestamp"] >= start].reset_index(drop=True)
    pd.testing.assert_frame_equal(extended, whole)
    assert extended_events == [event for event in whole_events if event.ended_at is None or event.ended_at > start]


def test_an_event_that_goes_on_has_no_end_yet_and_gets_it_later(engine):
    load_demo_plant(days=1, equipment=1, now=NOW, engine=engine)
    now, seen = NOW, False
    for _ in range(240):
        now += timedelta(hours=1)
        bring_up_to_now(now=now, engine=engine)
        with reading(engine) as connection:
            events = read_events(connection)
        assert all(event.ended_at is None or event.ended_at <= now + timedelta(minutes=10) for event in events)
        seen = seen or any(event.ended_at is None for event in events)
        assert sum(event.ended_at is None for event in events) <= 1
    assert seen


def test_up_to_now_already_nothing_is_written(engine):
    load_demo_plant(days=2, equipment=1, now=NOW, engine=engine)
    before = counts(engine)
    with writing(engine):  # nobody else could write now
        assert bring_up_to_now(now=NOW, engine=engine) == 0
    assert bring_up_to_now(now=NOW - timedelta(days=1), engine=engine) == 0
    assert counts(engine) == before


def test_a_plant_that_is_not_a_demo_plant_is_left_alone(engine):
    create_sensor_manager(engine).add(SensorDescription(display_name="own", equipment="Own", sensor_type="lux"))
    assert bring_up_to_now(engine=engine) == 0
    assert clear_demo_plant(engine=engine) is False
    assert counts(engine) == [1, 0, 0, 0]


def test_clearing_removes_the_demo_plant_and_nothing_else(engine):
    load_demo_plant(days=20, equipment=2, now=NOW, engine=engine)
    bring_up_to_now(now=NOW + timedelta(days=3), engine=engine)
    own = create_sensor_manager(engine).add(SensorDescription(display_name="own", equipment="Saw", sensor_type="lux"))
    reading_of_own = pd.DataFrame({"sensor_id": [own.sensor_id], "timestamp": [NOW], "value": 1.0, "data_quality": 0})
    with writing(engine) as connection:
        add_readings(connection, reading_of_own)
        add_events(connection, [Event("Saw", "failure", NOW), Event("Press 1", "warning", NOW, note="seen by hand")])
    assert clear_demo_plant(engine=engine) is True
    readings, events = content(engine)
    assert readings["sensor_id"].tolist() == [own.sensor_id]
    assert [(event.equipment, event.note) for event in events] == [("Press 1", "seen by hand"), ("Saw", "")]
    assert get_demo_plant(engine=engine) is None


def test_the_same_plant_again_is_brought_up_to_now_and_another_needs_clear(engine):
    load_demo_plant(days=3, equipment=2, now=NOW, engine=engine)
    again = load_demo_plant(days=3, equipment=2, now=NOW + timedelta(hours=1), engine=engine)
    assert (again.created, again.readings) == (False, 6 * 6)
    with pytest.raises(InvalidDemoPlant, match="--clear"):
        load_demo_plant(days=3, equipment=1, now=NOW, engine=engine)
    replaced = load_demo_plant(days=3, equipment=1, seed=7, clear=True, now=NOW, engine=engine)
    assert replaced.created
    assert len(create_sensor_manager(engine).get_all_sensors()) == 3


@pytest.mark.parametrize(
    ("name", "value"),
    [("days", 0), ("days", -3), ("days", 100_000), ("equipment", 0), ("equipment", 10_000), ("seed", -1)],
)
def test_a_plant_that_cannot_be_is_refused_with_what_would_do(settings, name, value):
    with pytest.raises(InvalidDemoPlant, match=rf"{name} = {value}; choose \d+ to \d+"):
        load_demo_plant(**{name: value})


def test_a_name_that_a_sensor_of_ones_own_is_on_is_refused_and_nothing_is_kept(engine):
    create_sensor_manager(engine).add(SensorDescription(display_name="own", equipment="Pump 2", sensor_type="lux"))
    with pytest.raises(InvalidDemoPlant, match="Pump 2"):
        load_demo_plant(days=1, engine=engine)
    assert counts(engine) == [1, 0, 0, 0]


def test_a_sensor_that_was_removed_does_not_stop_the_rest(engine):
    loaded = load_demo_plant(days=2, equipment=1, now=NOW, engine=engine)
    with writing(engine) as connection:
        delete_sensors(connection, [loaded.plant.sensor_ids[0]["lux"]])
    assert bring_up_to_now(now=NOW + timedelta(hours=1), engine=engine) == 2 * 6


def test_the_state_of_the_plant_now_is_that_of_its_events(engine):
    load_demo_plant(days=15, equipment=6, now=NOW, engine=engine)
    with reading(engine) as connection:
        going_on = {event.equipment: event.kind for event in read_events(connection) if event.ended_at is None}
    going_on = {machine: kind for machine, kind in going_on.items() if kind != "maintenance"}
    machines = plant_state(now=NOW, engine=engine).machines
    assert {machine.equipment: machine.state for machine in machines if machine.state != "normal"} == going_on


LOAD = "from src.sensors.demo_plant import load_demo_plant; print(load_demo_plant(days=20, equipment=2).created)"
BRING = "from src.sensors.demo_plant import bring_up_to_now; print(bring_up_to_now())"


def at_once(program: str, processes: int = 2) -> list[str]:
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program], cwd=PROJECT_ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(processes)
    ]
    outcomes = [process.communicate(timeout=120) for process in started]
    assert all(process.returncode == 0 for process in started), outcomes
    return sorted(output.strip() for output, _ in outcomes)


def test_of_processes_that_load_it_at_once_one_does(engine):
    assert at_once(LOAD) == ["False", "True"]
    assert len(create_sensor_manager(engine).get_all_sensors()) == 6


def test_of_processes_that_bring_it_up_to_now_at_once_one_does(engine):
    loaded = load_demo_plant(days=2, equipment=2, now=datetime.now(UTC) - timedelta(days=40), engine=engine)
    added = [int(output) for output in at_once(BRING)]
    assert len(read_readings(engine=engine)) == loaded.readings + sum(added)
    with reading(engine) as connection:
        events = [(event.equipment, event.kind, event.started_at) for event in read_events(connection)]
    assert len(set(events)) == len(events)
    assert len(events) > 10
