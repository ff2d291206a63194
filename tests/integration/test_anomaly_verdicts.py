"""What people think of anomalies: kept with who and when, changed and taken back, in both databases."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
import sqlalchemy as sa

from src.database.activities import read_activities
from src.errors import ChangedMeanwhile, FarolError, InvalidPeriod, InvalidVerdict, SensorNotFound, VerdictNotFound
from src.ml.anomaly_verdicts import Verdict, VerdictKind, add_verdict, change_verdict, delete_verdict, read_verdicts
from tests.integration.sensor_samples import HOUR, NOON, add_sensor


@pytest.fixture
def saw(engine: sa.Engine) -> int:
    return add_sensor(engine)


def verdict(sensor_id: int, kind: str = "real", start: float = 0, end: float = 1, note: str = "") -> Verdict:
    return Verdict(
        sensor_id=sensor_id, started_at=NOON + start * HOUR, ended_at=NOON + end * HOUR, kind=kind, note=note
    )


def acts() -> list[tuple[str, str, str]]:
    return [(act.actor, act.subject, str(act.action)) for act in read_activities("sensor")]


def test_a_verdict_is_kept_changed_and_taken_back_with_who_did_it(saw):
    added = add_verdict(verdict(saw, note=" bearing "), actor="Ana")
    assert (added.note, added.decided_by) == ("bearing", "Ana")
    assert datetime.now(UTC) - added.decided_at < timedelta(minutes=5)
    changed = change_verdict(added, replace(added, kind="planned"), actor="Bia")
    assert read_verdicts() == [changed]
    assert (read_verdicts()[0].kind, read_verdicts()[0].decided_by) == ("planned", "Bia")
    delete_verdict(changed, actor="Ana")
    assert read_verdicts() == []
    span = "2024-03-01 12:00 UTC to 2024-03-01 13:00 UTC"
    assert acts() == [
        ("Ana", "Saw heat", f"no longer planned: {span}"),
        ("Bia", "Saw heat", f"real anomaly, now planned: {span}"),
        ("Ana", "Saw heat", f"real anomaly: {span}"),
    ]


def test_each_kind_of_verdict_comes_back_as_plain_text(saw):
    for hour, kind in enumerate(VerdictKind):
        assert type(add_verdict(verdict(saw, kind, hour, hour + 1), actor="").kind) is str
    assert [found.kind for found in read_verdicts([saw])] == ["real", "false", "planned", "sensor_fault"]


def test_a_verdict_saved_as_it_was_leaves_no_trace(saw):
    added = add_verdict(verdict(saw), actor="Ana")
    change_verdict(added, added, actor="Bia")
    assert (len(acts()), read_verdicts()[0].decided_by) == (1, "Ana")


def test_verdicts_are_found_by_sensor_and_by_the_time_that_they_touch(engine, saw):
    other = add_sensor(engine, "Saw light")
    for one in (verdict(saw, "false", 4, 5), verdict(saw, "real", 0, 2), verdict(other, "planned", 1, 9)):
        add_verdict(one, actor="Ana")
    kinds = lambda **wanted: [found.kind for found in read_verdicts(**wanted)]  # noqa: E731
    assert kinds() == ["real", "false", "planned"]
    assert kinds(sensor_ids=[other]) == ["planned"]
    assert kinds(since=NOON + 2 * HOUR) == ["false", "planned"]
    assert kinds(until=NOON + HOUR) == ["real"]
    assert kinds(sensor_ids=[]) == []


def test_who_comes_second_is_told(saw):
    added = add_verdict(verdict(saw), actor="Ana")
    changed = change_verdict(added, replace(added, kind="false"), actor="Ana")
    late = (
        lambda: change_verdict(added, replace(added, kind="planned"), actor="Bia"),
        lambda: delete_verdict(added, actor="Bia"),
    )
    for act in late:
        with pytest.raises(ChangedMeanwhile, match="it is now false alarm, from 2024-03-01 12:00 UTC"):
            act()
    assert read_verdicts() == [changed]
    delete_verdict(changed, actor="Ana")
    for act in late:
        with pytest.raises(VerdictNotFound):
            act()


def test_a_verdict_stays_on_its_sensor(engine, saw):
    other = add_sensor(engine, "Saw light")
    added = add_verdict(verdict(saw), actor="Ana")
    assert change_verdict(added, replace(added, sensor_id=other, kind="false"), actor="Ana").sensor_id == saw


REFUSED = [
    ({"kind": "party"}, InvalidVerdict, "'party' is no verdict. Choose one of real, false, planned, sensor_fault"),
    ({"kind": None}, InvalidVerdict, "no verdict"),
    ({"ended_at": NOON}, InvalidVerdict, "not after its start"),
    ({"ended_at": NOON - HOUR}, InvalidVerdict, "not after its start"),
    ({"note": "x" * 2_001}, InvalidVerdict, "2,000 characters"),
    ({"note": "a\0b"}, InvalidVerdict, "not shown"),
    ({"started_at": pd.NaT}, InvalidPeriod, "cannot be used"),
    ({"ended_at": datetime(9999, 1, 1, tzinfo=UTC)}, InvalidPeriod, "cannot be used"),
    ({"sensor_id": 404}, SensorNotFound, "404"),
    ({"sensor_id": 10**30}, SensorNotFound, "no sensor"),
]


def test_a_verdict_that_cannot_be_is_refused_and_leaves_no_trace(saw):
    for change, error, message in REFUSED:
        with pytest.raises(error, match=message):
            add_verdict(replace(verdict(saw), **change), actor="Ana")
    assert (read_verdicts(), acts()) == ([], [])


def test_times_without_a_zone_are_taken_as_utc(saw):
    naive = datetime(2024, 3, 1, 11)  # noqa: DTZ001
    assert add_verdict(replace(verdict(saw), started_at=naive), actor="Ana").started_at == NOON - HOUR


@pytest.mark.parametrize(
    ("start", "end", "refused"), [(-2, 0, False), (-1, 0.1, True), (0.2, 0.3, True), (-1, 9, True), (1, 2, False)]
)
def test_two_verdicts_on_a_sensor_do_not_overlap(engine, saw, start, end, refused):
    add_verdict(verdict(saw), actor="Ana")
    other = verdict(saw, "false", start, end)
    if refused:
        with pytest.raises(
            InvalidVerdict, match="already, real anomaly, from 2024-03-01 12:00 UTC to 2024-03-01 13:00 UTC"
        ):
            add_verdict(other, actor="Ana")
    else:
        add_verdict(other, actor="Ana")
    add_verdict(replace(other, sensor_id=add_sensor(engine, "Saw light")), actor="Ana")


def test_of_two_that_mark_the_same_anomaly_at_once_one_is_told(saw):
    outcomes: list[str] = []
    together = threading.Barrier(2)

    def add(kind: str) -> None:
        together.wait()
        try:
            add_verdict(verdict(saw, kind), actor="Ana")
            outcomes.append("added")
        except FarolError:
            outcomes.append("told")

    threads = [threading.Thread(target=add, args=(kind,)) for kind in ("real", "false")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["added", "told"]
