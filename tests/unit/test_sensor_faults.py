"""Rules for sensor faults: what they find, and what sensors do by nature without being called faulty."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from src.errors import InvalidDetector
from src.ml.anomalies.faults import FaultRules, KnownLimits
from src.notes import Note

COUNT = 1_200
START = np.datetime64("2026-03-01", "us")
STEP = np.timedelta64(10, "m")


def times(count: int = COUNT) -> np.ndarray:
    return START + np.arange(count) * STEP


def temperature(count: int = COUNT) -> np.ndarray:
    """A good sensor: 55 to 65 °C with a little noise."""
    return 60 + 5 * np.sin(np.arange(count) / 40) + np.random.default_rng(0).normal(0, 0.1, count)


def faults(values: np.ndarray, rules: FaultRules | None = None) -> dict[int, str]:
    """What is said of each place where something is."""
    rules = rules or FaultRules()
    notes = [rules.check(time, value) for time, value in zip(times(len(values)), values, strict=True)]
    return {place: str(note) for place, note in enumerate(notes) if note is not None}


def test_a_good_sensor_has_no_fault():
    assert faults(temperature()) == {}


def test_a_flat_line_is_told_from_its_eighth_reading_until_it_ends():
    values = temperature()
    values[600:640] = values[600]
    found = faults(values)
    assert list(found) == list(range(607, 640))
    assert found[607].startswith("Flat line: ")
    assert "for 8 readings in a row; by nature it is 1 at most" in found[607]


def _clock(count: int = COUNT) -> np.ndarray:
    return np.arange(count)


NATURAL = {
    "a switch": np.where(np.sin(_clock() / 70) > 0.3, 1.0, 0.0),
    "a constant": np.full(COUNT, 7.0),
    "a coarse thermometer": np.round(20 + 3 * np.sin(_clock() / 60)),
    "a saturated level": np.clip(100 * np.sin(_clock() / 30), -20, 80),
    "setpoints held for hours": np.repeat(np.random.default_rng(0).integers(0, 6, COUNT // 40), 40) * 10.0,
    "a light that is dark at night": np.clip(300 * np.sin(_clock() / 23), 0, None),
    "a counter of rare events": np.random.default_rng(1).poisson(0.2, COUNT).astype(float),
    "a heavy-tailed latency": np.random.default_rng(2).lognormal(0, 1.2, COUNT),
    "a machine that rests from then on": np.concatenate([np.random.default_rng(3).normal(5, 1, 600), np.zeros(600)]),
}


@pytest.mark.parametrize("name", NATURAL)
def test_what_a_sensor_does_by_nature_is_no_flat_line(name):
    assert [text for text in faults(NATURAL[name]).values() if text.startswith("Flat")] == []


def test_a_run_that_comes_again_and_again_is_the_sensors_nature():
    values = temperature()
    for start in range(100, 1_100, 100):
        values[start : start + 20] = values[start]
    flat = [place for place, text in faults(values).items() if text.startswith("Flat")]
    assert flat
    assert max(flat) < 500


def test_an_impossible_rate_is_told_of_a_single_spike():
    values = temperature()
    values[600] += 300
    found = faults(values)
    assert list(found) == [600]
    assert found[600].startswith("Impossible rate: 29.98 a minute, where at most 0.")


def test_a_jump_that_the_next_reading_confirms_is_no_more_a_fault():
    values = temperature()
    values[600:] += 300
    assert list(faults(values, FaultRules(KnownLimits(unit="kg")))) == [600]


def test_a_known_fastest_change_counts_from_the_first_reading_on():
    values = temperature()[:20]
    values[10] += 30
    assert list(faults(values, FaultRules(KnownLimits(fastest_change=0.01)))) == [10]
    assert faults(values) == {}  # with 20 readings nothing can be drawn from them


def test_spikes_that_come_again_and_again_are_the_sensors_nature():
    values = temperature()
    values[100::50] += 300
    found = [place for place, text in faults(values).items() if text.startswith("Impossible")]
    assert found == [100, 150, 200]


def test_spikes_that_come_now_and_then_stay_faults():
    values = temperature(3_600)
    values[100::550] += 300
    found = [place for place, text in faults(values).items() if text.startswith("Impossible")]
    assert found == [*range(100, 3_600, 550)]


def test_a_change_after_a_gap_is_possible_and_one_within_seconds_is_not_taken_for_faster():
    rules, values = FaultRules(), temperature()
    for time, value in zip(times(600), values, strict=False):
        assert rules.check(time, value) is None
    last = times(600)[-1]
    assert rules.check(last + np.timedelta64(1, "s"), values[599] + 1.5) is None
    assert rules.check(last + np.timedelta64(7, "D"), values[599] + 60) is None


def test_out_of_the_physical_range_is_told_with_both_limits_included():
    rules = FaultRules(KnownLimits(physical_min=-20, physical_max=150))
    told = [rules.check(time, value) for time, value in zip(times(4), [-20, 150, -20.1, 150.5], strict=True)]
    assert told[:2] == [None, None]
    assert str(told[2]) == "Out of the physical range: -20.1 is below -20."
    assert str(told[3]) == "Out of the physical range: 150.5 is above 150."


@pytest.mark.parametrize(
    ("factor", "offset", "said"),
    [(1.8, 32, "°F instead of °C"), (1, 273.15, "K instead of °C"), (10, 0, "×10"), (0.001, 0, "×1 instead")],
)
def test_another_unit_is_told_from_its_fifth_reading_until_it_ends(factor, offset, said):
    values = temperature()
    values[600:800] = values[600:800] * factor + offset
    found = {place: text for place, text in faults(values).items() if text.startswith("Unit")}
    assert list(found) == list(range(604, 800))
    assert said in found[604]


@pytest.mark.parametrize("level", [15.0, 20.0, 90.0, 140.0])
def test_a_machine_that_stops_or_runs_hot_changes_no_unit(level):
    values = temperature()
    way = np.exp(-_clock(600) / 10)
    values[600:] = values[600] * way + level * (1 - way) + np.random.default_rng(1).normal(0, 0.1, 600)
    assert [text for text in faults(values).values() if text.startswith("Unit")] == []


def test_a_jump_to_where_another_unit_could_be_is_none_unless_the_values_go_on_from_there():
    values = temperature()
    values[600:800] = 131 + np.random.default_rng(1).normal(0, 0.1, 200)  # 55 °C in °F, but it was 63 °C
    assert [text for text in faults(values).values() if text.startswith("Unit")] == []


def test_a_sensor_in_celsius_does_not_turn_from_psi_to_bar():
    values = temperature()
    values[600:800] /= 14.5038
    assert "bar instead of psi" in faults(values)[604]
    assert 604 not in faults(values, FaultRules(KnownLimits(unit="degC")))


def test_a_range_down_to_zero_tells_no_tenfold():
    values = np.random.default_rng(0).uniform(0, 5, COUNT)
    values[600:] *= 10
    assert [text for text in faults(values).values() if text.startswith("Unit")] == []


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
def test_a_reading_without_a_usable_value_is_a_fault(value):
    assert str(FaultRules().check(START, value)) == "The reading has no value that can be used."


def test_a_reading_that_its_source_calls_bad_is_a_fault_and_teaches_nothing():
    rules = FaultRules()
    for time, value in zip(times(600), temperature(), strict=False):
        assert str(rules.check(time, 1e9 + value, 2)) == "Its source marks the reading as bad (quality code 2)."
    assert faults(temperature(), rules) == {}


def test_silence_is_told_after_three_usual_intervals():
    rules = FaultRules()
    assert rules.check_silence(datetime(2026, 3, 1, tzinfo=UTC)) is None  # nothing is usual yet
    for time, value in zip(times(50), temperature(), strict=False):
        rules.check(time, value)
    last = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(minutes=490)
    assert rules.check_silence(last + timedelta(minutes=30)) is None
    note = rules.check_silence(last + timedelta(minutes=90))
    assert str(note) == "Stale: the last reading is 90.0 min old; one comes every 10.0 min."


def test_without_limits_from_the_readings_only_what_is_certain_is_told():
    values = temperature()
    values[600:640], values[700], values[800] = values[600], 400.0, np.nan
    assert list(faults(values, FaultRules(from_readings=False))) == [800]
    known = KnownLimits(fastest_change=0.1)
    assert list(faults(values, FaultRules(known, from_readings=False))) == [700, 800]


def test_the_state_can_be_kept_and_is_small():
    values = temperature()
    values[600:640] = values[600]
    rules, found = FaultRules(), []
    for place, (time, value) in enumerate(zip(times(), values, strict=True)):
        if place % 100 == 5:
            rules = pickle.loads(pickle.dumps(rules))
        if rules.check(time, value) is not None:
            found.append(place)
    assert found == list(range(607, 640))
    assert len(pickle.dumps(rules)) < 10_000


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=80), st.integers(0, 80))
def test_what_comes_later_changes_nothing_that_was_said(values, cut):
    whole, before = faults(np.array(values)), faults(np.array(values[:cut]))
    assert {place: text for place, text in whole.items() if place < cut} == before


@pytest.mark.parametrize(
    "limits",
    [
        {"physical_min": 5.0, "physical_max": 5.0},
        {"physical_min": 6.0, "physical_max": 5.0},
        {"physical_min": float("nan"), "physical_max": 5.0},
        {"fastest_change": 0.0},
        {"fastest_change": float("nan")},
    ],
)
def test_limits_that_cannot_be_are_refused(limits):
    with pytest.raises(InvalidDetector):
        KnownLimits(**limits)


def test_what_is_told_is_a_note_that_can_be_translated():
    note = FaultRules(KnownLimits(physical_max=1)).check(START, 2.0)
    assert isinstance(note, Note)
    assert note.values == {"value": 2.0, "limit": 1}
