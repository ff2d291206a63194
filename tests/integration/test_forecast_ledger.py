"""The ledger of forecasts in both databases: kept as issued, joined with the readings that came since."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from src.database.engine import reading, writing
from src.database.tables import forecast_steps, forecasts, sensor_readings, sensors
from src.errors import InvalidPeriod, InvalidPrediction, SensorNotFound
from src.ml import forecast_ledger
from src.ml.forecast_accuracy import forecast_accuracies, forecast_accuracy, steps_beside_readings
from src.ml.forecast_ledger import delete_old_forecasts, issue_forecasts, read_forecasts
from src.ml.issued_forecast import IssuedForecast
from tests.integration.crash_tools import die, in_child
from tests.integration.sensor_samples import HOUR, NOON, TEN_MINUTES, add_sensor, store

NAN, INFINITY = float("nan"), float("inf")
LATER = NOON + timedelta(days=300)


@pytest.fixture
def saw(engine: sa.Engine) -> int:
    return add_sensor(engine)


def forecast(sensor_id: int, values: list[float], **more) -> IssuedForecast:
    """A forecast that is sure by 1 at 80% and by 2 at 95%, for the hours from noon on."""
    value = np.array(values, float)
    arrays = {"value": value, "low_80": value - 1, "high_80": value + 1, "low_95": value - 2, "high_95": value + 2}
    facts = {"model": "auto", "model_version": 1, "first_target": NOON, "interval": HOUR, "issued_at": NOON}
    return IssuedForecast(**{"sensor_id": sensor_id} | facts | arrays | more)


def count(engine: sa.Engine) -> tuple[int, int]:
    """Forecasts and steps in the ledger."""
    with reading(engine) as connection:
        return tuple(
            connection.scalar(sa.select(sa.func.count()).select_from(table)) for table in (forecasts, forecast_steps)
        )


class TestIssuing:
    def test_a_forecast_comes_back_as_it_was_issued(self, saw):
        issued = forecast(saw, [1.5, 1e-300, -3.25], model="mstl", model_version=7)
        (identifier,) = issue_forecasts([issued])
        (read,) = read_forecasts(saw)
        assert (read.forecast_id, read.sensor_id, read.model, read.model_version) == (identifier, saw, "mstl", 7)
        assert (read.issued_at, read.first_target, read.interval) == (NOON, NOON, HOUR)
        np.testing.assert_array_equal(read.steps, issued.steps)
        assert read.timestamps.tolist() == [datetime(2024, 3, 1, 12 + hour) for hour in range(3)]  # noqa: DTZ001

    def test_it_is_issued_now_and_in_utc_unless_told_otherwise(self, saw):
        naive = datetime(2024, 3, 1, 12)  # noqa: DTZ001
        issue_forecasts([forecast(saw, [1.0], issued_at=None, first_target=naive)])
        (read,) = read_forecasts(saw)
        assert datetime.now(UTC) - read.issued_at < timedelta(minutes=5)
        assert read.first_target == NOON

    def test_the_latest_comes_first_and_as_many_as_asked_for(self, saw):
        issue_forecasts(
            [
                forecast(saw, [float(hour)], issued_at=NOON + hour * HOUR, first_target=NOON + hour * HOUR)
                for hour in range(5)
            ]
        )
        assert [read.value[0] for read in read_forecasts(saw)] == [4.0]
        assert [read.value[0] for read in read_forecasts(saw, limit=10**30)] == [4.0, 3.0, 2.0, 1.0, 0.0]
        assert [read.value[0] for read in read_forecasts(saw, limit=9, since=NOON + 3 * HOUR)] == [4.0, 3.0]

    def test_the_same_forecast_issued_again_is_kept_once(self, engine, saw):
        one = forecast(saw, [1.0, 2.0])
        first = issue_forecasts([one, one])
        again = issue_forecasts([replace(one, issued_at=NOON + HOUR)])
        assert first == again * 2
        assert count(engine) == (1, 2)
        assert read_forecasts(saw)[0].issued_at == NOON

    def test_one_that_goes_further_adds_its_further_steps(self, engine, saw):
        short, long = forecast(saw, [1.0, 2.0]), forecast(saw, [1.0, 2.0, 3.0, 4.0])
        assert issue_forecasts([short]) == issue_forecasts([long]) == issue_forecasts([short])
        assert count(engine) == (1, 4)
        assert read_forecasts(saw)[0].value.tolist() == [1.0, 2.0, 3.0, 4.0]

    def test_one_that_says_something_else_is_kept_beside_it(self, engine, saw):
        one = forecast(saw, [1.0, 2.0])
        others = [
            {"value": np.array([1.0, 2.5])},
            {"model_version": 2},
            {"model": "prophet"},
            {"first_target": NOON + HOUR},
            {"interval": TEN_MINUTES},
            {"high_95": np.array([3.0, 4.5])},
        ]
        identifiers = {issue_forecasts([replace(one, **change)])[0] for change in ({}, *others)}
        assert len(identifiers) == 7
        assert count(engine) == (7, 14)

    def test_with_one_that_cannot_be_nothing_of_any_is_kept(self, engine, saw):
        one = forecast(saw, [1.0, 2.0])
        with pytest.raises(InvalidPrediction, match="value of step 2 is nan"):
            issue_forecasts([one, replace(one, value=np.array([1.0, NAN]))])
        assert count(engine) == (0, 0)

    def test_of_a_sensor_that_does_not_exist_nothing_is_kept_nor_of_the_others(self, engine, saw):
        for sensor_id in (404, 10**30, None):
            with pytest.raises(SensorNotFound, match=str(sensor_id)):
                issue_forecasts([forecast(saw, [1.0]), forecast(sensor_id, [1.0])])
        with pytest.raises(SensorNotFound):
            read_forecasts(404)
        assert count(engine) == (0, 0)

    def test_an_error_in_the_middle_leaves_nothing_of_a_forecast(self, engine, saw, monkeypatch):
        def fail(*_) -> None:
            raise OSError("the disk is full")

        monkeypatch.setattr(forecast_ledger, "_insert_steps", fail)
        with pytest.raises(OSError, match="full"):
            issue_forecasts([forecast(saw, [1.0, 2.0])])
        assert count(engine) == (0, 0)

    def test_a_kill_in_the_middle_leaves_nothing_of_a_forecast(self, engine, saw, monkeypatch):
        insert = forecast_ledger._insert_steps

        def insert_and_die(*arguments) -> None:
            insert(*arguments)
            die()

        def issue() -> None:
            engine.dispose(close=False)  # the connections are the parent's
            issue_forecasts([forecast(saw, [1.0, 2.0])])

        monkeypatch.setattr(forecast_ledger, "_insert_steps", insert_and_die)
        engine.dispose()
        assert in_child(issue) == -9
        assert count(engine) == (0, 0)

    def test_of_two_that_issue_the_same_at_once_one_is_kept(self, engine, saw):
        together = threading.Barrier(4)
        identifiers = []

        def issue() -> None:
            together.wait()
            identifiers.extend(issue_forecasts([forecast(saw, [1.0, 2.0])]))

        threads = [threading.Thread(target=issue) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (len(identifiers), len(set(identifiers)), count(engine)) == (4, 1, (1, 2))

    def test_nothing_to_issue_is_nothing(self, engine):
        assert issue_forecasts([]) == []

    def test_what_was_issued_longer_ago_than_the_setting_is_cleared_away_with_its_steps(self, engine, saw):
        now = datetime.now(UTC)
        issue_forecasts(
            [
                forecast(saw, [1.0, 2.0], issued_at=now - timedelta(days=181)),
                forecast(saw, [3.0], issued_at=now - timedelta(days=179)),
            ]
        )
        assert delete_old_forecasts() == 1
        assert count(engine) == (1, 1)
        assert delete_old_forecasts(7) == 1
        with pytest.raises(InvalidPeriod):
            delete_old_forecasts(NAN)


class TestAccuracy:
    def test_an_hourly_forecast_is_held_against_the_mean_of_the_hours_good_readings(self, engine, saw):
        issue_forecasts([forecast(saw, [10.0, 20.0, 30.0])])
        store(engine, saw, [9.0, 99.0, 10.0, 11.0, 8.0, 12.0, 21.5], quality=[0, 2, 0, 0, 0, 0, 0])
        accuracy = forecast_accuracy(saw, until=LATER)
        assert (accuracy.forecasts, accuracy.steps, accuracy.waiting) == (1, 3, 1)
        errors = accuracy.errors
        assert (errors.steps, errors.mae, errors.bias) == (2, 0.75, -0.75)
        assert errors.rmse == pytest.approx((1.5**2 / 2) ** 0.5)
        assert (errors.coverage_80, errors.coverage_95) == (0.5, 1.0)

    def test_a_reading_on_the_bound_is_within(self, engine, saw):
        issue_forecasts([forecast(saw, [10.0, 10.0, 10.0])])
        store(engine, saw, [11.0, 8.0, 12.1], step=HOUR)
        errors = forecast_accuracy(saw, until=LATER).errors
        assert (errors.coverage_80, errors.coverage_95) == pytest.approx((1 / 3, 2 / 3))

    def test_errors_are_by_horizon_and_by_version(self, engine, saw):
        issue_forecasts(
            [
                forecast(saw, [1.0, 2.0, 2.0, 4.0]),
                forecast(saw, [0.5, 0.5], model_version=2),
                forecast(saw, [9.0], model="prophet"),
            ]
        )
        store(engine, saw, [0.0] * 4, step=HOUR)
        accuracy = forecast_accuracy(saw, until=LATER)
        assert [(one.above / HOUR, one.up_to / HOUR, one.errors.mae) for one in accuracy.by_horizon] == [
            (0, 1, 3.5),
            (1, 3, 1.5),
            (3, 6, 4.0),
        ]
        assert [(one.model, one.model_version, one.errors.mae) for one in accuracy.by_version] == [
            ("auto", 2, 0.5),
            ("auto", 1, 2.25),
            ("prophet", 1, 9.0),
        ]

    def test_what_lies_further_ahead_than_a_week_has_a_bucket_of_its_own(self, engine, saw):
        issue_forecasts([forecast(saw, [1.0, 3.0], interval=timedelta(days=7))])
        store(engine, saw, [0.0, 0.0], step=timedelta(days=8))
        far, farther = forecast_accuracy(saw, until=LATER).by_horizon
        assert (far.up_to, far.errors.mae, farther.up_to, farther.errors.mae) == (timedelta(days=7), 1.0, None, 3.0)

    @pytest.mark.parametrize(
        "first", [NOON, NOON + timedelta(minutes=7, microseconds=11), NOON - timedelta(days=36_525)]
    )
    def test_the_steps_lie_where_the_forecast_says(self, engine, first):
        microsecond = timedelta(microseconds=1)
        for interval in (TEN_MINUTES, HOUR, timedelta(days=1), timedelta(seconds=77)):
            saw = add_sensor(engine, f"Saw every {interval}")
            issue_forecasts([forecast(saw, [1.0, 2.0, 3.0], first_target=first, interval=interval)])
            for target, value in ((first - microsecond, 99.0), (first, 1.0), (first + 2 * interval - microsecond, 2.0)):
                store(engine, saw, [value], start=target)
            table = steps_beside_readings(saw, until=LATER)
            assert table["reading"].tolist() == [1.0, 2.0] == table["value"].tolist()
            assert table["target"].tolist() == [first, first + interval]

    def test_forecasts_on_different_grids_do_not_mix(self, engine, saw):
        issue_forecasts(
            [
                forecast(saw, [1.0, 1.0]),
                forecast(saw, [1.0], interval=TEN_MINUTES),
                forecast(saw, [1.0], first_target=NOON + TEN_MINUTES),
            ]
        )
        store(engine, saw, [0.0, 6.0, 0.0, 0.0, 0.0, 0.0, 3.0])
        table = steps_beside_readings(saw, until=LATER)
        assert table["reading"].tolist() == [1.0, 3.0, 0.0, 1.5]
        assert forecast_accuracy(saw, until=LATER).errors.steps == 4

    def test_an_interval_counts_once_it_is_over(self, engine, saw):
        issue_forecasts([forecast(saw, [1.0, 1.0])])
        store(engine, saw, [1.0] * 12)
        assert forecast_accuracy(saw, until=NOON + 1.9 * HOUR).errors.steps == 1
        assert forecast_accuracy(saw, until=NOON + 2 * HOUR).errors.steps == 2
        assert forecast_accuracy(saw, until=NOON - HOUR).errors is None

    def test_readings_that_come_late_or_are_mended_count_as_they_are_now(self, engine, saw):
        issue_forecasts([forecast(saw, [1.0])])
        assert forecast_accuracy(saw, until=LATER).waiting == 1
        store(engine, saw, [4.0])
        assert forecast_accuracy(saw, until=LATER).errors.mae == 3.0
        with writing(engine) as connection:
            connection.execute(sa.update(sensor_readings).values(data_quality=2))
        assert forecast_accuracy(saw, until=LATER).errors is None

    def test_only_forecasts_issued_since_a_moment(self, engine, saw):
        issue_forecasts([forecast(saw, [1.0]), forecast(saw, [5.0], model_version=2, issued_at=NOON + HOUR)])
        store(engine, saw, [0.0])
        assert forecast_accuracy(saw, since=NOON + HOUR, until=LATER).errors.mae == 5.0
        assert forecast_accuracy(saw, since=NOON + 2 * HOUR, until=LATER).forecasts == 0

    def test_the_largest_values_are_summed_up_and_larger_ones_are_no_readings(self, engine, saw):
        issue_forecasts([forecast(saw, [1e100, 0.0])])
        store(engine, saw, [-1e100, 1e300], step=HOUR)
        assert forecast_accuracy(saw, until=LATER).errors.rmse == pytest.approx(2e100)

    def test_without_forecasts_there_is_no_accuracy(self, saw):
        accuracy = forecast_accuracy(saw)
        assert (accuracy.forecasts, accuracy.steps, accuracy.waiting, accuracy.errors) == (0, 0, 0, None)
        assert (accuracy.by_horizon, accuracy.by_version) == ((), ())
        assert steps_beside_readings(saw).empty
        assert forecast_accuracies() == {}

    def test_what_is_asked_for_wrongly_is_named(self, saw):
        for ask in (forecast_accuracy, steps_beside_readings):
            with pytest.raises(SensorNotFound, match="404"):
                ask(404)
            with pytest.raises(InvalidPeriod):
                ask(saw, since=pd.NaT)
        for limit in (0, -1, NAN):
            with pytest.raises(InvalidPrediction, match="at least 1"):
                read_forecasts(saw, limit=limit)
        with pytest.raises(InvalidPeriod):
            read_forecasts(saw, since=pd.NaT)

    def test_a_thousand_sensors_at_once_are_each_as_one_by_one(self, engine):
        ids = list(range(1, 1_101))
        with writing(engine) as connection:
            named = [
                {"sensor_id": key, "display_name": f"s{key}", "equipment": "Saw", "sensor_type": "x"} for key in ids
            ]
            connection.execute(sa.insert(sensors), named)
            rows = [
                {"sensor_id": key, "timestamp": NOON + hour * HOUR, "value": 0.0, "data_quality": 0}
                for key in ids
                for hour in range(2)
            ]
            connection.execute(sa.insert(sensor_readings), rows)
        assert len(set(issue_forecasts(forecast(key, [float(key), 0.0, 1.0]) for key in ids))) == 1_100
        assert len(set(issue_forecasts(forecast(key, [float(key), 0.0, 1.0]) for key in ids))) == 1_100
        assert count(engine) == (1_100, 3_300)
        every = forecast_accuracies(until=LATER)
        assert list(every) == ids
        assert all((one.errors.steps, one.errors.mae) == (2, key / 2) for key, one in every.items())
        assert forecast_accuracies(np.array([7, 3]), until=LATER) == {7: every[7], 3: every[3]}
        assert forecast_accuracy(7, until=LATER) == every[7]
