"""The demo plant's signals: the same whenever they are made, believable, and worth learning from."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier

from src.database.tables import EPOCH
from src.sensors.demo_signals import MARK, MARKS_A_DAY, machine_events, machine_name, machine_readings
from src.sensors.events import EventKind
from src.sensors.quantities import PLANT_QUANTITIES
from src.sensors.readings import DataQuality

END = (datetime(2026, 6, 1, 9, 20, tzinfo=UTC) - EPOCH) // MARK
START = END - 60 * MARKS_A_DAY
FEATURES = list(PLANT_QUANTITIES)


def good_rows(seed: int, machine: int, start: int = START, end: int = END) -> pd.DataFrame:
    """The rows with three good readings, and the state they are in."""
    series = [
        pd.Series(made.values, index=made.marks, name=name)[made.quality == DataQuality.GOOD]
        for name, made in machine_readings(seed, machine, start, end).items()
    ]
    table = pd.concat(series, axis="columns", join="inner")
    table["state"] = "normal"
    for event in machine_events(seed, machine, start, end):
        during = (EPOCH + table.index * MARK >= event.started_at) & (EPOCH + table.index * MARK < event.ended_at)
        table.loc[during, "state"] = str(event.kind)
    return table


@pytest.mark.parametrize("cut", [1, 17, MARKS_A_DAY, 5 * MARKS_A_DAY + 3, 59 * MARKS_A_DAY + 143])
@pytest.mark.parametrize("machine", [0, 4])
def test_made_in_two_parts_is_exactly_what_is_made_at_once(cut, machine):
    whole = machine_readings(42, machine, START, END)
    first, second = machine_readings(42, machine, START, START + cut), machine_readings(42, machine, START + cut, END)
    for name in FEATURES:
        for part in ("marks", "values", "quality"):
            joined = np.concatenate([getattr(first[name], part), getattr(second[name], part)])
            np.testing.assert_array_equal(joined, getattr(whole[name], part))


def test_events_of_a_part_are_those_of_the_whole_that_touch_it():
    middle, later = START + 20 * MARKS_A_DAY, START + 45 * MARKS_A_DAY
    expected = [
        event
        for event in machine_events(42, 1, START, END)
        if event.started_at < EPOCH + later * MARK and event.ended_at > EPOCH + middle * MARK
    ]
    assert machine_events(42, 1, middle, later) == expected
    assert expected


def test_another_seed_and_another_machine_are_another_history():
    light = machine_readings(1, 0, START, END)["lux"].values
    assert not np.array_equal(light, machine_readings(2, 0, START, END)["lux"].values)
    assert not np.array_equal(light, machine_readings(1, 1, START, END)["lux"].values)


def test_machines_have_names_that_people_would_give_them():
    assert [machine_name(index) for index in (0, 1, 6)] == ["Press 1", "Pump 2", "Press 7"]


def test_a_warning_leads_to_a_failure_or_to_maintenance_and_all_end_with_maintenance():
    for machine in range(6):
        events = machine_events(42, machine, START - 300 * MARKS_A_DAY, END)[3:]
        for event, following in pairwise(events):
            allowed = {
                EventKind.WARNING: {EventKind.FAILURE, EventKind.MAINTENANCE},
                EventKind.FAILURE: {EventKind.MAINTENANCE},
                EventKind.MAINTENANCE: {EventKind.WARNING},
            }
            assert following.kind in allowed[EventKind(event.kind)]
            assert following.started_at >= event.ended_at


@pytest.mark.parametrize("seed", [0, 7, 42])
def test_the_classes_are_balanced_as_in_a_plant_that_mostly_runs(seed):
    states = pd.concat([good_rows(seed, machine, END - 90 * MARKS_A_DAY)["state"] for machine in range(6)])
    shares = states.replace("maintenance", "normal").value_counts(normalize=True)
    assert 0.80 <= shares["normal"] <= 0.88
    assert 0.09 <= shares["warning"] <= 0.14
    assert 0.03 <= shares["failure"] <= 0.06


def test_wear_shows_before_a_failure_and_maintenance_takes_it_away():
    rows = pd.concat([good_rows(42, machine) for machine in range(4)])
    means = rows.groupby("state")[FEATURES].mean()
    assert means.loc["normal", "vibration"] < means.loc["warning", "vibration"] < means.loc["failure", "vibration"]
    assert (
        means.loc["normal", "temperature"] < means.loc["warning", "temperature"] < means.loc["failure", "temperature"]
    )
    assert means.loc["normal", "lux"] > means.loc["warning", "lux"] > means.loc["failure", "lux"]
    assert means.loc["maintenance", "vibration"] < means.loc["normal", "vibration"]


def test_days_and_weeks_have_their_rhythm():
    rows = good_rows(42, 0)
    rows = rows[rows["state"] == "normal"]
    times = pd.DatetimeIndex([EPOCH + int(mark) * MARK for mark in rows.index])
    assert rows["lux"][times.hour == 12].mean() > rows["lux"][times.hour == 0].mean() + 50
    assert rows["temperature"][times.hour == 13].mean() > rows["temperature"][times.hour == 4].mean() + 5
    assert rows["vibration"][times.dayofweek < 5].mean() > 1.2 * rows["vibration"][times.dayofweek == 6].mean()


def test_sensor_faults_happen_and_are_marked_as_what_they_are():
    seen = set()
    for machine in range(6):
        for name, made in machine_readings(42, machine, START, END).items():
            quantity = PLANT_QUANTITIES[name]
            good = made.values[made.quality == DataQuality.GOOD]
            assert np.isfinite(good).all()
            assert ((good >= quantity.physical_min) & (good <= quantity.physical_max)).all()
            assert np.isnan(made.values[made.quality == DataQuality.MISSING]).all()
            assert (made.values[made.quality == DataQuality.SPIKE] > np.median(good) * 2).all()
            _assert_flat(made)
            assert len(made.marks) <= END - START
            seen |= {DataQuality(code) for code in made.quality}
    assert seen == set(DataQuality)


def _assert_flat(made) -> None:
    flat = made.quality == DataQuality.FLAT_LINE
    together = flat[1:] & flat[:-1] & (np.diff(made.marks) == 1)
    assert (np.diff(made.values)[together] == 0).all()


def test_some_rows_are_missing_altogether_but_few():
    sent = [len(made.marks) for machine in range(6) for made in machine_readings(42, machine, START, END).values()]
    share = sum(sent) / (18 * (END - START))
    assert 0.99 < share < 1


def test_a_random_forest_learns_it_well_but_not_perfectly():
    rows = pd.concat([good_rows(42, machine, END - 90 * MARKS_A_DAY) for machine in range(6)])
    rows["state"] = rows["state"].replace("maintenance", "normal")
    later = rows.index >= END - 22 * MARKS_A_DAY
    model = RandomForestClassifier(30, min_samples_leaf=3, random_state=0).fit(
        rows[FEATURES][~later], rows["state"][~later]
    )
    accuracy = model.score(rows[FEATURES][later], rows["state"][later])
    assert 0.90 <= accuracy <= 0.97
    assert accuracy > (rows["state"][later] == "normal").mean() + 0.04
