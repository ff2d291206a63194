"""Alarms put together to happenings, and what other thresholds would have done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from src.errors import InvalidDetector
from src.ml.anomaly_verdicts import Verdict
from src.ml.sensor_models.alarm_history import AlarmHistory, AlarmStretch, alarm_stretches, verdict_on
from src.ml.sensor_models.judged_past import JudgedPast
from src.ml.sensor_models.threshold_replay import (
    LEAD,
    KnownFault,
    Outcome,
    known_faults,
    replay_threshold,
    threshold_for,
    thresholds_to_try,
)
from src.sensors.events import Event

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTES = timedelta(minutes=10)
WEEK_ROWS = 7 * 144


def at(row: int) -> datetime:
    return NOON + row * MINUTES


def past(strengths, alarms=(), *, learning: int = 0) -> JudgedPast:
    """Readings every ten minutes; the first ones still learnt from."""
    rows = len(strengths)
    times = np.datetime64(NOON.replace(tzinfo=None), "us") + np.arange(rows) * np.timedelta64(10, "m")
    is_anomaly = np.zeros(rows, bool)
    is_anomaly[list(alarms)] = True
    return JudgedPast(times, np.array(strengths, np.float32), is_anomaly, np.arange(rows) >= learning)


def quiet(rows: int = WEEK_ROWS, **peaks: float) -> np.ndarray:
    """Strengths of 0 with peaks at some rows: `r5=2` is 2 at row 5."""
    strengths = np.zeros(rows)
    for name, peak in peaks.items():
        strengths[int(name[1:])] = peak
    return strengths


def history(strengths, *, learning: int = 0, **known) -> AlarmHistory:
    return AlarmHistory(past(strengths, learning=learning), 1.4, 10, **known)


def verdict(kind: str, first: int, end: int) -> Verdict:
    return Verdict(sensor_id=1, started_at=at(first), ended_at=at(end), kind=kind)


def failure(first: int, end: int | None) -> Event:
    return Event("Saw", "failure", at(first), None if end is None else at(end))


def spans(stretches: list[AlarmStretch]) -> list[tuple[datetime, datetime, int]]:
    return [(one.started_at, one.ended_at, one.alarms) for one in stretches]


def test_alarms_of_one_happening_are_one_stretch():
    judged = past([0, 2, 2, 0, 2, 3, 0, 0, 0, 0], alarms=[1, 5])
    (found,) = alarm_stretches(judged, 1.4, calm_rows=3)
    assert found == AlarmStretch(at(1), at(6), 2, 3.0)


def test_a_calm_while_parts_two_happenings_the_newest_comes_first():
    judged = past([0, 2, 0, 0, 0, 2, 2, 0], alarms=[1, 5])
    assert spans(alarm_stretches(judged, 1.4, calm_rows=3)) == [(at(5), at(7), 1), (at(1), at(2), 1)]


def test_what_raised_no_alarm_is_no_stretch():
    assert alarm_stretches(past([0, 2, 0, 0, 0, 0, 2], alarms=[1]), 1.4, 2) == [AlarmStretch(at(1), at(2), 1, 2.0)]
    assert alarm_stretches(past([0.1] * 5), 1.4, 2) == []
    assert alarm_stretches(past([]), 1.4, 2) == []


def test_a_stretch_that_goes_on_ends_where_the_next_reading_is_due():
    assert spans(alarm_stretches(past([0, 0, 2], alarms=[2]), 1.4, 2)) == [(at(2), at(3), 1)]
    assert spans(alarm_stretches(past([2], alarms=[0]), 1.4, 2)) == [(at(0), at(0) + timedelta(minutes=1), 1)]


def test_an_alarm_of_a_lower_threshold_stays_and_faults_between_do_no_harm():
    judged = past([0, 1.0, np.nan, np.nan, 0, 0, 0], alarms=[1])
    assert alarm_stretches(judged, 1.4, 2) == [AlarmStretch(at(1), at(2), 1, 1.0)]


def test_the_verdict_on_a_stretch_is_the_one_that_shares_most_with_it():
    one, two = verdict("real", 0, 5), verdict("false", 5, 20)
    assert verdict_on(at(3), at(9), [one, two]) is two
    assert verdict_on(at(0), at(5), [one, two]) is one
    assert verdict_on(at(20), at(22), [one, two]) is None
    assert verdict_on(at(0), at(1), []) is None


def test_a_higher_threshold_raises_fewer_alarms_a_week():
    strengths = quiet(r100=2, r400=3, r900=5)
    replays = [replay_threshold(history(strengths), threshold) for threshold in (1.4, 2.5, 4, 9)]
    assert [round(one.alarms_per_week, 6) for one in replays] == [3, 2, 1, 0]
    assert replays[1].times.tolist() == [at(400).replace(tzinfo=None), at(900).replace(tzinfo=None)]
    assert replays[1].strengths.tolist() == [3, 5]


def test_the_silence_after_an_alarm_holds_in_a_replay_too():
    assert len(replay_threshold(history(quiet(r100=2, r105=3, r120=2)), 1.4).times) == 2


def test_only_what_was_judged_after_learning_counts():
    strengths = quiet(2 * WEEK_ROWS, r100=9, r1500=2)
    strengths[1600:1604] = np.nan  # faults of the sensor
    replayed = replay_threshold(history(strengths, learning=WEEK_ROWS), 1.4)
    assert replayed.weeks == pytest.approx(1, abs=0.01)
    assert len(replayed.times) == 1


def test_with_nothing_judged_there_is_no_rate():
    for strengths in ([], [1.0] * 50):
        replayed = replay_threshold(history(strengths, learning=50, failures=(failure(0, 5),)), 1.4)
        assert (replayed.alarms_per_week, replayed.faults, len(replayed.times)) == (None, (), 0)
    assert threshold_for(history([]), 1) == 1.4


@pytest.mark.parametrize(
    ("row", "is_caught"),
    [(499 - 144, False), (500 - 144, True), (499, True), (519, True), (520, False)],
)
def test_an_alarm_catches_a_failure_from_24_hours_before_it_to_its_end(row, is_caught):
    assert timedelta(hours=24) == LEAD
    replayed = replay_threshold(history(quiet(**{f"r{row}": 2}), failures=(failure(500, 520),)), 1.4)
    assert (replayed.caught, len(replayed.faults)) == (int(is_caught), 1)
    assert replayed.outcomes == ((Outcome.CAUGHT if is_caught else Outcome.UNEXPLAINED),)


def test_a_verdict_decides_what_an_alarm_was():
    strengths = quiet(r100=2, r200=2, r300=2, r400=2, r500=2)
    said = (verdict("real", 95, 105), verdict("false", 199, 201), verdict("planned", 300, 301))
    replayed = replay_threshold(history(strengths, verdicts=(*said, verdict("sensor_fault", 390, 401))), 1.4)
    assert replayed.outcomes == ("caught", "false", "false", "sensor_fault", "unexplained")
    assert [replayed.count(outcome) for outcome in Outcome] == [1, 2, 1, 1]


def test_a_false_alarm_is_false_even_before_a_failure():
    known = {"failures": (failure(500, 520),), "verdicts": (verdict("false", 480, 490),)}
    assert replay_threshold(history(quiet(r485=2), **known), 1.4).outcomes == (Outcome.FALSE,)


def test_a_failure_that_goes_on_is_caught_at_any_time():
    replayed = replay_threshold(history(quiet(r900=2), failures=(failure(100, None),)), 1.4)
    assert replayed.is_caught == (True,)


def test_failures_that_nobody_could_have_caught_do_not_count():
    failures = (failure(-500, -400), failure(100, 110), failure(5_000, 5_010))
    replayed = replay_threshold(history(quiet(), failures=failures), 1.4)
    assert [fault.started_at for fault in replayed.faults] == [at(100)]
    assert replayed.caught == 0


def test_a_failure_and_a_verdict_on_it_are_one_fault():
    real = (verdict("real", 95, 103), verdict("real", 300, 301), verdict("false", 400, 500))
    assert known_faults((failure(100, 110),), real) == [KnownFault(at(95), at(110)), KnownFault(at(300), at(301))]
    assert known_faults((failure(100, None), failure(120, 130)), ()) == [KnownFault(at(100), None)]
    assert known_faults((failure(100, 110), failure(105, None)), ()) == [KnownFault(at(100), None)]


def test_thresholds_to_try_reach_beyond_the_strongest_score_and_hold_the_one_in_use():
    known = AlarmHistory(past(quiet(r100=40)), 1.2345, 10)
    thresholds = thresholds_to_try(known)
    assert thresholds == sorted(set(thresholds))
    assert {1.2345, 1.4} <= set(thresholds)
    assert replay_threshold(known, thresholds[-1]).alarms_per_week == 0


@pytest.mark.parametrize(("wanted", "alarms"), [(3, 3), (2, 2), (0.5, 0)])
def test_a_threshold_is_found_for_a_wanted_number_of_alarms(wanted, alarms):
    known = history(quiet(r100=2, r400=3, r900=5))
    found = threshold_for(known, wanted)
    assert len(replay_threshold(known, found).times) == alarms


def test_a_threshold_that_is_none_is_refused():
    for threshold in (0, -1, float("nan"), float("inf")):
        with pytest.raises(InvalidDetector):
            replay_threshold(history(quiet()), threshold)
