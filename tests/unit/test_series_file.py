"""A user's own file of one series: read exactly, sorted, one value a time; refused with row, column and reason."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from src.errors import InvalidReadings, InvalidTable
from src.sensors.series_file import Series, read_series
from src.tables.limits import TableLimits
from tests.integration.import_samples import NUMBERS, TIMES, parquet

HOURS = [f"2026-03-01T{hour:02}:00:00Z" for hour in range(24)]


def written(folder: Path, *rows: str, header: str = "timestamp,value", name: str = "series.csv") -> Path:
    path = folder / name
    content = "\n".join([header, *rows, ""]).encode()
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return path


def said(series: Series) -> list[str]:
    return [str(note) for note in series.notes]


def test_times_and_values_are_read_exactly(tmp_path: Path) -> None:
    series = read_series(written(tmp_path, f"{HOURS[0]},40.1", f"{HOURS[1]},-2.5e-3", f"{HOURS[2]},7"))
    assert series.times.dtype == np.dtype("datetime64[us]")
    assert series.times.tolist() == np.array([hour[:-1] for hour in HOURS[:3]], "datetime64[us]").tolist()
    assert series.values.tolist() == [40.1, -0.0025, 7.0]
    assert series.notes == ()
    assert len(series) == 3


@pytest.mark.parametrize("name", ["series.csv.gz", "series.CSV"])
def test_compressed_and_plain_text_give_the_same(tmp_path: Path, name: str) -> None:
    assert read_series(written(tmp_path, f"{HOURS[0]},1", name=name)).values.tolist() == [1.0]


def test_parquet_gives_the_same_with_its_own_types(tmp_path: Path) -> None:
    path = tmp_path / "series.parquet"
    times = np.array(["2026-03-01T00:00", "2026-03-01T01:00"], "datetime64[us]")
    path.write_bytes(parquet(timestamp=times, value=[1, None]))
    series = read_series(path)
    np.testing.assert_array_equal(series.values, [1.0, np.nan])
    assert series.times.tolist() == times.tolist()


def test_times_with_a_zone_become_utc_and_naive_ones_are_taken_as_utc_with_a_remark(tmp_path: Path) -> None:
    zoned = read_series(written(tmp_path, "2026-03-01T12:00:00+02:00,1"))
    naive = read_series(written(tmp_path, "2026-03-01 10:00:00,1"))
    assert zoned.times.tolist() == naive.times.tolist()
    assert zoned.notes == ()
    assert said(naive) == ["Column 'timestamp' is read as times; they name no zone and are taken as UTC."]


def test_rows_are_sorted_with_a_remark_and_each_finds_its_time(tmp_path: Path) -> None:
    series = read_series(written(tmp_path, f"{HOURS[2]},3", f"{HOURS[0]},1", f"{HOURS[1]},2"))
    assert series.values.tolist() == [1.0, 2.0, 3.0]
    assert series.values[series.file_places].tolist() == [3.0, 1.0, 2.0]
    assert said(series) == ["The rows are not in the order of their times; they are sorted."]


def test_a_repeated_time_counts_once_with_the_mean_and_is_said(tmp_path: Path) -> None:
    rows = [f"{HOURS[0]},0.1", f"{HOURS[0]},0.1", f"{HOURS[0]},0.1", f"{HOURS[1]},2", f"{HOURS[1]},4", f"{HOURS[2]},5"]
    series = read_series(written(tmp_path, *rows))
    np.testing.assert_allclose(series.values, [0.1, 3.0, 5.0], rtol=1e-12)
    assert series.file_places.tolist() == [0, 0, 0, 1, 1, 2]
    assert said(series) == ["3 rows repeat a time; 1 times have several values, of which the mean counts."]


def test_a_value_beside_an_empty_cell_of_the_same_time_counts(tmp_path: Path) -> None:
    series = read_series(written(tmp_path, f"{HOURS[0]},", f"{HOURS[0]},2"))
    assert series.values.tolist() == [2.0]


def test_an_empty_cell_is_nan_and_is_counted(tmp_path: Path) -> None:
    series = read_series(written(tmp_path, f"{HOURS[0]},1", f"{HOURS[1]},"))
    np.testing.assert_array_equal(series.values, [1.0, np.nan])
    assert said(series) == ["1 times have no value."]


def test_the_largest_numbers_do_not_become_infinite(tmp_path: Path) -> None:
    series = read_series(written(tmp_path, f"{HOURS[0]},1.7e308", f"{HOURS[0]},1.7e308"))
    np.testing.assert_allclose(series.values, [1.7e308])


@pytest.mark.parametrize("header", ["time,temperature (°C)", "Data_Hora,Valor", "value,utc"])
def test_columns_are_told_by_their_usual_names(tmp_path: Path, header: str) -> None:
    row = f"5,{HOURS[0]}" if header.startswith("value") else f"{HOURS[0]},5"
    assert read_series(written(tmp_path, row, header=header)).values.tolist() == [5.0]


def test_columns_that_are_not_used_are_said(tmp_path: Path) -> None:
    series = read_series(written(tmp_path, f"{HOURS[0]},5,wet,0", header="timestamp,value,weather,quality"))
    assert said(series) == ["Columns that are not used: 'weather', 'quality'."]


def test_a_file_of_one_sensor_is_taken_and_one_of_two_is_refused(tmp_path: Path) -> None:
    header = "sensor,timestamp,value"
    assert len(read_series(written(tmp_path, f"a,{HOURS[0]},1", f"a,{HOURS[1]},2", header=header))) == 2
    with pytest.raises(InvalidReadings, match="'b' is not 'a', the sensor of the rows before") as refusal:
        read_series(written(tmp_path, f"a,{HOURS[0]},1", f"b,{HOURS[1]},2", header=header))
    assert refusal.value.values["problems"][0].values["row"] == 3


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("moment,value", "known to hold the times"),
        ("timestamp", "known to hold the values"),
        ("timestamp,speed,heat", "known to hold the values"),
    ],
)
def test_columns_that_cannot_be_told_are_named(tmp_path: Path, header: str, reason: str) -> None:
    row = ",".join([HOURS[0], "1", "2"][: header.count(",") + 1])
    with pytest.raises(InvalidReadings, match=reason):
        read_series(written(tmp_path, row, header=header))


@pytest.mark.parametrize("label", [label for label in {**NUMBERS, **TIMES} if label != "a missing value"])
def test_a_bad_cell_is_refused_with_row_column_and_reason(tmp_path: Path, label: str) -> None:
    bad = (NUMBERS | TIMES)[label]
    path = tmp_path / "readings.csv"
    path.write_bytes(bad.content.replace(b"Press vibration", b"Press temperature"))
    with pytest.raises(InvalidReadings, match=r"'readings.csv' cannot be used. Problems: 1") as refusal:
        read_series(path)
    first = refusal.value.values["problems"][0]
    assert bad.reason in str(first)
    assert (first.values["row"], first.values["column"]) == (bad.row, bad.column)


def test_a_ragged_row_is_refused_with_its_line_and_so_are_the_others(tmp_path: Path) -> None:
    with pytest.raises(InvalidReadings) as refusal:
        read_series(written(tmp_path, f"{HOURS[0]},1,2", f"{HOURS[1]},x"))
    assert [problem.values["row"] for problem in refusal.value.values["problems"]] == [2, 3]


def test_values_of_another_type_in_parquet_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "series.parquet"
    path.write_bytes(parquet(timestamp=np.array(["2026-03-01"], "datetime64[us]"), value=[True]))
    with pytest.raises(InvalidReadings, match="holds values of type bool"):
        read_series(path)


@pytest.mark.parametrize("content", [b"", b"timestamp,value\n", b"\x89PNG\r\n\x1a\n", b"timestamp,value\n\xff,1\n"])
def test_a_file_without_rows_or_of_another_kind_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "series.csv"
    path.write_bytes(content)
    with pytest.raises(InvalidTable):
        read_series(path)


def test_a_parquet_file_without_rows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "series.parquet"
    path.write_bytes(parquet(timestamp=np.array([], "datetime64[us]"), value=np.array([], float)))
    with pytest.raises(InvalidTable):
        read_series(path)


def test_a_file_that_is_not_there_or_has_too_many_rows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidTable):
        read_series(tmp_path / "none.csv")
    with pytest.raises(InvalidTable, match="more than 2 rows"):
        read_series(written(tmp_path, *(f"{hour},1" for hour in HOURS)), TableLimits(rows=2))


def test_real_readings_keep_every_row(real_data: Path) -> None:
    series = read_series(real_data / "nab" / "machine_temperature_system_failure.csv")
    assert len(series.file_places) == 22_695
    assert len(series) == 22_683
    assert (np.diff(series.times) > np.timedelta64(0)).all()
