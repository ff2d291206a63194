"""Sensors, machines and events as people change them, alone and two at once, on real databases."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pandas as pd
import pytest
import sqlalchemy as sa

from src.database.activities import read_activities
from src.database.engine import reading, writing
from src.errors import (
    ChangedMeanwhile,
    DuplicateSensor,
    EventNotFound,
    FarolError,
    InvalidEvent,
    InvalidSensor,
    MachineNotFound,
    SensorNotFound,
)
from src.sensors.demo_plant import bring_up_to_now, clear_demo_plant, load_demo_plant
from src.sensors.event_changes import add_event, change_event, delete_event, end_event, list_events
from src.sensors.events import Event, read_events
from src.sensors.machines import Machine, list_machines, rename_machine
from src.sensors.readings import add_readings, read_readings
from src.sensors.sensor_fields import SensorDescription
from src.sensors.sensor_manager import Sensor, SensorManager, create_sensor_manager
from src.sensors.training_table import get_dataframe_leituras_sensores

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SAW = SensorDescription(display_name="Saw heat", equipment="Saw", sensor_type="temperature", unit="°C")


@pytest.fixture
def manager(engine: sa.Engine) -> SensorManager:
    return create_sensor_manager(engine)


@pytest.fixture
def saw(manager: SensorManager) -> Sensor:
    return manager.add(SAW)


def store(engine: sa.Engine, sensor_id: int, count: int = 3) -> None:
    times = [NOON + step * timedelta(minutes=10) for step in range(count)]
    frame = pd.DataFrame({"sensor_id": sensor_id, "timestamp": times, "value": 1.0, "data_quality": 0})
    with writing(engine) as connection:
        add_readings(connection, frame)


def acts(kind: str) -> list[tuple[str, str, str]]:
    return [(act.actor, act.subject, str(act.action)) for act in read_activities(kind)]


class TestSensors:
    def test_a_changed_sensor_is_stored_and_the_history_says_what_was_changed_by_whom(self, manager, saw):
        after = manager.update(saw, replace(SAW, warning_high=60.0, unit=" K "), actor="Ana")
        assert manager.get_sensor(saw.sensor_id) == after
        assert (after.unit, after.warning_high) == ("K", 60.0)
        assert acts("sensor") == [("Ana", "Saw heat", "Unit: °C → K; High warning limit: — → 60.0")]

    def test_a_sensor_that_is_saved_as_it_was_leaves_no_trace(self, manager, saw):
        assert manager.update(saw, SAW, actor="Ana") == saw
        assert acts("sensor") == []

    def test_who_comes_second_is_told_and_nothing_is_lost(self, manager, saw):
        first = manager.update(saw, replace(SAW, warning_high=60.0), actor="Ana")
        with pytest.raises(ChangedMeanwhile, match=r"'Saw heat'.*High warning limit: — → 60\.0"):
            manager.update(saw, replace(SAW, unit="K"), actor="Bia")
        with pytest.raises(ChangedMeanwhile):
            manager.set_enabled(saw, False, actor="Bia")
        assert manager.get_sensor(saw.sensor_id) == first

    def test_out_of_use_and_back(self, manager, saw):
        out = manager.set_enabled(saw, False, actor="Ana")
        assert manager.get_enabled_sensors() == []
        manager.set_enabled(out, True, actor="Ana")
        assert manager.get_enabled_sensors() == [saw]
        assert [action for _, _, action in acts("sensor")] == ["taken into use", "taken out of use"]

    def test_a_deleted_sensor_takes_its_readings_along_and_no_others(self, engine, manager, saw):
        other = manager.add(replace(SAW, display_name="Saw light"))
        store(engine, saw.sensor_id, 5)
        store(engine, other.sensor_id, 2)
        assert manager.delete(saw.sensor_id, actor="Ana") == 5
        assert read_readings(engine=engine)["sensor_id"].tolist() == [other.sensor_id] * 2
        assert acts("sensor") == [("Ana", "Saw heat", "deleted, with 5 readings")]
        for act in (lambda: manager.delete(saw.sensor_id, actor="Ana"), lambda: manager.update(saw, SAW, actor="Ana")):
            with pytest.raises(SensorNotFound):
                act()

    @pytest.mark.parametrize("name", ["saw heat", " Saw heat ", "SAW  HEAT", "Ｓaw heat"])
    def test_a_name_that_people_take_for_one_that_is_there_is_refused(self, manager, saw, name):
        with pytest.raises(DuplicateSensor, match="'Saw heat'"):
            manager.add(replace(SAW, display_name=name))
        other = manager.add(replace(SAW, display_name="Saw light"))
        with pytest.raises(DuplicateSensor):
            manager.update(other, replace(SAW, display_name=name), actor="Ana")

    def test_a_sensor_may_write_its_own_name_differently(self, manager, saw):
        assert manager.update(saw, replace(SAW, display_name="SAW HEAT"), actor="Ana").display_name == "SAW HEAT"

    def test_a_machine_is_written_the_same_way_everywhere(self, manager, saw):
        with pytest.raises(InvalidSensor, match=r"'saw'.*'Saw'"):
            manager.add(replace(SAW, display_name="Saw light", equipment="saw"))

    def test_a_sensor_that_cannot_be_is_not_added(self, manager):
        with pytest.raises(InvalidSensor):
            manager.add(replace(SAW, display_name=" "))
        assert manager.get_all_sensors() == []

    def test_of_two_that_add_the_same_name_at_once_one_is_told(self, manager):
        outcomes: list[str] = []
        together = threading.Barrier(2)

        def add(name: str) -> None:
            together.wait()
            try:
                manager.add(replace(SAW, display_name=name))
                outcomes.append("added")
            except DuplicateSensor:
                outcomes.append("told")

        threads = [threading.Thread(target=add, args=(name,)) for name in ("Drill", "drill ")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["added", "told"]


class TestMachines:
    def test_each_machine_with_its_sensors_and_events(self, engine, manager, saw):
        manager.add(replace(SAW, display_name="Saw light", enabled=False))
        manager.add(replace(SAW, display_name="Axe heat", equipment="Axe"))
        event = add_event(Event("Saw", "failure", NOON), actor="Ana", engine=engine)
        add_event(Event("Axe", "warning", NOON, NOON + HOUR), actor="Ana", engine=engine)
        assert list_machines(engine) == [Machine("Saw", 2, 1, 1, 1), Machine("Axe", 1, 1, 1, 0)]
        for sensor in manager.get_all_sensors():
            manager.delete(sensor.sensor_id, actor="Ana")
        assert [machine.name for machine in list_machines(engine)] == ["Axe", "Saw"]
        delete_event(event, actor="Ana", engine=engine)
        assert [machine.name for machine in list_machines(engine)] == ["Axe"]

    def test_a_new_name_is_in_all_sensors_and_events(self, engine, manager, saw):
        add_event(Event("Saw", "failure", NOON), actor="Ana", engine=engine)
        assert rename_machine("Saw", " Blade ", actor="Ana", engine=engine) == "Blade"
        assert manager.get_sensor(saw.sensor_id).equipment == "Blade"
        assert [event.equipment for event in list_events(engine=engine)] == ["Blade"]
        assert acts("machine")[0] == ("Ana", "Blade", "renamed; it was Saw")

    def test_names_that_are_taken_missing_or_none_are_refused(self, engine, manager, saw):
        manager.add(replace(SAW, display_name="Axe heat", equipment="Axe"))
        for before, after, error in (
            ("Saw", "AXE", InvalidSensor),
            ("Saw", "  ", InvalidSensor),
            ("Saw", "x" * 201, InvalidSensor),
            ("Gone", "Here", MachineNotFound),
        ):
            with pytest.raises(error):
                rename_machine(before, after, actor="Ana", engine=engine)
        assert rename_machine("Saw", "SAW", actor="Ana", engine=engine) == "SAW"

    def test_a_renamed_machine_of_the_demo_plant_lives_on_under_its_name_and_leaves_no_trace(self, engine):
        now = datetime(2026, 5, 20, 14, 33, tzinfo=UTC)
        load_demo_plant(days=20, equipment=2, now=now, engine=engine)
        rename_machine("Press 1", "Old press", actor="Ana", engine=engine)
        bring_up_to_now(now=now + timedelta(days=20), engine=engine)
        assert {machine.name for machine in list_machines(engine)} == {"Old press", "Pump 2"}
        clear_demo_plant(engine=engine)
        assert list_machines(engine) == []

    def test_an_event_of_the_demo_plant_that_a_person_ended_stays_ended(self, engine):
        now = datetime(2026, 5, 20, 14, 33, tzinfo=UTC)
        load_demo_plant(days=30, equipment=6, now=now, engine=engine)
        with reading(engine) as connection:
            going_on = [event for event in read_events(connection) if event.ended_at is None]
        assert going_on
        ended = end_event(going_on[0], now, actor="Ana", engine=engine)
        bring_up_to_now(now=now + timedelta(days=10), engine=engine)
        with reading(engine) as connection:
            assert ended in read_events(connection)


@pytest.mark.usefixtures("saw")
class TestEvents:
    def test_an_event_is_added_changed_ended_and_deleted_and_the_history_says_so(self, engine):
        event = add_event(Event("Saw", "failure", NOON, note=" broken "), actor="Ana", engine=engine)
        assert (event.event_id is not None, event.note) == (True, "broken")
        ended = end_event(event, NOON + HOUR, actor="Bia", engine=engine)
        changed = change_event(ended, replace(ended, kind="warning"), actor="Ana", engine=engine)
        assert list_events("Saw", engine=engine) == [changed]
        delete_event(changed, actor="Ana", engine=engine)
        assert list_events(engine=engine) == []
        assert acts("machine") == [
            ("Ana", "Saw", "warning deleted; it was from 2026-03-01 12:00 UTC to 2026-03-01 13:00 UTC"),
            ("Ana", "Saw", "warning changed: now from 2026-03-01 12:00 UTC to 2026-03-01 13:00 UTC"),
            ("Bia", "Saw", "failure ended, at 2026-03-01 13:00 UTC"),
            ("Ana", "Saw", "failure added, from 2026-03-01 12:00 UTC"),
        ]

    def test_an_event_saved_as_it_was_leaves_no_trace(self, engine):
        event = add_event(Event("Saw", "failure", NOON), actor="Ana", engine=engine)
        change_event(event, event, actor="Bia", engine=engine)
        assert len(acts("machine")) == 1

    def test_who_comes_second_is_told(self, engine):
        event = add_event(Event("Saw", "failure", NOON), actor="Ana", engine=engine)
        ended = end_event(event, NOON + HOUR, actor="Ana", engine=engine)
        late = (
            lambda: end_event(event, NOON + 2 * HOUR, actor="Bia", engine=engine),
            lambda: delete_event(event, actor="Bia", engine=engine),
        )
        for act in late:
            with pytest.raises(ChangedMeanwhile, match="a failure from 2026-03-01 12:00 UTC to 2026-03-01 13:00 UTC"):
                act()
        delete_event(ended, actor="Ana", engine=engine)
        for act in late:
            with pytest.raises(EventNotFound):
                act()

    def test_an_event_that_was_never_stored_cannot_be_changed(self, engine):
        with pytest.raises(EventNotFound):
            delete_event(Event("Saw", "failure", NOON), actor="Ana", engine=engine)

    @pytest.mark.parametrize(
        ("event", "message"),
        [
            (Event("Axe", "failure", NOON), "no machine called 'Axe'"),
            (Event("Saw", "party", NOON), "'party' is no kind"),
            (Event("Saw", "failure", NOON, NOON), "not after its start"),
            (Event("Saw", "failure", NOON, NOON - HOUR), "not after its start"),
            (Event("Saw", "failure", NOON.replace(tzinfo=None)), "time zone"),
            (Event("Saw", "failure", datetime(1, 1, 1, tzinfo=timezone(HOUR))), "1900"),
            (Event("Saw", "failure", NOON, datetime(9999, 12, 31, tzinfo=timezone(-HOUR))), "2200"),
            (Event("Saw", "failure", NOON, note="x" * 2001), "2,001 characters"),
            (Event("Saw", "failure", NOON, note="a\0b"), "not shown"),
        ],
    )
    def test_an_event_that_cannot_be_is_refused(self, engine, event, message):
        with pytest.raises(InvalidEvent, match=message):
            add_event(event, actor="Ana", engine=engine)
        assert list_events(engine=engine) == []

    @pytest.mark.parametrize(
        ("start", "end", "refused"),
        [
            (-2, -1, False),
            (-1, 0, False),
            (-1, 1, True),
            (0, 1, True),
            (-1, None, True),
            (2, None, False),
            (2, 3, False),
        ],
    )
    def test_two_of_a_kind_do_not_overlap(self, engine, start, end, refused):
        add_event(Event("Saw", "failure", NOON, NOON + 2 * HOUR), actor="Ana", engine=engine)
        other = Event("Saw", "failure", NOON + start * HOUR, None if end is None else NOON + end * HOUR)
        if refused:
            with pytest.raises(
                InvalidEvent, match="a failure from 2026-03-01 12:00 UTC to 2026-03-01 14:00 UTC already"
            ):
                add_event(other, actor="Ana", engine=engine)
        else:
            add_event(other, actor="Ana", engine=engine)
        add_event(replace(other, kind="maintenance"), actor="Ana", engine=engine)

    def test_nothing_of_a_kind_comes_after_one_that_goes_on(self, engine):
        event = add_event(Event("Saw", "failure", NOON), actor="Ana", engine=engine)
        with pytest.raises(InvalidEvent, match="UTC to … already"):
            add_event(Event("Saw", "failure", NOON + HOUR, NOON + 2 * HOUR), actor="Ana", engine=engine)
        end_event(event, NOON + HOUR, actor="Ana", engine=engine)
        add_event(Event("Saw", "failure", NOON + HOUR, NOON + 2 * HOUR), actor="Ana", engine=engine)

    def test_of_two_that_add_the_same_failure_at_once_one_is_told(self, engine):
        outcomes: list[str] = []
        together = threading.Barrier(2)

        def add(actor: str) -> None:
            together.wait()
            try:
                add_event(Event("Saw", "failure", NOON), actor=actor, engine=engine)
                outcomes.append("added")
            except FarolError:
                outcomes.append("told")

        threads = [threading.Thread(target=add, args=(actor,)) for actor in ("Ana", "Bia")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["added", "told"]


def test_the_training_table_follows(engine, manager):
    sensors = {
        quantity: manager.add(SensorDescription(display_name=quantity, equipment="Saw", sensor_type=quantity))
        for quantity in ("lux", "temperature", "vibration")
    }
    for sensor in sensors.values():
        store(engine, sensor.sensor_id)
    assert get_dataframe_leituras_sensores(engine)["equipment"].tolist() == ["Saw"] * 3

    for quantity in sensors:  # a machine is in it once it has the three quantities
        added = manager.add(SensorDescription(display_name=f"Axe {quantity}", equipment="Axe", sensor_type=quantity))
        assert set(get_dataframe_leituras_sensores(engine)["equipment"]) == {"Saw"}
        store(engine, added.sensor_id, 1)
    assert get_dataframe_leituras_sensores(engine)["equipment"].tolist() == ["Saw"] * 3 + ["Axe"]

    event = add_event(Event("Saw", "failure", NOON + timedelta(minutes=10)), actor="Ana", engine=engine)
    assert get_dataframe_leituras_sensores(engine)["state"].tolist() == ["normal", "failure", "failure", "normal"]
    end_event(event, NOON + timedelta(minutes=20), actor="Ana", engine=engine)
    assert get_dataframe_leituras_sensores(engine)["state"].tolist() == ["normal", "failure", "normal", "normal"]
    rename_machine("Saw", "Blade", actor="Ana", engine=engine)
    assert get_dataframe_leituras_sensores(engine)["state"].tolist() == ["normal", "failure", "normal", "normal"]

    manager.set_enabled(manager.get_sensor(sensors["lux"].sensor_id), False, actor="Ana")
    assert get_dataframe_leituras_sensores(engine)["equipment"].tolist() == ["Axe"]
