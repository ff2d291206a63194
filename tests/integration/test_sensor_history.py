"""The recent past of sensors as models take it: histories, regular series, statistics; in both databases."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest
import sqlalchemy as sa

from src.database.engine import reading, writing
from src.database.tables import sensor_readings, sensors
from src.errors import InvalidPeriod, NoReadings, SensorNotFound
from src.ml.repositories import SensorReadingsRepository
from src.sensors.interval_means import means_of_periods
from src.sensors.reading_stream import Period
from src.sensors.readings import DataQuality
from tests.integration.sensor_samples import HOUR, NOON, TEN_MINUTES, add_sensor, store

LATER = NOON + timedelta(days=30)
NAN = float("nan")


@pytest.fixture
def readings(engine: sa.Engine) -> SensorReadingsRepository:
    return SensorReadingsRepository(engine)


@pytest.fixture
def saw(engine: sa.Engine) -> int:
    return add_sensor(engine)


class TestHistories:
    def test_only_good_readings_with_a_value_are_learnt_from(self, engine, readings, saw):
        store(engine, saw, [1.0, 2.0, None, 4.0, 5.0], quality=[0, DataQuality.SPIKE, 0, DataQuality.FLAT_LINE, 0])
        history = readings.history(saw, until=LATER)
        assert history.values.tolist() == [1.0, 5.0]
        assert history.timestamps.tolist() == [time.replace(tzinfo=None) for time in (NOON, NOON + 4 * TEN_MINUTES)]

    def test_readings_are_chosen_by_their_quality_codes(self, engine, readings, saw):
        store(engine, saw, [1.0, 2.0, 3.0], quality=[DataQuality.SPIKE, DataQuality.FLAT_LINE, 0])
        assert readings.history(saw, quality=(DataQuality.SPIKE, 0), until=LATER).values.tolist() == [1.0, 3.0]
        everything = readings.history(saw, quality=None, until=LATER)
        assert (everything.values.tolist(), everything.quality.tolist()) == ([1.0, 2.0, 3.0], [2, 1, 0])
        assert len(readings.history(saw, quality=(), until=LATER)) == 0

    def test_the_past_is_counted_from_the_newest_good_reading_of_each_sensor(self, engine, readings, saw):
        other = add_sensor(engine, "Saw light")
        store(engine, saw, [1.0, 2.0, 3.0, 4.0], step=HOUR)
        store(engine, other, [5.0, 6.0, 7.0], start=NOON - timedelta(days=9), step=HOUR)
        histories = readings.histories([other, saw], 2, until=LATER)
        assert {key: history.values.tolist() for key, history in histories.items()} == {
            other: [6.0, 7.0],
            saw: [3.0, 4.0],
        }
        assert list(histories) == [other, saw]

    def test_what_comes_later_than_asked_for_does_not_count(self, engine, readings, saw):
        store(engine, saw, [1.0, 2.0, 3.0], step=HOUR)
        assert readings.history(saw, 1, until=NOON + 2 * HOUR).values.tolist() == [2.0]

    def test_a_clock_that_runs_fast_does_no_harm(self, engine, readings, saw):
        store(engine, saw, [1.0])
        store(engine, saw, [9.0], start=datetime(2190, 1, 1, tzinfo=NOON.tzinfo))
        assert readings.history(saw).values.tolist() == [1.0]

    def test_infinite_and_unheard_of_values_are_no_values(self, engine, readings, saw):
        store(engine, saw, [1.0, float("inf"), -float("inf"), 1e300, 3.0])
        assert readings.history(saw, until=LATER).values.tolist() == [1.0, 3.0]
        assert readings.series(saw, until=LATER).values.tolist() == [2.0]
        statistics = readings.statistics([saw], until=LATER)[saw]
        assert (statistics.readings, statistics.good, statistics.maximum) == (5, 2, 3.0)

    def test_a_sensor_without_good_readings_is_left_out_or_named(self, engine, readings, saw):
        empty = add_sensor(engine, "Saw light")
        store(engine, saw, [1.0])
        assert list(readings.histories([saw, empty], until=LATER)) == [saw]
        for ask in (readings.history, readings.series):
            with pytest.raises(NoReadings, match="'Saw light'"):
                ask(empty)

    def test_a_sensor_that_does_not_exist_is_named(self, readings, saw):
        for sensor_id in (0, -1, 404, 10**30, "saw", None, 1.5, NAN):
            for ask in (readings.history, readings.series):
                with pytest.raises(SensorNotFound, match=f"There is no sensor {sensor_id}"):
                    ask(sensor_id)
            with pytest.raises(SensorNotFound, match=f"There is no sensor {sensor_id}"):
                readings.statistics([saw, sensor_id])

    def test_the_identifiers_of_a_numpy_array_are_welcome(self, engine, readings, saw):
        store(engine, saw, [1.0])
        assert list(readings.histories(np.array([saw, saw]), until=LATER)) == [saw]

    def test_hours_that_are_no_length_of_time_are_refused(self, readings, saw):
        for hours in [0, -1, NAN, float("inf"), 1_000_001, True, "24", None]:
            for ask in (readings.history, readings.series):
                with pytest.raises(InvalidPeriod, match="no length of time"):
                    ask(saw, hours)

    def test_a_time_without_a_zone_is_taken_as_utc_and_one_out_of_reason_is_refused(self, engine, readings, saw):
        store(engine, saw, [1.0, 2.0], step=HOUR)
        naive = datetime(2024, 3, 1, 12, 30)  # noqa: DTZ001
        assert readings.history(saw, until=naive).values.tolist() == [1.0]
        for until in (datetime(1, 1, 1, tzinfo=NOON.tzinfo), "noon"):
            with pytest.raises(InvalidPeriod, match="cannot be used"):
                readings.history(saw, until=until)


class TestIntervalMeans:
    def test_each_value_is_the_mean_of_an_hours_good_readings(self, engine, readings, saw):
        store(engine, saw, [1.0, 2.0, 9.0, 4.0, 5.0, 6.0, 10.0], quality=[0, 0, 2, 0, 0, 0, 0])
        series = readings.series(saw, until=LATER)
        assert series.values.tolist() == [pytest.approx(18 / 5), 10.0]
        assert (series.start, series.end, series.interval) == (NOON, NOON + 2 * HOUR, HOUR)

    def test_an_hour_without_good_readings_is_a_gap_and_the_ends_are_none(self, engine, readings, saw):
        store(engine, saw, [1.0, None, 3.0, 4.0], step=HOUR, quality=[2, 3, 0, 0])
        store(engine, saw, [7.0], start=NOON + 6 * HOUR)
        series = readings.series(saw, until=LATER)
        assert series.start == NOON + 2 * HOUR
        np.testing.assert_array_equal(series.values, [3.0, 4.0, NAN, NAN, 7.0])
        assert series.timestamps[1] - series.timestamps[0] == np.timedelta64(1, "h")
        assert series.timestamps[-1] == np.datetime64("2024-03-01T18:00")

    def test_an_hour_that_is_not_over_is_left_out(self, engine, readings, saw):
        store(engine, saw, list(range(10)))
        assert readings.series(saw, until=NOON + 1.9 * HOUR).values.tolist() == [2.5]
        assert readings.series(saw, until=NOON + 2 * HOUR).values.tolist() == [2.5, 7.5]
        with pytest.raises(NoReadings):
            readings.series(saw, until=NOON + 0.9 * HOUR)

    def test_it_has_as_many_hours_as_were_asked_for_and_ends_with_the_newest_good_reading(self, engine, readings, saw):
        store(engine, saw, [float(place) for place in range(60)])
        series = readings.series(saw, 3, until=LATER)
        assert (series.end, len(series)) == (NOON + 10 * HOUR, 3)
        assert readings.series(saw, 2.5, until=LATER).values.tolist() == series.values.tolist()

    def test_the_database_means_what_numpy_means(self, engine, readings, saw):
        values = np.random.default_rng(0).normal(1e6, 1e-3, 500)
        store(
            engine, saw, values.tolist(), start=NOON + timedelta(minutes=7, microseconds=3), step=timedelta(minutes=13)
        )
        series, history = readings.series(saw, until=LATER), readings.history(saw, until=LATER)
        hours = (history.timestamps - series.timestamps[0]) // np.timedelta64(1, "h")
        expected = [history.values[hours == place].mean() for place in range(len(series))]
        np.testing.assert_allclose(series.values, expected, rtol=1e-14)

    def test_other_intervals_start_at_their_own_multiples(self, engine, readings, saw):
        store(engine, saw, [1.0, 3.0, 5.0], start=NOON + 7 * TEN_MINUTES)
        for minutes, means in ((10, [1.0, 3.0, 5.0]), (30, [2.0, 5.0]), (24 * 60, [3.0])):
            interval = timedelta(minutes=minutes)
            series = readings.series(saw, interval=interval, until=LATER)
            assert (series.start - NOON.replace(hour=0)) % interval == timedelta(0)
            assert series.values.tolist() == means

    def test_readings_from_before_1970_have_their_hour_too(self, engine, saw):
        start = datetime(1969, 12, 31, 22, 30, tzinfo=NOON.tzinfo)
        store(engine, saw, [1.0, 2.0, 3.0, 5.0], start=start, step=timedelta(minutes=40))
        with reading(engine) as connection:
            series = means_of_periods(connection, {saw: Period(start, NOON)})[saw]
        assert series.start == datetime(1969, 12, 31, 22, tzinfo=NOON.tzinfo)
        assert series.values.tolist() == [1.0, 2.5, 5.0]

    def test_intervals_that_are_too_short_or_too_many_are_refused(self, readings, saw):
        for interval in (timedelta(0), timedelta(hours=-1), timedelta(milliseconds=1)):
            with pytest.raises(InvalidPeriod, match="at least a second"):
                readings.series(saw, interval=interval)
        with pytest.raises(InvalidPeriod, match="at most 5,000,000"):
            readings.series(saw, 1_000_000, interval=timedelta(seconds=1))

    def test_a_thousand_sensors_and_more_in_one_call(self, engine, readings):
        ids = list(range(1, 1_101))
        with writing(engine) as connection:
            named = [
                {"sensor_id": key, "display_name": f"s{key}", "equipment": "Saw", "sensor_type": "x"} for key in ids
            ]
            connection.execute(sa.insert(sensors), named)
            rows = [
                {"sensor_id": key, "timestamp": NOON + place * HOUR, "value": key + place, "data_quality": 0}
                for key in ids
                for place in range(key % 3)
            ]
            connection.execute(sa.insert(sensor_readings), rows)
        series = readings.series_of_sensors(ids, until=LATER)
        expected = {key: [float(key + place) for place in range(key % 3)] for key in ids if key % 3}
        assert {key: found.values.tolist() for key, found in series.items()} == expected
        assert list(readings.histories(ids, until=LATER)) == list(expected)
        assert {key: found.good for key, found in readings.statistics(ids, until=LATER).items()} == {
            key: len(values) for key, values in expected.items()
        }


class TestStatistics:
    def test_they_are_those_of_the_good_readings(self, engine, readings, saw):
        values = np.random.default_rng(1).normal(1e8, 1e-2, 100)
        store(engine, saw, [*values.tolist(), 7.0, None], quality=[0] * 100 + [2, 3])
        found = readings.statistics([saw], until=LATER)[saw]
        assert (found.readings, found.good) == (100, 100)
        assert (found.mean, found.minimum, found.maximum) == pytest.approx((values.mean(), values.min(), values.max()))
        assert found.std == pytest.approx(values.std(), rel=1e-6)
        assert (found.first, found.last) == (NOON, NOON + 99 * TEN_MINUTES)

    def test_one_reading_deviates_by_nothing(self, engine, readings, saw):
        store(engine, saw, [4.0, 9.0], quality=[0, 1])
        found = readings.statistics([saw], until=LATER)[saw]
        assert (found.readings, found.good, found.mean, found.std) == (1, 1, 4.0, 0.0)

    def test_without_sensors_there_is_nothing(self, readings):
        assert readings.statistics([]) == readings.histories([]) == readings.series_of_sensors([]) == {}
