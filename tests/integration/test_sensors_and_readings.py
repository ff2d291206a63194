"""Sensors, readings and events on real databases, and the tables that are made of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from src.database.engine import reading, writing
from src.errors import DuplicateSensor, InvalidTable, NoReadings, SensorNotFound
from src.sensors.events import Event, add_events
from src.sensors.plant_state import plant_state
from src.sensors.readings import DataQuality, add_readings, count_readings, latest_good_readings, read_readings
from src.sensors.sensor_manager import Sensor, SensorDescription, create_sensor_manager
from src.sensors.training_table import get_dataframe_leituras_sensores, plant_sensor_details, plant_units

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TEN_MINUTES = timedelta(minutes=10)


def add_sensor(engine: sa.Engine, name: str, **values: object) -> int:
    description = {"display_name": name, "equipment": "Saw", "sensor_type": "temperature"} | values
    return create_sensor_manager(engine).add(SensorDescription(**description)).sensor_id


def frame(sensor_id: int, values: list[float | None], quality: list[int] | None = None) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "sensor_id": sensor_id,
            "timestamp": [NOON + step * TEN_MINUTES for step in range(len(values))],
            "value": np.array(values, float),
            "data_quality": quality or [0] * len(values),
        }
    )


def store(engine: sa.Engine, readings: pd.DataFrame) -> int:
    with writing(engine) as connection:
        return add_readings(connection, readings)


def saw(engine: sa.Engine) -> dict[str, int]:
    """A machine with the three sensors of the training table."""
    return {
        "lux": add_sensor(engine, "Saw light", sensor_type="lux", unit="lx"),
        "temperature": add_sensor(engine, "Saw temperature", unit="°C", physical_min=-10.0, physical_max=90.0),
        "vibration": add_sensor(engine, "Saw vibration", sensor_type="vibration", unit="mm/s"),
    }


class TestSensorManager:
    def test_a_sensor_comes_back_as_it_was_added(self, engine):
        description = SensorDescription(
            display_name="Säge · Temperatur",
            equipment="Saw",
            sensor_type="temperature",
            unit="°C",
            platform="Hall 2",
            physical_min=-20.0,
            physical_max=150.0,
            warning_high=60.0,
            critical_high=72.5,
        )
        manager = create_sensor_manager(engine)
        added = manager.add(description)
        assert added == Sensor(sensor_id=added.sensor_id, **vars(description))
        assert manager.get_sensor(added.sensor_id) == added

    def test_disabled_sensors_are_among_all_but_not_among_the_enabled(self, engine):
        used, unused = add_sensor(engine, "used"), add_sensor(engine, "unused", enabled=False)
        manager = create_sensor_manager(engine)
        assert [sensor.sensor_id for sensor in manager.get_enabled_sensors()] == [used]
        assert [sensor.sensor_id for sensor in manager.get_all_sensors()] == [used, unused]

    @pytest.mark.parametrize(
        ("value", "crossed"),
        [(0.9, "critical"), (1.0, "warning"), (2.0, None), (8.0, None), (8.1, "warning"), (9.1, "critical")],
    )
    def test_a_value_is_held_against_the_limits_of_its_sensor(self, value, crossed):
        limits = {"critical_low": 1.0, "warning_low": 2.0, "warning_high": 8.0, "critical_high": 9.0}
        sensor = Sensor(sensor_id=1, display_name="oil", equipment="Saw", sensor_type="oil", **limits)
        assert sensor.limit_crossed_by(value) == crossed

    def test_a_sensor_without_limits_crosses_none(self):
        sensor = Sensor(sensor_id=1, display_name="oil", equipment="Saw", sensor_type="oil")
        assert sensor.limit_crossed_by(1e9) is None

    @pytest.mark.parametrize("sensor_id", [404, 0, -1, 10**30, "saw", None, 1.0])
    def test_an_unknown_sensor_is_named(self, engine, sensor_id):
        add_sensor(engine, "one")
        with pytest.raises(SensorNotFound, match=f"no sensor {sensor_id}"):
            create_sensor_manager(engine).get_sensor(sensor_id)

    def test_an_identifier_out_of_an_array_finds_its_sensor(self, engine):
        sensor = add_sensor(engine, "one")
        assert create_sensor_manager(engine).get_sensor(np.int64(sensor)).display_name == "one"

    def test_a_second_sensor_of_the_same_name_is_refused(self, engine):
        add_sensor(engine, "twin")
        with pytest.raises(DuplicateSensor, match="'twin'"):
            add_sensor(engine, "twin", equipment="Drill")

    def test_without_an_engine_it_uses_the_database_of_the_settings(self, engine):
        add_sensor(engine, "of the settings")
        assert create_sensor_manager().get_all_sensors()[0].display_name == "of the settings"


class TestReadings:
    def test_readings_come_back_as_they_were_written(self, engine):
        sensor = add_sensor(engine, "one")
        values = [1.5, None, -0.1, 1e-300, 12345678.9]
        written = frame(sensor, values, [0, 3, 1, 2, 0])
        assert store(engine, written) == 5
        read = read_readings(engine=engine)
        pd.testing.assert_frame_equal(read, written, check_dtype=False)
        assert str(read["timestamp"].dtype) == "datetime64[ns, UTC]"

    def test_a_part_of_a_second_and_another_time_zone_are_kept(self, engine):
        sensor = add_sensor(engine, "one")
        moment = pd.Timestamp("2026-03-01 09:00:00.123457", tz="America/Sao_Paulo")
        written = frame(sensor, [1.0]).assign(timestamp=pd.DatetimeIndex([moment]))
        store(engine, written)
        assert read_readings(engine=engine)["timestamp"][0] == moment

    def test_readings_that_are_there_stay_as_they_are(self, engine):
        sensor = add_sensor(engine, "one")
        store(engine, frame(sensor, [1.0, 2.0]))
        assert store(engine, frame(sensor, [9.0, 9.0, 3.0])) == 1
        assert read_readings(engine=engine)["value"].tolist() == [1.0, 2.0, 3.0]

    def test_two_writes_in_one_transaction_both_count(self, engine):
        one, two = add_sensor(engine, "one"), add_sensor(engine, "two")
        with writing(engine) as connection:
            assert add_readings(connection, frame(one, [1.0])) == 1
            assert add_readings(connection, frame(two, [1.0, 2.0])) == 2
        assert len(read_readings(engine=engine)) == 3

    def test_a_time_range_has_its_start_and_not_its_end(self, engine):
        sensor = add_sensor(engine, "one")
        store(engine, frame(sensor, [0.0, 1.0, 2.0, 3.0]))
        read = read_readings([sensor], start=NOON + TEN_MINUTES, end=NOON + 3 * TEN_MINUTES, engine=engine)
        assert read["value"].tolist() == [1.0, 2.0]

    def test_chosen_sensors_and_good_readings_only(self, engine):
        one, two = add_sensor(engine, "one"), add_sensor(engine, "two")
        store(engine, pd.concat([frame(two, [2.0, 9.0], [0, 2]), frame(one, [1.0])]))
        assert read_readings([two], good_only=True, engine=engine)["value"].tolist() == [2.0]
        assert read_readings(engine=engine)["sensor_id"].tolist() == [one, two, two]

    def test_the_latest_good_readings_of_some_sensors_and_before_a_time(self, engine):
        one, two, unused = add_sensor(engine, "one"), add_sensor(engine, "two"), add_sensor(engine, "x", enabled=False)
        for sensor in (one, two, unused):
            store(engine, frame(sensor, [1.0, 2.0, 3.0], [0, 0, 2]))
        with reading(engine) as connection:
            assert list(latest_good_readings(connection)) == [one, two]
            assert latest_good_readings(connection, [two, unused]) == {
                two: (NOON + TEN_MINUTES, 2.0),
                unused: (NOON + TEN_MINUTES, 2.0),
            }
            assert latest_good_readings(connection, [one], before=NOON + TEN_MINUTES) == {one: (NOON, 1.0)}

    def test_nothing_stored_is_an_empty_frame_of_the_same_kind(self, engine):
        empty = read_readings(engine=engine)
        store(engine, frame(add_sensor(engine, "one"), [1.0]))
        assert empty.dtypes.equals(read_readings(engine=engine).dtypes)
        assert empty.empty
        assert store(engine, empty) == 0

    def test_a_reading_of_an_unknown_sensor_keeps_nothing(self, engine):
        known = add_sensor(engine, "one")
        with pytest.raises(SensorNotFound, match="404"):
            store(engine, pd.concat([frame(known, [1.0]), frame(404, [1.0])]))
        assert read_readings(engine=engine).empty

    def test_times_without_a_zone_are_refused(self, engine):
        readings = frame(add_sensor(engine, "one"), [1.0])
        with pytest.raises(InvalidTable, match="time zone"):
            store(engine, readings.assign(timestamp=readings["timestamp"].dt.tz_localize(None)))

    def test_more_rows_than_are_written_or_read_at_a_time(self, engine):
        sensor = add_sensor(engine, "one")
        values = np.random.default_rng(0).random(12_345).tolist()
        assert store(engine, frame(sensor, values)) == 12_345
        assert read_readings(engine=engine)["value"].tolist() == values

    def test_counting_stops_at_the_limit(self, engine):
        store(engine, frame(add_sensor(engine, "one"), [1.0] * 10))
        with reading(engine) as connection:
            assert (count_readings(connection, 100), count_readings(connection, 7)) == (10, 7)


class TestTrainingTable:
    def test_a_row_for_each_time_at_which_all_quantities_have_a_good_reading(self, engine):
        sensors = saw(engine)
        store(engine, frame(sensors["lux"], [300.0, 301.0, 302.0, 303.0]))
        store(engine, frame(sensors["temperature"], [40.0, 41.0, 42.0], [0, DataQuality.SPIKE, 0]))
        store(engine, frame(sensors["vibration"], [1.0, 1.1, 1.2, 1.3]))
        table = get_dataframe_leituras_sensores(engine)
        assert table.columns.tolist() == ["timestamp", "equipment", "lux", "temperature", "vibration", "state"]
        assert table["timestamp"].tolist() == [NOON, NOON + 2 * TEN_MINUTES]
        assert table[["lux", "temperature", "vibration"]].to_numpy().tolist() == [[300, 40, 1.0], [302, 42, 1.2]]
        assert table["equipment"].tolist() == ["Saw", "Saw"]

    def test_the_state_is_that_of_the_events_at_the_time(self, engine):
        for sensor in saw(engine).values():
            store(engine, frame(sensor, [1.0] * 7))
        at = [NOON + step * TEN_MINUTES for step in range(8)]
        with writing(engine) as connection:
            add_events(
                connection,
                [
                    Event("Saw", "warning", at[1], at[4]),
                    Event("Saw", "failure", at[3], at[5]),
                    Event("Saw", "maintenance", at[5], at[6]),
                    Event("Saw", "warning", at[6], None),
                    Event("Drill", "failure", at[0], None),
                ],
            )
        states = get_dataframe_leituras_sensores(engine)["state"].tolist()
        assert states == ["normal", "warning", "warning", "failure", "failure", "normal", "warning"]

    def test_machines_are_not_mixed_and_disabled_or_other_sensors_do_not_count(self, engine):
        for sensor in saw(engine).values():
            store(engine, frame(sensor, [1.0]))
        store(engine, frame(add_sensor(engine, "pressure", sensor_type="pressure"), [9.0]))
        store(engine, frame(add_sensor(engine, "old", enabled=False), [900.0]))
        for name in ("lux", "temperature"):  # a machine without vibration gives no row
            store(engine, frame(add_sensor(engine, f"drill {name}", equipment="Drill", sensor_type=name), [2.0]))
        table = get_dataframe_leituras_sensores(engine)
        assert table["equipment"].tolist() == ["Saw"]
        assert table["temperature"].tolist() == [1.0]

    def test_two_sensors_of_one_quantity_give_their_mean(self, engine):
        for sensor in saw(engine).values():
            store(engine, frame(sensor, [1.0, 1.0]))
        store(engine, frame(add_sensor(engine, "second temperature"), [3.0]))
        assert get_dataframe_leituras_sensores(engine)["temperature"].tolist() == [2.0, 1.0]

    def test_without_readings_it_says_how_to_get_some(self, engine):
        saw(engine)
        with pytest.raises(NoReadings, match="python -m src data demo"):
            get_dataframe_leituras_sensores(engine)

    def test_details_of_the_features_come_from_the_sensors_or_else_from_the_demo_plant(self, engine):
        assert plant_units(engine) == {"lux": "lx", "temperature": "°C", "vibration": "mm/s"}
        saw(engine)
        add_sensor(engine, "wider", physical_min=0.0, physical_max=400.0, unit="°C")
        details = plant_sensor_details(engine)
        assert (details["temperature"].physical_min, details["temperature"].physical_max) == (-10.0, 400.0)
        assert details["lux"].physical_max is None


class TestPlantState:
    def test_an_empty_plant_has_no_machines(self, engine):
        state = plant_state(engine=engine)
        assert (state.machines, state.sensors, state.readings, state.data_as_of) == ([], 0, 0, None)

    def test_each_machine_with_its_state_and_its_last_good_readings(self, engine):
        sensors = saw(engine)
        store(engine, frame(sensors["lux"], [1.0, 2.0, 3.0], [0, 0, DataQuality.SPIKE]))
        store(engine, frame(sensors["temperature"], [40.0]))
        with writing(engine) as connection:
            add_events(
                connection,
                [
                    Event("Saw", "warning", NOON, None),
                    Event("Saw", "failure", NOON + TEN_MINUTES, NOON + 3 * TEN_MINUTES),
                ],
            )
        state = plant_state(now=NOON + 2 * TEN_MINUTES, engine=engine)
        (machine,) = state.machines
        assert (machine.equipment, machine.state, machine.since) == ("Saw", "failure", NOON + TEN_MINUTES)
        assert [(latest.sensor_type, latest.value, latest.unit) for latest in machine.latest] == [
            ("lux", 2.0, "lx"),
            ("temperature", 40.0, "°C"),
        ]
        assert state.data_as_of == NOON + TEN_MINUTES
        assert (state.sensors, state.readings, state.readings_exact) == (3, 4, True)

    def test_an_event_that_is_over_counts_no_more(self, engine):
        saw(engine)
        with writing(engine) as connection:
            add_events(connection, [Event("Saw", "failure", NOON, NOON + TEN_MINUTES)])
        assert plant_state(now=NOON + TEN_MINUTES, engine=engine).machines[0].state == "normal"
