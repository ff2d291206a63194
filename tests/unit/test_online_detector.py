"""Readings in a stream: judged by their past alone, however they come, whatever is kept in between."""

from __future__ import annotations

import math
import pickle
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from src.errors import InvalidDetector, InvalidReadingValues
from src.ml.anomalies import online_detector
from src.ml.anomalies.alarms import replay
from src.ml.anomalies.detection import Detections
from src.ml.anomalies.faults import KnownLimits
from src.ml.anomalies.online_detector import OnlineDetector
from src.ml.anomalies.sensor_watch import SensorWatch, learn_sensor

TRAIN = 80


def stream(count: int = 400, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Times every ten minutes and values that go up and down, with noise."""
    times = np.datetime64("2026-03-01", "us") + np.arange(count) * np.timedelta64(10, "m")
    values = 50 + 4 * np.sin(np.arange(count) / 9) + np.random.default_rng(seed).normal(0, 0.5, count)
    return times, values


def assert_same(one: Detections, other: Detections) -> None:
    for name in (
        "strengths",
        "anomaly_scores",
        "is_anomaly",
        "is_silenced",
        "is_outside",
        "is_course",
        "lows",
        "highs",
    ):
        assert np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True), name


@pytest.fixture(scope="module")
def judged() -> Detections:
    """A stream with a jump at 300, judged at once."""
    times, values = stream()
    values[300:306] += 40
    return OnlineDetector(TRAIN).score_batch(times, values)


@pytest.mark.parametrize("cut", [1, 39, 40, 79, 80, 81, 200, 301, 399])
def test_what_comes_later_changes_no_earlier_score(judged, cut):
    before = OnlineDetector(TRAIN).score_batch(judged.times[:cut], judged.values[:cut])
    for name in ("strengths", "anomaly_scores", "is_anomaly", "is_silenced"):
        assert np.array_equal(getattr(before, name), getattr(judged, name)[:cut], equal_nan=True), name


def test_another_future_changes_no_earlier_score(judged):
    other = judged.values.copy()
    other[250:] = -1e6
    again = OnlineDetector(TRAIN).score_batch(judged.times, other)
    assert np.array_equal(again.strengths[:250], judged.strengths[:250], equal_nan=True)
    assert not np.array_equal(again.strengths[250:], judged.strengths[250:])


def test_one_by_one_gives_the_scores_of_a_batch_also_when_kept_in_between(judged):
    detector = OnlineDetector(TRAIN)
    for place in range(len(judged)):
        if place % 37 == 0:
            detector = pickle.loads(pickle.dumps(detector))
        assert detector.update(judged.times[place], judged.values[place]) == judged[place] or place < TRAIN
    assert detector.seen == len(judged)


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(0, 400), max_size=4))
def test_blocks_of_any_size_give_the_same_scores(cuts):
    times, values = stream(seed=3)
    whole = OnlineDetector(TRAIN, seeds=2).score_batch(times, values)
    detector, start = OnlineDetector(TRAIN, seeds=2), 0
    for end in [*sorted(cuts), len(values)]:
        part = detector.score_batch(times[start:end], values[start:end])
        assert np.array_equal(part.strengths, whole.strengths[start:end], equal_nan=True)
        assert np.array_equal(part.is_anomaly, whole.is_anomaly[start:end])
        start = end


def test_a_jump_is_an_alarm_at_once_and_only_one(judged):
    assert judged.is_anomaly[300]
    assert judged.anomaly_scores[300] >= 0.9
    assert judged.is_anomaly[300:310].sum() == 1
    assert judged.is_silenced[301:304].all()
    assert judged.is_anomaly.sum() <= 3
    assert str(judged.reason(300)) == "Outside everything before: so far it was 45.0981 to 54.6457."
    assert "soon after an alarm" in str(judged.reason(301))
    assert judged.reason(200) is None


def test_a_value_is_given_1_on_top_where_it_is_more_than_a_twentieth_outside_the_past_range():
    times, values = stream(200)
    low, high = values[:-1].min(), values[:-1].max()
    ends = [
        high + 0.049 * (high - low),
        high + 0.051 * (high - low),
        low - 0.049 * (high - low),
        low - 0.051 * (high - low),
    ]
    strengths = []
    for end in ends:
        values[-1] = end
        strengths.append(OnlineDetector(TRAIN).score_batch(times, values).strengths[-1])
    assert strengths[1] - strengths[0] == pytest.approx(1, abs=0.05)
    assert strengths[3] - strengths[2] == pytest.approx(1, abs=0.05)


def test_a_course_that_is_unlike_the_past_is_an_alarm_though_each_value_is_usual():
    times, values = stream(1_000)
    values[800:840] = 50 + np.random.default_rng(1).normal(0, 0.5, 40)  # the swing stops in the middle of its range
    judged = OnlineDetector(300).score_batch(times, values)
    assert judged.is_anomaly[800:840].any()
    first = int(np.argmax(judged.is_anomaly[800:840])) + 800
    assert "course" in str(judged.reason(first))


def test_the_alarm_threshold_is_at_the_documented_score(judged):
    known = ~np.isnan(judged.strengths)
    above = judged.strengths[known] >= 1.4
    assert np.array_equal(judged.anomaly_scores[known] >= 0.6, above)
    assert np.array_equal((judged.is_anomaly | judged.is_silenced)[known], above)


def test_a_replay_of_the_strengths_gives_the_same_alarms(judged):
    detector = OnlineDetector(TRAIN)
    assert np.array_equal(replay(judged.strengths, 1.4, detector.silence_rows), judged.is_anomaly)


def test_nothing_is_an_alarm_while_it_learns_and_it_says_so():
    times, values = stream(TRAIN)
    values[50] = 1e6
    detector = OnlineDetector(TRAIN)
    judged = detector.score_batch(times[:-1], values[:-1])
    assert detector.is_learning
    assert not judged.is_anomaly.any()
    assert not judged.anomaly_scores.any()
    assert "79 of the 80 readings" in str(judged[5].remark)
    assert str(judged[5].reason) == "Still learning what is usual."
    assert judged[5].strength is None
    detector.update(times[-1], values[-1])
    assert not detector.is_learning


def test_refits_are_due_by_the_schedule_and_can_be_done_apart_from_a_reading(monkeypatch):
    times, values = stream()
    fitted = []
    original = online_detector.fit_detectors
    monkeypatch.setattr(
        online_detector,
        "fit_detectors",
        lambda rows, rng, **how: fitted.append(len(rows)) or original(rows, rng, **how),
    )
    apart, within = OnlineDetector(TRAIN), OnlineDetector(TRAIN)
    for place in range(300):
        if apart.refit_due:
            apart.refit()
        count = len(fitted)
        one = apart.update(times[place], values[place], refit=False)
        assert len(fitted) == count  # never within the reading
        assert one == within.update(times[place], values[place])
    assert fitted[::2] == [40, 80, 160, 240]


def test_a_refit_that_comes_late_leaves_the_earlier_fit_in_use():
    times, values = stream()
    detector = OnlineDetector(TRAIN)
    detector.score_batch(times[:TRAIN], values[:TRAIN])
    for place in range(TRAIN, 200):
        assert math.isfinite(detector.update(times[place], values[place], refit=False).strength)
    assert detector.refit_due
    detector.refit()
    assert not detector.refit_due


def test_thirty_readings_are_enough_to_start_and_it_says_that_they_are_few():
    times, _ = stream(60)
    values = np.random.default_rng(0).normal(50, 5, 60)
    watch, _ = learn_sensor(times[:30], values[:30])
    usual = watch.update(times[30], values[30])
    assert not usual.is_anomaly
    assert "It started from 30 readings only" in str(usual.remark)
    assert watch.update(times[31], 120.0, refit=False).is_anomaly


def test_with_much_history_it_learns_from_750_readings_and_has_no_remark():
    times, values = stream(800)
    watch, _ = learn_sensor(times, values)
    assert watch.detector.train_rows == 750
    assert watch.detector.remark is None
    assert watch.detector.last_time == datetime(2026, 3, 6, 13, 10, tzinfo=UTC)


def test_only_good_readings_are_learnt_from():
    times, values = stream(100)
    quality = np.zeros(100, int)
    quality[::10], values[::10], values[5] = 2, 1e6, np.nan
    watch, _ = learn_sensor(times, values, quality)
    assert watch.detector.seen == watch.detector.train_rows == 89
    quality[:] = 1
    with pytest.raises(InvalidReadingValues, match="0 good readings are too few"):
        learn_sensor(times, values, quality)


def test_a_sensor_fault_is_no_anomaly_and_never_reaches_the_detector():
    times, values = stream(100)
    watch, _ = learn_sensor(times[:90], values[:90], known=KnownLimits(physical_max=100.0))
    fault = watch.update(times[90], 400.0)
    assert "above 100" in str(fault.sensor_fault)
    assert fault.reason == fault.sensor_fault
    assert (fault.is_anomaly, fault.anomaly_score, fault.strength) == (False, 0.0, None)
    assert watch.detector.seen == 90
    after = watch.update(times[91], values[91])
    assert after.sensor_fault is None
    assert not after.is_anomaly


def test_a_watched_batch_is_what_comes_one_by_one():
    times, values = stream(300)
    values[[120, 121, 200]] = np.nan, 1e5, 58.0
    values[250:275] = values[250]
    at_once = SensorWatch(OnlineDetector(TRAIN)).score_batch(times, values)
    watch = SensorWatch(OnlineDetector(TRAIN))
    for place in range(300):
        one, other = watch.update(times[place], values[place]), at_once[place]
        assert (one.anomaly_score, one.is_anomaly, one.reason, one.sensor_fault) == (
            other.anomaly_score,
            other.is_anomaly,
            other.reason,
            other.sensor_fault,
        )
    assert [place for place, fault in enumerate(at_once.sensor_faults) if fault] == [120, 121, *range(257, 275)]


def test_fewer_alarms_a_week_mean_a_higher_threshold_and_it_follows_the_past():
    times, values = stream(3_000)
    few, many = (OnlineDetector(150, alarms_per_week=rate) for rate in (0.5, 20.0))
    counts = [detector.score_batch(times, values).is_anomaly.sum() for detector in (few, many)]
    assert few.alarm_threshold > many.alarm_threshold
    assert counts[0] < counts[1]
    weeks = (3_000 - 150) / 1_008
    assert counts[0] <= 3 * weeks
    assert 5 * weeks < counts[1] < 30 * weeks
    threshold = few.alarm_threshold
    few.set_alarms_per_week(20.0)
    assert few.alarm_threshold < threshold
    few.set_alarm_threshold(2.5)
    assert (few.alarm_threshold, few.alarms_per_week) == (2.5, None)


def test_the_state_is_small():
    times, values = stream(9_000)
    detector = OnlineDetector(168)
    detector.score_batch(times[:168], values[:168])
    detector.refit()
    assert len(pickle.dumps(detector)) < 300_000
    detector.score_batch(times[168:], values[168:])
    assert len(pickle.dumps(detector)) < 600_000


@pytest.mark.parametrize("constant", [0.0, 5.0, 1e9])
def test_a_constant_sensor_is_usual_until_it_changes(constant):
    times, _ = stream(200)
    detector = OnlineDetector(60)
    assert not detector.score_batch(times[:-1], np.full(199, constant)).is_anomaly.any()
    assert detector.update(times[-1], constant + 3).is_anomaly or constant == 1e9  # there 3 is next to nothing


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(-1e99, 1e99), min_size=60, max_size=120))
def test_whatever_finite_values_come_the_scores_are_from_0_to_1(values):
    times, _ = stream(len(values))
    judged = OnlineDetector(30).score_batch(times, np.array(values))
    assert ((judged.anomaly_scores >= 0) & (judged.anomaly_scores <= 1)).all()
    assert np.isfinite(judged.strengths[30:]).all()


def test_no_readings_at_all_are_judged_too():
    assert len(OnlineDetector(TRAIN).score_batch(np.array([], "datetime64[us]"), np.array([]))) == 0


def test_any_zone_will_do_but_none_will_not():
    detector = OnlineDetector(TRAIN)
    east = datetime(2026, 3, 1, 9, 0, tzinfo=timezone(timedelta(hours=9)))
    assert detector.update(east, 1.0).time == datetime(2026, 3, 1, tzinfo=UTC)
    with pytest.raises(InvalidReadingValues, match="no zone"):
        detector.update(datetime(2026, 3, 2), 1.0)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("times", "values", "message"),
    [
        (["2026-01-01", "2026-01-01"], [1, 2], "is not after the one at"),
        (["2026-01-02", "2026-01-01"], [1, 2], "is not after the one at"),
        (["NaT"], [1], "is not after"),
        (["2026-01-01", "NaT"], [1, 2], "is not after"),
        (["2026-01-01"], [np.nan], "1 of 1 values are missing"),
        (["2026-01-01"], [-np.inf], "1 of 1 values are missing"),
        (["2026-01-01"], [1e300], "1 of 1 values are missing, infinite or larger"),
        (["2026-01-01"], [1, 2], r"shape \(1,\) and values \(2,\)"),
        ([["2026-01-01"]], [[1]], "shape"),
    ],
)
def test_readings_that_cannot_be_judged_are_refused_and_none_is_taken_in(times, values, message):
    for judge in (OnlineDetector(TRAIN), SensorWatch(OnlineDetector(TRAIN))):
        if isinstance(judge, SensorWatch) and "values are" in message:
            continue  # there it is a sensor fault
        with pytest.raises(InvalidReadingValues, match=message):
            judge.score_batch(np.array(times, "datetime64[us]"), np.array(values, float))
        assert getattr(judge, "detector", judge).seen == 0


def test_a_reading_that_comes_again_is_refused():
    times, values = stream(10)
    detector = OnlineDetector(TRAIN)
    detector.score_batch(times, values)
    with pytest.raises(InvalidReadingValues, match="is not after the one at 2026-03-01T01:30"):
        detector.update(times[-1], 1.0)


@pytest.mark.parametrize(
    "choice",
    [
        {"train_rows": 29},
        {"train_rows": -1},
        {"seeds": 0},
        {"alarm_threshold": 0.0},
        {"alarm_threshold": math.nan},
        {"alarms_per_week": 0.0},
        {"alarms_per_week": math.inf},
        {"alarms_per_week": -2.0},
    ],
)
def test_a_choice_that_no_detector_can_have_is_refused(choice):
    with pytest.raises(InvalidDetector):
        OnlineDetector(**choice)


def test_a_refit_without_a_past_is_refused():
    with pytest.raises(InvalidReadingValues, match="0 readings are too few to fit"):
        OnlineDetector(TRAIN).refit()


@pytest.mark.parametrize(
    ("name", "windows_hit"), [("ambient_temperature_system_failure", 2), ("machine_temperature_system_failure", 3)]
)
def test_the_failures_of_real_machines_are_found_with_few_false_alarms(real_data, name, windows_hit):
    import json

    from src.sensors.series_file import read_series

    series = read_series(real_data / "nab" / f"{name}.csv")
    judged = OnlineDetector(750).score_batch(series.times, series.values)
    alarms = series.times[judged.is_anomaly]
    windows = np.array(json.loads((real_data / "nab" / "windows.json").read_text())[f"{name}.csv"], "datetime64[us]")
    is_in = np.array([(alarms >= start) & (alarms <= end) for start, end in windows])
    assert is_in.any(axis=1).sum() >= windows_hit
    weeks = (series.times[-1] - series.times[750]) / np.timedelta64(7, "D")
    assert (~is_in.any(axis=0)).sum() / weeks <= 0.5
