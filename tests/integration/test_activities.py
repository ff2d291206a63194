"""Who did what and when, on real databases."""

from __future__ import annotations

import pytest

from src.database.activities import read_activities, record_activity
from src.database.engine import writing
from src.notes import Note

SAVED, DELETED = Note("Saved version {version}.", {"version": 3}), Note("Deleted.")


@pytest.fixture(autouse=True)
def database(engine):
    """The database that the settings name, in SQLite and in PostgreSQL."""


def test_acts_come_back_newest_first_with_who_and_when():
    record_activity("Ana", "model", "pump", SAVED)
    record_activity("", "model", "pump", DELETED)
    last, first = read_activities()
    assert (first.actor, first.kind, first.subject, first.action) == ("Ana", "model", "pump", SAVED)
    assert (last.actor, last.action) == ("", DELETED)
    assert first.happened_at <= last.happened_at


def test_acts_of_some_kinds_come_in_one_order():
    record_activity("Ana", "sensor", "heat", SAVED)
    record_activity("Ana", "model", "pump", SAVED)
    record_activity("Ana", "data", "file.csv", SAVED)
    assert [act.subject for act in read_activities(("sensor", "data"))] == ["file.csv", "heat"]
    assert [act.subject for act in read_activities(("sensor", "data"), limit=1)] == ["file.csv"]


def test_acts_are_found_by_kind_and_by_subject():
    record_activity("Ana", "model", "pump", SAVED)
    record_activity("Ana", "sensor", "pump", DELETED)
    record_activity("Ana", "model", "fan", SAVED)
    assert [each.subject for each in read_activities("model")] == ["fan", "pump"]
    assert [each.kind for each in read_activities("sensor", "pump")] == ["sensor"]
    assert len(read_activities(limit=2)) == 2


def _fail_after_acting(engine):
    with writing(engine) as connection:
        record_activity("Ana", "data", "readings.csv", SAVED, connection)
        raise RuntimeError


def test_an_act_within_a_transaction_that_fails_is_not_remembered(engine):
    with pytest.raises(RuntimeError):
        _fail_after_acting(engine)
    assert read_activities() == []


def test_names_that_are_too_long_are_cut_and_still_found():
    record_activity("a" * 500, "model", "m" * 500, SAVED)
    (act,) = read_activities("model", "m" * 500)
    assert (len(act.actor), len(act.subject)) == (200, 200)
