"""Importing files of readings, on SQLite and on PostgreSQL: what is understood, stored, counted and said."""

from __future__ import annotations

import gzip
import io
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import sqlalchemy as sa

from src.database.activities import read_activities
from src.database.engine import reading, writing
from src.errors import InvalidReadings
from src.sensors.imports import named_sensors
from src.sensors.imports.columns import ColumnMapping, guess_columns, map_columns
from src.sensors.imports.importer import ImportOptions, import_readings
from src.sensors.imports.preview import preview_file
from src.sensors.imports.problems import MOST_PROBLEMS
from src.sensors.imports.report import ImportReport
from src.sensors.reading_export import export_readings
from src.sensors.readings import read_readings
from src.sensors.sensor_manager import create_sensor_manager, delete_sensors
from tests.integration.crash_tools import KilledWriter
from tests.integration.import_samples import (
    GOOD,
    add_press,
    add_sensor_named,
    coded,
    everything_in,
    long,
    parquet,
    wide,
)

NOON = pd.Timestamp("2026-03-01 12:00", tz="UTC")
CREATE, REPLACE = ImportOptions(create_sensors=True), ImportOptions(replace=True)
on_sqlite = pytest.mark.parametrize("dialect", ["sqlite"])
"""For what does not depend on the database."""


@pytest.fixture
def press(engine: sa.Engine) -> sa.Engine:
    """A database with the sensors `Press temperature`, `Press vibration` and, not in use, `old`."""
    add_press(engine)
    return engine


def stored(engine: sa.Engine) -> list[tuple[str, pd.Timestamp, float, int]]:
    """Each reading with the name of its sensor."""
    names = {sensor.sensor_id: sensor.display_name for sensor in create_sensor_manager(engine).get_all_sensors()}
    return [(names[i], t, v, q) for i, t, v, q in read_readings(engine=engine).itertuples(index=False)]


def counted(report: ImportReport) -> tuple[int, int, int, int]:
    return report.new, report.unchanged, report.replaced, report.repeated


def notes(report: ImportReport) -> str:
    return " ".join(str(note) for note in report.notes)


def test_a_long_table_is_stored_reading_by_reading(press):
    report = import_readings(GOOD, "good.csv", actor="Ana", engine=press)
    assert stored(press) == [
        ("Press temperature", NOON, 40.5, 0),
        ("Press temperature", NOON + timedelta(minutes=10), 41.0, 0),
        ("Press vibration", NOON, -0.25, 0),
    ]
    assert counted(report) == (3, 0, 0, 0)
    assert (report.rows, report.existing, report.created) == (3, ("Press temperature", "Press vibration"), ())
    assert (report.first, report.last) == (NOON, NOON + timedelta(minutes=10))
    assert report.notes == ()
    assert ImportReport.from_record(report.to_record()) == report


def test_the_same_file_twice_changes_nothing(press):
    import_readings(GOOD, "good.csv", engine=press)
    before = everything_in(press)
    assert counted(import_readings(GOOD, "good.csv", engine=press)) == (0, 3, 0, 0)
    assert everything_in(press) == before


def test_a_dry_run_says_what_would_happen_and_changes_nothing(press):
    before = everything_in(press)
    trial = import_readings(long("~1", "new,2026-03-01T00:00Z,2"), "t.csv", options=CREATE, dry_run=True, engine=press)
    assert everything_in(press) == before
    assert (trial.new, trial.created, trial.dry_run) == (2, ("new",), True)


def test_a_wide_table_gives_a_reading_a_cell_and_none_for_an_empty_one(press):
    content = wide("2026-03-01T12:00Z,1,2", "2026-03-01T12:10Z,,3", "2026-03-01T12:20Z,,")
    report = import_readings(content, "wide.csv", engine=press)
    assert counted(report) == (3, 0, 0, 0)
    assert (report.rows, report.empty) == (3, 3)
    assert [(name, value) for name, _, value, _ in stored(press)] == [
        ("Press temperature", 1.0),
        ("Press vibration", 2.0),
        ("Press vibration", 3.0),
    ]


def test_quality_codes_are_kept_and_a_missing_value_needs_its_own(press):
    import_readings(coded("~1.5,2", "Press vibration,2026-03-01T12:00Z,,3"), "coded.csv", engine=press)
    (one, two) = stored(press)
    assert one == ("Press temperature", NOON, 1.5, 2)
    assert two[3] == 3
    assert np.isnan(two[2])
    again = import_readings(coded("~1.5,2", "Press vibration,2026-03-01T12:00Z,,3"), "coded.csv", engine=press)
    assert counted(again) == (0, 2, 0, 0)


def test_a_file_without_quality_codes_says_nothing_against_those_that_are_stored(press):
    import_readings(coded("~1.5,2"), "coded.csv", engine=press)
    assert counted(import_readings(long("~1.5"), "plain.csv", engine=press)) == (0, 1, 0, 0)
    with pytest.raises(InvalidReadings, match=r"quality code 0 at .*quality code 2 is stored"):
        import_readings(coded("~1.5,0"), "coded.csv", engine=press)


def test_sensors_are_found_by_name_or_number(press):
    number = create_sensor_manager(press).get_all_sensors()[0].sensor_id
    report = import_readings(long("~1", f"{number},2026-03-01T12:10Z,2"), "mixed.csv", engine=press)
    assert (report.new, report.existing) == (2, ("Press temperature",))


def test_the_same_reading_twice_in_a_file_is_counted_and_stored_once(press):
    report = import_readings(
        long("~1", "~1.0", " Press temperature ,2026-03-01 13:00+01:00,1e0"), "t.csv", engine=press
    )
    assert counted(report) == (1, 0, 0, 2)
    assert report.readings == 1


def test_another_value_is_replaced_only_where_that_was_asked_for(press):
    import_readings(GOOD, "good.csv", engine=press)
    before = everything_in(press)
    changed = GOOD.replace(b"40.5", b"39") + b"old,2026-03-01T12:00:00Z,7\n"
    with pytest.raises(InvalidReadings, match=r"Row 2: 'Press temperature' has 39.0 .*, and 40.5 is stored"):
        import_readings(changed, "changed.csv", engine=press)
    assert everything_in(press) == before
    trial = import_readings(changed, "changed.csv", options=REPLACE, dry_run=True, engine=press)
    assert everything_in(press) == before
    report = import_readings(changed, "changed.csv", options=REPLACE, engine=press)
    assert counted(trial) == counted(report) == (1, 2, 1, 0)
    assert [value for _, _, value, _ in stored(press)] == [39.0, 41.0, -0.25, 7.0]


def test_readings_that_the_file_does_not_speak_of_are_left_alone_when_others_are_replaced(press):
    import_readings(GOOD, "good.csv", engine=press)
    import_readings(long("~1"), "one.csv", options=REPLACE, engine=press)
    assert [value for _, _, value, _ in stored(press)] == [1.0, 41.0, -0.25]


def test_new_sensors_are_created_with_their_machine_type_and_unit(press):
    options = ImportOptions(create_sensors=True, equipment="Saw", sensor_type="pressure", unit="bar")
    report = import_readings(
        long("~1", "p1,2026-03-01T00:00Z,2", "p2,2026-03-01T00:00Z,3"), "t.csv", options=options, engine=press
    )
    assert report.created == ("p1", "p2")
    added = create_sensor_manager(press).get_all_sensors()[-2:]
    assert [(s.display_name, s.equipment, s.sensor_type, s.unit) for s in added] == [
        ("p1", "Saw", "pressure", "bar"),
        ("p2", "Saw", "pressure", "bar"),
    ]
    assert "The new sensors are on 'Saw'" in notes(report)
    assert [value for _, _, value, _ in stored(press)] == [1.0, 2.0, 3.0]


def test_new_sensors_are_on_the_machine_of_the_file_or_called_as_the_file(press):
    rows = ["a,2026-03-01,1,Drill", "b,2026-03-01,1,"]
    content = long(*rows, header="sensor,timestamp,value,machine")
    import_readings(content, "line 7.csv", options=CREATE, engine=press)
    added = create_sensor_manager(press).get_all_sensors()[-2:]
    assert [(s.equipment, s.sensor_type, s.unit) for s in added] == [("Drill", "other", ""), ("line 7", "other", "")]


def test_who_imported_what_is_remembered_with_the_readings(press):
    import_readings(GOOD, "good.csv", actor="Ana", engine=press)
    import_readings(GOOD, "good.csv", actor="Bia", engine=press)  # changes nothing
    (act,) = read_activities("data")
    assert (act.actor, act.subject) == ("Ana", "good.csv")
    assert str(act.action) == "imported: 3 new readings, 0 replaced, 0 new sensors"


def test_what_is_worth_a_look_is_said(press):
    year = datetime.now(UTC).year + 1
    rows = [f"old,{year}-03-01 12:00,1,x", "old,1969-03-01 12:00,1,x"]
    report = import_readings(long(*rows, header="sensor,timestamp,value,remark"), "t.csv", engine=press)
    assert [str(note) for note in report.notes] == [
        "Column 'timestamp' is read as times; they name no zone and are taken as UTC.",
        "Columns that are not used: 'remark'.",
        "1 readings are from the future.",
        "1 readings are from before 1970.",
        "Sensors that are disabled, and get their readings all the same: 'old'.",
    ]
    assert [t.year for _, t, _, _ in stored(press)] == [1969, year]


def frame(rows: int) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    return pd.DataFrame(
        {
            "sensor": np.tile(["Press temperature", "Press vibration"], rows // 2),
            "timestamp": np.repeat(pd.date_range(NOON, periods=rows // 2, freq="7s"), 2),
            "value": rng.normal(size=rows),
            "quality": rng.integers(0, 3, rows),
        }
    )


def as_bytes(table: pd.DataFrame, name: str) -> bytes:
    if name.endswith(".parquet"):
        buffer = io.BytesIO()
        table.to_parquet(buffer, index=False)
        return buffer.getvalue()
    content = table.to_csv(index=name.startswith("indexed"), sep=";" if "semicolon" in name else ",").encode()
    return gzip.compress(content) if name.endswith(".gz") else content


@pytest.mark.parametrize("name", ["r.csv", "semicolon.txt", "r.csv.gz", "r.parquet", "indexed.csv"])
def test_many_readings_are_the_same_from_each_format_however_they_are_ordered(press, name):
    table = frame(60_000 if name == "r.csv" else 6_000)
    content = as_bytes(table.sample(frac=1, random_state=1).reset_index(drop=True), name)
    assert counted(import_readings(content, name, engine=press)) == (len(table), 0, 0, 0)
    back = pd.DataFrame(stored(press), columns=list(table)).sort_values(["timestamp", "sensor"], ignore_index=True)
    pd.testing.assert_frame_equal(back, table, check_dtype=False, check_exact=True)
    assert counted(import_readings(as_bytes(table, name), name, engine=press)) == (0, len(table), 0, 0)


@on_sqlite
def test_a_file_is_read_from_its_path_with_progress_that_ends_at_one(press, tmp_path):
    path = tmp_path / "r.csv"
    frame(60_000).to_csv(path, index=False)
    told: list[tuple[float, int]] = []
    import_readings(path, path.name, on_progress=lambda share, rows: told.append((share, rows)), engine=press)
    assert told == sorted(told)
    assert [rows for _, rows in told] == [0, 50_000, 60_000, 60_000]
    assert (told[0][0], told[-1][0]) == (0.0, 1.0)


def test_what_fails_on_the_way_leaves_the_database_as_it_was(press):
    before = everything_in(press)

    def stop(share: float, rows: int) -> None:
        if share >= 0.8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_readings(GOOD, "good.csv", on_progress=stop, engine=press)
    assert everything_in(press) == before
    assert import_readings(GOOD, "good.csv", engine=press).new == 3


def test_a_sensor_that_is_deleted_while_its_file_is_read_is_an_error(press):
    ids = [sensor.sensor_id for sensor in create_sensor_manager(press).get_all_sensors()]

    def delete(share: float, rows: int) -> None:
        if rows:
            with writing(press) as connection:
                delete_sensors(connection, ids[:1])

    with pytest.raises(InvalidReadings, match="'Press temperature' was deleted meanwhile"):
        import_readings(GOOD, "good.csv", on_progress=delete, engine=press)
    assert stored(press) == []


def test_others_can_write_while_a_file_is_read(press):
    def write(share: float, rows: int) -> None:
        if rows and share < 1:
            import_readings(long("old,2026-01-01,1"), "other.csv", engine=press)

    assert import_readings(GOOD, "good.csv", on_progress=write, engine=press).new == 3
    assert len(stored(press)) == 4


def test_of_two_who_import_the_same_file_at_once_one_stores_it_and_the_other_finds_it(press):
    both = Barrier(2)

    def meet(share: float, rows: int) -> None:
        if rows and share < 1:
            both.wait(timeout=10)

    def run(_: int) -> ImportReport:
        return import_readings(GOOD, "good.csv", on_progress=meet, engine=press)

    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(run, range(2)))
    assert sorted(counted(report) for report in reports) == [(0, 3, 0, 0), (3, 0, 0, 0)]
    assert len(stored(press)) == 3


@on_sqlite
def test_an_import_that_is_killed_leaves_the_database_as_it_was(press, tmp_path):
    path = tmp_path / "r.csv"
    frame(60_000).to_csv(path, index=False)
    before = everything_in(press)
    press.dispose()  # a connection does not survive the fork

    def write(report) -> None:
        report("begun", "")
        import_readings(path, path.name, on_progress=lambda share, rows: report("rows", str(rows)), engine=press)
        while True:
            report("again", "")
            import_readings(path, path.name, options=REPLACE, engine=press)

    whole = 60_000
    for seconds in (0.02, 0.1, 0.2, 0.3, 0.45, 0.6, 0.9):
        KilledWriter(write).kill_after(seconds)
        with reading(press) as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
            count = connection.exec_driver_sql("SELECT COUNT(*) FROM sensor_readings").scalar()
        assert count in (0, whole)
        if count == 0:
            assert everything_in(press) == before
        press.dispose()
    assert import_readings(path, path.name, engine=press).readings == whole


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("sensor,timestamp,value", ColumnMapping("timestamp", "sensor", "value")),
        ("when,Tag,VALOR", ColumnMapping("when", "Tag", "VALOR")),
        ("Data/Hora,Sensor,Medição,Qualidade", ColumnMapping("Data/Hora", "Sensor", "Medição", "Qualidade")),
        (
            "sensor_id,display_name,equipment,timestamp,value,data_quality",
            ColumnMapping("timestamp", "display_name", "value", "data_quality", "equipment"),
        ),
        ("row_number,time,a,b", ColumnMapping("time", sensors={"a": "a", "b": "b"})),
        ("Time (UTC),a", ColumnMapping("Time (UTC)", sensors={"a": "a"})),
        ("a,b", ColumnMapping(None, sensors={"a": "a", "b": "b"})),
    ],
)
def test_what_the_columns_are_is_guessed_from_their_names(header: str, expected: ColumnMapping) -> None:
    assert guess_columns(header.split(",")) == expected


def test_what_a_person_says_of_the_columns_goes_before_what_is_guessed() -> None:
    columns = ["sensor", "timestamp", "value", "raw", "shift"]
    assert map_columns(columns, {"value": "raw"}) == ColumnMapping("timestamp", "sensor", "raw")
    assert map_columns(["t", "a", "b"], {"timestamp": "t"}, {"a": "Press 1"}, ["b"]) == ColumnMapping(
        "t", sensors={"a": "Press 1"}
    )
    assert map_columns(["t", "x", "y"], {"timestamp": "t", "sensor": "x", "value": "y"}) == ColumnMapping("t", "x", "y")
    for wrong in ({"colour": "raw"}, {"value": "nothing"}):
        with pytest.raises(InvalidReadings):
            map_columns(columns, wrong)


@on_sqlite
@pytest.mark.parametrize(
    ("mapping", "reason"),
    [
        (ColumnMapping("timestamp", "sensor"), "hold the values"),
        (ColumnMapping("timestamp", "sensor", "sensor"), "'sensor' cannot be two things"),
        (ColumnMapping("when", "sensor", "value"), "no column 'when'"),
        (ColumnMapping("timestamp"), "hold readings"),
        (ColumnMapping("timestamp", sensors={"value": "old", "sensor": "old"}), "one sensor"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused(press, mapping: ColumnMapping, reason: str) -> None:
    with pytest.raises(InvalidReadings, match=reason):
        import_readings(GOOD, "good.csv", mapping=mapping, engine=press)


@on_sqlite
def test_parquet_types_are_taken_as_they_are(press):
    content = parquet(
        sensor=pa.array(["old", "old"]).dictionary_encode(),
        timestamp=pa.array([1_772_323_200_000, 1_772_409_600_000], pa.timestamp("ms")),
        value=pa.array([1, 2], pa.int8()),
        quality=pa.array([0.0, 2.0]),
    )
    report = import_readings(content, "t.parquet", engine=press)
    assert [(value, quality) for _, _, value, quality in stored(press)] == [(1.0, 0), (2.0, 2)]
    assert "taken as UTC" in notes(report)


def test_a_preview_reads_only_the_beginning(tmp_path: Path):
    path = tmp_path / "r.csv"
    path.write_bytes(GOOD + b"ragged\n" * 60_000)
    preview = preview_file(path, path.name)
    assert preview.columns == ["sensor", "timestamp", "value"]
    assert preview.rows.iloc[0].tolist() == ["Press temperature", "2026-03-01T12:00:00Z", "40.5"]
    assert preview.mapping.is_long


@on_sqlite
def test_a_column_of_values_taken_for_names_is_counted_but_not_likened_row_by_row(press, monkeypatch):
    likened = []
    monkeypatch.setattr(named_sensors.difflib, "get_close_matches", lambda word, *_, **__: likened.append(word) or [])
    rows = (f"{value},2026-03-01T12:00:00Z,{value}" for value in range(500, 800))
    with pytest.raises(InvalidReadings) as refused:
        import_readings(long(*rows), "mapped.csv", engine=press)
    assert (refused.value.values["count"], len(likened)) == (300, MOST_PROBLEMS)


@on_sqlite
def test_more_new_sensors_than_one_file_brings_are_each_counted(press, monkeypatch):
    monkeypatch.setattr(named_sensors, "MOST_NEW_SENSORS", 5)
    rows = (f"tag {number},2026-03-01T12:00:00Z,1" for number in range(50))
    with pytest.raises(InvalidReadings, match="the new sensor number 6, and one file brings at most 5") as refused:
        import_readings(long(*rows), "tags.csv", options=CREATE, engine=press)
    assert refused.value.values["count"] == 45


@pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".parquet"])
def test_an_export_imports_again_unchanged_whatever_the_sensors_are_called(engine, ending):
    names = ["=1+1", "-12V rail", "+5V", "@home", "'quoted'"]
    add_press(engine)
    for name in names:
        add_sensor_named(engine, name)
    rows = [f"{name},2026-03-01T{hour:02}:00Z,{hour}" for hour, name in enumerate([*names, "Press vibration"])]
    import_readings(long(*rows), "first.csv", engine=engine)
    exported = io.BytesIO()
    sensors = create_sensor_manager(engine).get_all_sensors()
    export_readings(exported, sensors, ending=ending, engine=engine)
    before = everything_in(engine)
    again = import_readings(exported.getvalue(), f"again{ending}", engine=engine)
    assert counted(again) == (0, 6, 0, 0)
    assert everything_in(engine) == before
    said = "Read without the apostrophe in front that keeps a spreadsheet quiet: '=1+1', '-12V rail', '+5V', '@home'."
    assert (said in notes(again)) == (ending != ".parquet")


@on_sqlite
def test_a_sensor_that_comes_with_an_export_gets_its_name_back(press):
    rows = ["'-12V rail,2026-03-01T00:00Z,1", "-12V rail,2026-03-01T01:00Z,2", "'Saw',2026-03-01T01:00Z,3"]
    assert import_readings(long(*rows), "new.csv", options=CREATE, engine=press).created == ("-12V rail", "'Saw'")


@on_sqlite
def test_an_apostrophe_that_could_be_of_either_of_two_sensors_is_refused(press):
    for name in ("=1+1", "'=1+1"):
        add_sensor_named(press, name)
    with pytest.raises(InvalidReadings, match='"\'=1\\+1" is the name of one sensor, and in an export the name of ano'):
        import_readings(long("'=1+1,2026-03-01T00:00Z,1"), "either.csv", engine=press)
