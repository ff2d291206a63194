"""What readings are like, counted on real databases; and what leaves as a file."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from src.database.activities import record_activity
from src.database.engine import reading, writing
from src.errors import FileNotWritten, InvalidPeriod, SensorNotFound
from src.notes import Note
from src.sensors.downsampling import series_of_sensor
from src.sensors.period_choice import period_between, period_named, period_of_days, whole_span
from src.sensors.presence import presence
from src.sensors.quality import Gap, SensorQuality, quality_of_sensors
from src.sensors.reading_export import count_for_export, export_readings, export_to_file
from src.sensors.reading_stream import Period, data_version, stream_readings
from src.sensors.readings import add_readings, read_readings
from src.sensors.sensor_manager import Sensor, SensorDescription, create_sensor_manager
from src.tables.reader import read_table

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
TEN = timedelta(minutes=10)
DAY = timedelta(days=1)


def sensor(engine: sa.Engine, name: str = "Saw heat", **values: object) -> Sensor:
    return create_sensor_manager(engine).add(
        SensorDescription(**{"display_name": name, "equipment": "Saw", "sensor_type": "temperature"} | values)
    )


def store(
    engine: sa.Engine, one: Sensor, marks: list[float] | np.ndarray, values: object = 1.0, quality: object = 0
) -> None:
    times = pd.DatetimeIndex([NOON + float(mark) * TEN for mark in marks])
    frame = pd.DataFrame({"sensor_id": one.sensor_id, "timestamp": times, "value": values, "data_quality": quality})
    with writing(engine) as connection:
        add_readings(connection, frame.astype({"value": float}))


def look(engine: sa.Engine, one: Sensor, marks: int, now: datetime = NOON) -> SensorQuality:
    return quality_of_sensors([one], Period(NOON, NOON + marks * TEN), now=now, engine=engine)[0]


class TestStream:
    def test_parts_together_are_the_readings_however_small_they_are(self, engine):
        one, values = sensor(engine), [1.5, None, -2.0, 0.0, 7.0]
        store(engine, one, range(5), values, [0, 3, 0, 2, 0])
        for rows in (1, 2, 5, 6):
            with reading(engine) as connection:
                parts = list(stream_readings(connection, one.sensor_id, rows=rows))
            whole = np.concatenate(parts)
            assert [part.size for part in parts] == [min(rows, 5 - start) for start in range(0, 5, rows)]
            np.testing.assert_array_equal(whole["value"], np.array(values, float))
            assert whole["quality"].tolist() == [0, 3, 0, 2, 0]
            stored = read_readings(engine=engine)["timestamp"]
            assert whole["time"].astype("datetime64[us]").tolist() == stored.dt.tz_localize(None).tolist()

    def test_a_period_has_its_start_and_not_its_end(self, engine):
        one = sensor(engine)
        store(engine, one, range(5), range(5))
        with reading(engine) as connection:
            (part,) = stream_readings(connection, one.sensor_id, Period(NOON + TEN, NOON + 3 * TEN))
        assert part["value"].tolist() == [1, 2]

    def test_an_infinite_value_counts_as_none(self, engine):
        one = sensor(engine)
        store(engine, one, range(2), [np.inf, 1.0])
        assert look(engine, one, 2).without_value == 1

    def test_the_version_is_another_one_after_a_newer_reading_and_after_an_act(self, engine):
        def version() -> str:
            with reading(engine) as connection:
                return data_version(connection)

        one = sensor(engine)
        versions = [version()]
        store(engine, one, range(2))
        versions.append(version())
        store(engine, one, [7])
        versions.append(version())
        record_activity("Ana", "data", "file.csv", Note("imported"))
        versions.append(version())
        assert len(set(versions)) == 4
        assert version() == versions[-1]


class TestQuality:
    def test_a_sensor_that_sends_all_it_should(self, engine):
        one = sensor(engine, physical_min=0.0, physical_max=10.0)
        store(engine, one, range(9), range(9))
        found = look(engine, one, 9, now=NOON + 9 * TEN)
        assert (found.readings, found.good, found.expected, found.interval, found.share) == (9, 9, 9, 600.0, 1.0)
        assert (found.gaps, found.missing, found.near_duplicates, found.repeated, found.out_of_range) == (0,) * 5
        assert found.quantiles == (0.0, 2.0, 4.0, 6.0, 8.0)
        assert (sum(found.counts), found.edges[0], found.edges[-1]) == (9, 0.0, 8.0)
        assert (found.last, found.age, found.is_stale) == (NOON + 8 * TEN, 600.0, False)

    def test_gaps_are_counted_and_the_longest_come_first(self, engine):
        one = sensor(engine)
        store(engine, one, [0, 1, 2, 4, 5, 6, 10, 11, 12])
        found = look(engine, one, 13)
        assert (found.gaps, found.missing, found.expected) == (2, 4, 13)
        assert found.longest_gaps == (Gap(NOON + 6 * TEN, NOON + 10 * TEN, 3), Gap(NOON + 2 * TEN, NOON + 4 * TEN, 1))

    def test_codes_missing_values_and_values_out_of_range(self, engine):
        one = sensor(engine, physical_max=50.0)
        store(engine, one, range(8), [1, 2, 99, 3, None, 51, 4, 5], [0, 0, 2, 1, 3, 0, 0, 7])
        found = look(engine, one, 8)
        assert (found.codes, found.good, found.without_value, found.out_of_range) == ({1: 1, 2: 1, 3: 1, 7: 1}, 4, 1, 2)
        assert found.quantiles is not None
        assert (found.quantiles[0], found.quantiles[-1]) == (1.0, 51.0)
        assert look(engine, sensor(engine, "no range"), 8).out_of_range is None

    def test_what_comes_twice(self, engine):
        one = sensor(engine)
        store(engine, one, [0, 1, 2, 2.1, 3, 4, 5], [1, 1, 1, 2, 2, 3, 4])
        found = look(engine, one, 6)
        assert (found.near_duplicates, found.repeated, found.gaps) == (1, 3, 0)

    def test_parts_change_nothing(self, engine, monkeypatch):
        rng = np.random.default_rng(5)
        one = sensor(engine)
        marks = np.flatnonzero(rng.random(400) > 0.1)
        store(engine, one, marks, rng.integers(0, 3, marks.size), rng.choice([0, 0, 0, 2], marks.size))
        whole = look(engine, one, 400)
        original = stream_readings
        monkeypatch.setattr("src.sensors.quality.stream_readings", lambda *arguments: original(*arguments, rows=7))
        assert look(engine, one, 400) == whole

    def test_silent_is_a_sensor_in_use_without_a_reading_for_more_than_three_steps(self, engine):
        one, never = sensor(engine), sensor(engine, "never")
        store(engine, one, range(4))
        last = NOON + 3 * TEN
        assert not look(engine, one, 4, now=last + 3 * TEN).is_stale
        assert look(engine, one, 4, now=last + 3.1 * TEN).is_stale
        assert look(engine, never, 4).is_stale
        assert (look(engine, never, 4).age, look(engine, never, 4).readings) == (None, 0)
        out = create_sensor_manager(engine).set_enabled(one, False, actor="Ana")
        assert not look(engine, out, 4, now=last + DAY).is_stale
        assert look(engine, one, 4, now=NOON).age == -1800.0

    def test_too_few_readings_have_no_step_and_no_gaps(self, engine):
        one = sensor(engine)
        store(engine, one, [0, 5])
        found = look(engine, one, 6)
        assert (found.interval, found.expected, found.share, found.gaps) == (None, None, None, 0)

    @pytest.mark.parametrize("values", [[5.0] * 4, [-1e308, 1e308, 0.0, 1.0], [0.0, 5e-324, 0.0, 5e-324], [1e300] * 4])
    def test_values_at_the_ends_of_what_a_float_holds(self, engine, values):
        one = sensor(engine)
        store(engine, one, range(4), values)
        found = look(engine, one, 4)
        assert found.quantiles is not None
        assert (found.quantiles[0], found.quantiles[-1]) == (min(values), max(values))
        assert sum(found.counts) == 4


class TestPresence:
    def test_each_cell_is_the_share_of_the_expected_readings_that_are_good(self, engine):
        one, two = sensor(engine), sensor(engine, "two")
        store(engine, one, [0, 1, 2, 3, 5, 6, 7, 8], 1.0, [0, 0, 2, 0, 0, 0, 0, 0])
        store(engine, two, range(9))
        picture = presence([two.sensor_id, one.sensor_id], Period(NOON, NOON + 9 * TEN), engine=engine)
        assert picture.width == timedelta(minutes=1)  # ten times as narrow as a step
        day = presence([two.sensor_id, one.sensor_id], Period(NOON, NOON + DAY), engine=engine)
        assert (day.width, day.starts[0], len(day.starts)) == (timedelta(minutes=30), NOON, 48)
        assert day.readings[:, :3].tolist() == [[3, 3, 3], [3, 2, 3]]
        assert day.not_good[2][:, :3].tolist() == [[0, 0, 0], [1, 0, 0]]
        np.testing.assert_allclose(day.share[:, :4], [[1, 1, 1, 0], [2 / 3, 2 / 3, 1, 0]])

    def test_a_bin_that_the_period_cuts_off_expects_less(self, engine):
        one = sensor(engine)
        store(engine, one, range(200))
        picture = presence([one.sensor_id], Period(NOON + 1.5 * TEN, NOON + 1.5 * TEN + DAY), engine=engine)
        assert picture.starts[0] == NOON
        assert picture.readings[0, 0] == 1
        assert picture.share.min() == 1.0

    def test_a_bin_that_is_cut_off_just_behind_a_reading_is_no_gap(self, engine):
        one = sensor(engine)
        store(engine, one, range(200))
        after = NOON + 2 * TEN + timedelta(microseconds=1)
        picture = presence([one.sensor_id], Period(after, after + DAY), engine=engine)
        assert np.isnan(picture.share[0, 0])
        assert np.nanmin(picture.share) == 1.0

    def test_a_slow_sensor_is_whole_where_its_bins_are_shorter_than_its_step(self, engine):
        slow = sensor(engine)
        store(engine, slow, range(0, 200, 12))  # each two hours
        picture = presence([slow.sensor_id], Period(NOON, NOON + DAY), engine=engine)
        assert np.nanmin(picture.share[0, :45]) == 1.0
        store(engine, slow, [240])
        later = presence([slow.sensor_id], Period(NOON, NOON + 2 * DAY), engine=engine)
        assert np.nanmin(later.share) == 0.0

    def test_a_sensor_without_readings_and_one_with_two(self, engine):
        never, seldom = sensor(engine), sensor(engine, "seldom")
        store(engine, seldom, [0, 100])
        picture = presence([never.sensor_id, seldom.sensor_id], Period(NOON, NOON + DAY), engine=engine)
        assert picture.share[0].max() == 0.0
        assert picture.share[1].sum() == 2.0

    def test_the_counts_are_those_of_the_readings(self, engine):
        rng = np.random.default_rng(3)
        sensors = [sensor(engine, f"s{number}") for number in range(3)]
        for one in sensors:
            marks = np.unique(rng.integers(-100, 1500, 700))
            store(engine, one, marks, 1.0, rng.choice([0, 0, 1, 3], marks.size))
        period = Period(NOON + 7 * TEN, NOON + 1003 * TEN)
        picture = presence([one.sensor_id for one in sensors], period, engine=engine)
        readings = read_readings(start=period.start, end=period.end, engine=engine)
        place = (readings["timestamp"] - picture.starts[0]) // picture.width
        for codes, counted in (([0, 1, 3], picture.readings), ([1], picture.not_good[1]), ([3], picture.not_good[3])):
            chosen = readings["data_quality"].isin(codes)
            wanted = pd.crosstab(readings["sensor_id"][chosen], place[chosen]).reindex(
                columns=range(len(picture.starts)), fill_value=0
            )
            assert counted.tolist() == wanted.to_numpy().tolist()

    @pytest.mark.parametrize("days", [0.01, 1, 7, 30, 90, 730, 20_000])
    def test_there_are_never_too_many_bins(self, engine, days):
        one = sensor(engine)
        picture = presence([one.sensor_id], Period(NOON + TEN / 3, NOON + TEN / 3 + days * DAY), engine=engine)
        assert len(picture.starts) <= 97
        assert picture.starts[0] <= NOON + TEN / 3 < picture.starts[0] + picture.width


class TestPeriods:
    def test_periods_end_with_the_newest_reading(self, engine):
        assert whole_span(engine) is None
        one = sensor(engine)
        store(engine, one, range(300))
        span = whole_span(engine, now=NOON + 10 * DAY)
        assert span is not None
        assert (span.start, span.end) == (NOON, NOON + 299 * TEN + timedelta(microseconds=1))
        assert look_count(engine, one, period_named("24h", span)) == 144
        assert look_count(engine, one, period_named("all", span)) == 300

    def test_a_reading_from_the_future_does_not_push_all_others_out(self, engine):
        store(engine, sensor(engine), range(3))
        store(engine, sensor(engine, "wrong clock"), [100_000])
        span = whole_span(engine, now=NOON + DAY)
        assert span is not None
        assert span.end < NOON + DAY

    def test_days_are_those_of_the_reader_the_last_one_included(self):
        period = period_of_days(date(2026, 3, 1), date(2026, 3, 2), ZoneInfo("America/Sao_Paulo"))
        assert period == Period(datetime(2026, 3, 1, 3, tzinfo=UTC), datetime(2026, 3, 3, 3, tzinfo=UTC))
        with pytest.raises(InvalidPeriod, match="not after its start"):
            period_of_days(date(2026, 3, 2), date(2026, 3, 1), UTC)
        with pytest.raises(InvalidPeriod):
            period_of_days(date(2026, 3, 2), date.max, UTC)

    def test_times_of_a_command_line(self):
        assert period_between(None, None) is None
        period = period_between("2026-03-01", "2026-03-01T14:00:00-03:00")
        assert period == Period(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 1, 17, tzinfo=UTC))
        for text in ("yesterday", "2026-13-01", "", "0001-01-01T00:00+14:00", "1e9"):
            with pytest.raises(InvalidPeriod, match="is no time"):
                period_between("2026-01-01", text)


def look_count(engine: sa.Engine, one: Sensor, period: Period) -> int:
    return quality_of_sensors([one], period, engine=engine)[0].readings


class TestSeries:
    def test_few_readings_are_all_there_and_gaps_are_open(self, engine):
        one = sensor(engine)
        store(engine, one, [0, 1, 2, 3, 6, 7, 8], [1, 2, 3, 99, 4, 5, None], [0, 0, 0, 2, 0, 0, 3])
        series = series_of_sensor(one.sensor_id, Period(NOON, NOON + 9 * TEN), engine=engine)
        assert np.isnan(series.values).tolist() == [False, False, False, True, False, False]
        assert series.values[~np.isnan(series.values)].tolist() == [1, 2, 3, 4, 5]
        assert (series.marked_values.tolist(), series.readings) == ([99], 7)

    @pytest.mark.parametrize("rows", [50_000, 999])
    def test_many_readings_become_few_points_and_extremes_and_gaps_stay(self, engine, rows, monkeypatch):
        original = stream_readings
        monkeypatch.setattr(
            "src.sensors.downsampling.stream_readings", lambda *arguments: original(*arguments, rows=rows)
        )
        rng = np.random.default_rng(1)
        values = rng.normal(size=6_000)
        values[[1_234, 4_321]] = 50, -50
        marks = np.delete(np.arange(6_000), slice(2_000, 2_500))
        one = sensor(engine)
        store(engine, one, marks, values[marks])
        period = Period(NOON, NOON + 6_000 * TEN)
        series = series_of_sensor(one.sensor_id, period, most=500, engine=engine)
        assert series.values.size <= 500
        assert {50.0, -50.0} <= set(series.values)
        assert (np.diff(series.times) > np.timedelta64(0)).all()
        (place,) = np.flatnonzero(np.isnan(series.values))
        around = (series.times[[place - 1, place + 1]] - np.datetime64(NOON.replace(tzinfo=None))) / np.timedelta64(TEN)
        assert around.tolist() == [1_999, 2_500]
        known = ~np.isnan(series.values)
        stored = dict(zip(marks, values[marks], strict=True))
        for time, value in zip(series.times[known], series.values[known], strict=True):
            assert stored[int((time - np.datetime64(NOON.replace(tzinfo=None))) / np.timedelta64(TEN))] == value

    def test_nothing_is_a_series_without_points(self, engine):
        series = series_of_sensor(sensor(engine).sensor_id, Period(NOON, NOON + DAY), engine=engine)
        assert (series.times.size, series.marked_times.size, series.readings) == (0, 0, 0)


VALUES = [1.5, None, -0.1, 1e-300, 12345678.9, 0.1 + 0.2, -1e22]


class TestExport:
    @pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".parquet"])
    def test_what_leaves_can_be_read_again_to_the_last_digit(self, engine, ending, tmp_path: Path):
        one, two = sensor(engine, 'Säge "1", hot'), sensor(engine, "two")
        store(engine, one, [0, 1, 2, 3.0000001, 4, 5, 6], VALUES, [0, 3, 1, 2, 0, 0, 0])
        store(engine, two, [0], 7.0)
        file = tmp_path / f"out{ending}"
        assert export_to_file(file, [one, two], engine=engine) == 8
        table = read_table(file, file.name).frame
        stored = read_readings(engine=engine)
        assert table.columns.tolist() == ["sensor", "timestamp", "value", "quality"]
        assert table["sensor"].tolist() == [one.display_name] * 7 + ["two"]
        assert table["timestamp"].tolist() == stored["timestamp"].tolist()
        np.testing.assert_array_equal(table["value"].to_numpy(float), stored["value"].to_numpy())
        assert table["quality"].tolist() == stored["data_quality"].tolist()
        assert [path.name for path in tmp_path.glob(".*")] == []

    def test_no_cell_runs_in_a_spreadsheet_and_numbers_stay_numbers(self, engine):
        one = sensor(engine, '=HYPERLINK("http://x")')
        store(engine, one, range(1), [-5.0])
        content = io.BytesIO()
        export_readings(content, [one], engine=engine)
        assert content.getvalue().decode().splitlines()[1] == (
            '"\'=HYPERLINK(""http://x"")",2026-03-01 12:00:00.000000Z,-5,0'
        )

    def test_chosen_sensors_and_a_period(self, engine):
        one, two = sensor(engine), sensor(engine, "two")
        store(engine, one, range(5), range(5))
        store(engine, two, range(5))
        period = Period(NOON + TEN, NOON + 3 * TEN)
        content = io.BytesIO()
        told: list[int] = []
        assert export_readings(content, [one], period, on_progress=told.append, engine=engine) == 2
        assert told == [2]
        assert count_for_export([one], period, engine=engine) == 2
        assert len(content.getvalue().splitlines()) == 3

    def test_without_readings_there_are_the_names_of_the_columns(self, engine, tmp_path: Path):
        assert export_to_file(tmp_path / "none.csv", [sensor(engine)], engine=engine) == 0
        assert (tmp_path / "none.csv").read_text().strip() == '"sensor","timestamp","value","quality"'

    def test_a_file_that_cannot_be_written_is_named_and_nothing_is_left(self, engine, tmp_path: Path):
        (tmp_path / "folder.csv").mkdir()
        for name in ("readings.xlsx", "readings", "folder.csv", "none/readings.csv", "x" * 300 + ".csv"):
            with pytest.raises(FileNotWritten):
                export_to_file(tmp_path / name, [sensor(engine, name[:50])], engine=engine)
        assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []

    def test_sensors_are_found_by_name(self, engine):
        one, two = sensor(engine), sensor(engine, "two")
        find = create_sensor_manager(engine).find
        assert (find(None), find([]), find(["two", "two"])) == ([one, two], [one, two], [two])
        with pytest.raises(SensorNotFound, match="'three'"):
            find(["two", "three"])
