"""Files that are refused: each with row, column and reason, and with the database as it was."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given
from hypothesis import settings as chosen_settings
from hypothesis import strategies as st

from src.database.engine import engine_for
from src.database.migrate import upgrade_database
from src.errors import InvalidReadings, InvalidTable
from src.sensors.imports.importer import ImportOptions, import_readings
from src.sensors.imports.preview import preview_file
from tests.integration.import_samples import (
    BAD_FILES,
    GOOD,
    LIMITS,
    SMALL,
    STORED,
    add_press,
    add_sensor_named,
    everything_in,
    long,
    parquet,
)


@pytest.fixture(scope="module")
def press(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Engine]:
    """A database with three sensors and a reading of two of them; no test here changes it."""
    engine = engine_for(f"sqlite:///{tmp_path_factory.mktemp('press') / 'farol.db'}")
    upgrade_database(engine)
    add_press(engine)
    import_readings(STORED, "stored.csv", engine=engine)
    yield engine
    engine.dispose()


def refused(engine: sa.Engine, content: bytes, name: str = "readings.csv", **options: Any) -> InvalidTable:
    """Import a file that is to be refused, and see that nothing has changed."""
    before = everything_in(engine)
    with pytest.raises(InvalidTable) as refusal:
        import_readings(content, name, engine=engine, **options)
    assert everything_in(engine) == before
    return refusal.value


def test_there_are_enough_bad_files() -> None:
    assert len(BAD_FILES) >= 60


@pytest.mark.parametrize("label", BAD_FILES)
def test_a_bad_file_is_refused_with_row_column_and_reason(press: sa.Engine, label: str) -> None:
    bad = BAD_FILES[label]
    error = refused(press, bad.content, bad.name, limits=SMALL if label in LIMITS else None)
    first = error.values["problems"][0] if "problems" in error.values else error
    assert bad.reason in str(first)
    assert first.values.get("row") == bad.row
    if bad.column is not None:
        assert first.values["column"] == bad.column


@pytest.mark.parametrize("label", BAD_FILES)
def test_a_trial_of_a_bad_file_says_the_same(press: sa.Engine, label: str) -> None:
    bad = BAD_FILES[label]
    limits = SMALL if label in LIMITS else None
    errors = [refused(press, bad.content, bad.name, limits=limits, dry_run=dry_run) for dry_run in (True, False)]
    assert str(errors[0]) == str(errors[1])


def test_problems_are_told_in_the_order_of_the_rows_and_counted_beyond_the_first_twenty(press: sa.Engine) -> None:
    rows = [f"Press temperature,2026-03-01T12:{minute:02}:00Z,{'x' if minute % 2 else 1}" for minute in range(60)]
    error = refused(press, long(*rows, "Oven,soon"))
    problems = error.values["problems"]
    assert isinstance(error, InvalidReadings)
    assert error.values["count"] == 31
    assert [problem.values["row"] for problem in problems] == list(range(3, 43, 2))


def test_all_kinds_of_problems_of_a_file_are_told_at_once(press: sa.Engine) -> None:
    error = refused(press, long("~x", "Oven,2026-03-01T12:00:00Z,1", "old,soon,2", "old", "~1"))
    said = [str(problem) for problem in error.values["problems"]]
    assert [part.split(":")[0] for part in said] == [
        "Row 2, column 'value'",
        "Row 3, column 'sensor'",
        "Row 4, column 'timestamp'",
        "Row 5 has 1 cells, but the header names 3 columns. Mend the row, or put cells that hold the delimiter in "
        "quotation marks.",
    ]


def test_a_line_is_the_one_that_an_editor_shows_also_behind_blank_lines_and_cells_of_two_lines(
    press: sa.Engine,
) -> None:
    header = "sensor,timestamp,value,remark"
    content = long('~1,"one\ntwo"', "", "~x,three", header=header)
    assert refused(press, content).values["problems"][0].values["row"] == 5


def test_a_problem_far_behind_is_found_and_named_by_its_line(press: sa.Engine) -> None:
    rows = [f"Press temperature,2026-03-01T00:00:00.{step:06}Z,1" for step in range(120_000)]
    problem = refused(press, long(*rows, "~x")).values["problems"][0]
    assert problem.values["row"] == 120_002
    latin = long(*rows) + "Säge,2026-03-01,1\n".encode("latin-1")
    problem = refused(press, latin).values["problems"][0]
    assert (problem.values["row"], problem.values["column"]) == (120_002, 1)


def test_two_values_for_one_time_are_found_however_far_apart(press: sa.Engine) -> None:
    rows = [f"Press temperature,2026-03-01T00:00:00.{step:06}Z,1" for step in range(60_000)]
    (problem,) = refused(press, long(*rows, "Press temperature,2026-03-01T00:00:00Z,2")).values["problems"]
    assert str(problem) == (
        "Row 60002: 'Press temperature' has 2.0 at 2026-03-01 00:00:00 UTC here, and 1.0 in row 2. Keep one of them."
    )


def test_a_name_that_is_the_number_of_another_sensor_is_not_guessed(engine: sa.Engine) -> None:
    ids = add_press(engine)
    add_sensor_named(engine, str(ids["old"]))
    error = refused(engine, long(f"{ids['old']},2026-03-01T12:00:00Z,1"))
    assert "is the name of one sensor and the number of another ('old')" in str(error)


def test_a_column_of_times_taken_for_sensors_does_not_make_a_thousand_of_them(press: sa.Engine) -> None:
    rows = [f"s{step},2026-03-01T12:00:00Z,{step}" for step in range(1_200)]
    error = refused(press, long(*rows), options=ImportOptions(create_sensors=True))
    assert "one file brings at most 1,000" in str(error)
    assert error.values["problems"][0].values["row"] == 1_002


@pytest.mark.parametrize("name", ["x" * 201, "a\tb"])
def test_a_sensor_with_an_unusable_name_is_not_created(press: sa.Engine, name: str) -> None:
    content = parquet(sensor=[name], timestamp=["2026-03-01"], value=[1.0])
    error = refused(press, content, "r.parquet", options=ImportOptions(create_sensors=True))
    assert "is too long for a name, or has characters that are no text" in str(error)


def test_a_new_sensor_is_on_one_machine(press: sa.Engine) -> None:
    rows = ["new,2026-03-01T12:00:00Z,1,Saw", "new,2026-03-01T12:10:00Z,1,Drill"]
    content = long(*rows, header="sensor,timestamp,value,equipment")
    error = refused(press, content, options=ImportOptions(create_sensors=True))
    assert "is on 'Drill' here and on 'Saw' before" in str(error)


def test_a_cut_file_is_refused_or_gives_only_readings_that_the_whole_one_has(press: sa.Engine) -> None:
    for end in range(len(GOOD)):
        with suppress(InvalidTable):
            report = import_readings(GOOD[:end], "cut.csv", dry_run=True, engine=press)
            assert report.new <= 3
    packed = gzip.compress(GOOD)
    for end in range(len(packed)):
        with pytest.raises(InvalidTable):
            import_readings(packed[:end], "cut.csv.gz", dry_run=True, engine=press)


CELLS = st.sampled_from(
    ["Press temperature", "old", "1", "2", "Oven", "2026-03-01", "2026-03-01T12:00Z", "1.5", "-3e2", "x", "", "NaN",
     '"', '"a', "1,5", "ä", "\0", "0", "3", "\r", " 7 ", "1e999"]
)  # fmt: skip
HEADERS = st.sampled_from(
    ["sensor,timestamp,value", "sensor,timestamp,value,quality", "timestamp,Press temperature,old", "timestamp,old"]
)


@given(HEADERS, st.lists(st.lists(CELLS, min_size=1, max_size=5), max_size=6))
@chosen_settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_cells_only_a_named_error_comes_out(press: sa.Engine, header: str, rows: list[list[str]]) -> None:
    content = "\n".join([header, *(",".join(row) for row in rows)]).encode()
    with suppress(InvalidTable):
        report = import_readings(content, "cells.csv", dry_run=True, engine=press)
        assert report.readings + report.repeated + report.empty > 0


@given(st.binary(max_size=200))
@chosen_settings(deadline=None, max_examples=100)
def test_whatever_the_bytes_only_a_named_error_comes_out(content: bytes) -> None:
    for name in ("b.csv", "b.csv.gz", "b.parquet"):
        with suppress(InvalidTable):
            preview_file(content, name)
