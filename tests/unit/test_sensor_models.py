"""What is kept of a sensor's models: the past that was judged, and by which reading they know their sensor."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from src.errors import InvalidDetector, InvalidReadingValues
from src.ml.anomalies.faults import KnownLimits
from src.ml.anomalies.sensor_watch import learn_sensor
from src.ml.forecaster import create_forecaster
from src.ml.sensor_models.anchor import Anchor
from src.ml.sensor_models.judged_past import MOST_READINGS, JudgedPast
from src.notes import Note
from src.sensors.reading_stream import READING
from tests.integration.watched_sensors import usual_values

FIRST = np.datetime64("2026-03-01T00:00", "us")
HOUR = np.timedelta64(1, "h")


def past(
    start: int, count: int, *, strength: float = 0.0, learning: int = 0, alarms: tuple[int, ...] = ()
) -> JudgedPast:
    """Hourly readings from an hour on, all with one strength; the first ones while learning."""
    places = np.arange(start, start + count)
    return JudgedPast(
        times=FIRST + places * HOUR,
        strengths=np.full(count, strength, np.float32),
        is_anomaly=np.isin(places, alarms),
        is_learnt=np.arange(count) >= learning,
        sensor_faults={FIRST + int(place) * HOUR: Note("flat") for place in places[:1]},
    )


def hours_of(judged: JudgedPast) -> list[int]:
    """The hours of readings, counted from the first."""
    return ((judged.times - FIRST) // HOUR).tolist()


def test_what_an_earlier_detector_said_once_it_had_learnt_stays_and_the_new_one_says_the_rest():
    old, new = past(10, 20, strength=1.0, learning=5, alarms=(20,)), past(5, 27, strength=2.0, learning=20)
    joined = new.after(old)
    assert hours_of(joined) == list(range(5, 32))
    by_old = joined.strengths == 1.0
    assert hours_of(JudgedPast(joined.times[by_old], *[np.array([])] * 3)) == list(range(15, 30))
    assert joined.times[joined.is_anomaly].tolist() == [(FIRST + 20 * HOUR).item()]


def test_what_lies_before_the_new_window_stays_even_if_it_was_said_while_learning():
    joined = past(10, 5).after(past(0, 12, strength=1.0, learning=12))
    assert hours_of(joined) == list(range(15))
    assert (joined.strengths == 1.0).sum() == 10
    assert set(joined.sensor_faults) == {FIRST, FIRST + 10 * HOUR}


def test_only_so_much_of_the_past_is_kept():
    long = past(0, MOST_READINGS).followed_by(past(MOST_READINGS, 5))
    assert len(long) == MOST_READINGS
    assert hours_of(long)[0] == 5
    assert FIRST not in long.sensor_faults


@pytest.mark.parametrize(
    ("value", "is_there"), [(2.0, True), (2.5, False), (float("nan"), False)], ids=["same", "changed", "taken away"]
)
def test_a_model_knows_its_sensor_by_the_newest_reading_it_has_seen(value, is_there):
    readings = np.zeros(3, READING)
    readings["time"], readings["value"] = [10, 20, 30], [1.0, value, 3.0]
    anchor = Anchor.at(datetime(1970, 1, 1, 0, 0, 0, 20, tzinfo=UTC), 2.0)
    assert anchor.is_in(readings) == is_there
    assert not anchor.is_in(readings[:1])
    assert not anchor.is_in(readings[:0])


def test_an_anchor_without_a_value_is_found_again():
    readings = np.zeros(1, READING)
    readings["value"] = np.nan
    assert Anchor.of(readings[0]).is_in(readings)


def test_contamination_shapes_the_detector_and_leaves_the_threshold_alone():
    times, values = FIRST + np.arange(200) * HOUR, usual_values(200)
    values[::10] += 20
    (few, few_judged), (many, many_judged) = (learn_sensor(times, values, contamination=share) for share in (0.01, 0.5))
    assert few.detector.alarm_threshold == many.detector.alarm_threshold
    assert not np.array_equal(few_judged.strengths, many_judged.strengths, equal_nan=True)
    with pytest.raises(InvalidDetector, match=r"0\.6.*from 0\.01 to 0\.5"):
        learn_sensor(times, values, contamination=0.6)


def test_the_newest_reading_is_judged_by_those_before_it():
    times, values = FIRST + np.arange(100) * HOUR, usual_values(100)
    values[-1] = 75.0
    watch, judged = learn_sensor(times, values)
    assert not watch.detector.is_learning
    assert judged.is_anomaly.tolist() == [False] * 99 + [True]


def test_a_sensor_of_which_every_reading_is_a_fault_teaches_nothing():
    times, values = FIRST + np.arange(100) * HOUR, usual_values(100)
    with pytest.raises(InvalidReadingValues, match=r"Of 100 good readings, 100 are faults.*physical range"):
        learn_sensor(times, values, known=KnownLimits(physical_max=10.0))


def test_a_forecaster_goes_on_with_newer_values_and_keeps_its_calibration():
    times, values = FIRST + np.arange(400) * HOUR, usual_values(400)
    trained = create_forecaster("auto").fit(times[:300], values[:300])
    later = trained.continued(times, values)
    fresh = create_forecaster("auto").fit(times, values)
    assert later.forecast(5)["timestamps"] == fresh.forecast(5)["timestamps"]
    assert later.forecast(5)["forecasted_values"] == fresh.forecast(5)["forecasted_values"]
    widths = [np.subtract(one.forecast(5)["upper_80"], one.forecast(5)["lower_80"]) for one in (trained, later)]
    np.testing.assert_allclose(*widths)
    assert trained.forecast(5)["timestamps"][0] < later.forecast(5)["timestamps"][0]


def test_steps_that_are_over_are_left_out_of_a_forecast():
    times, values = FIRST + np.arange(200) * HOUR, usual_values(200)
    forecaster = create_forecaster("auto").fit(times, values)
    whole, rest = forecaster.forecast(10), forecaster.forecast(6, skip=4)
    for name in ("timestamps", "forecasted_values", "lower_80", "upper_95", "trend"):
        assert rest[name] == whole[name][4:]
