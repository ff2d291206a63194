"""Tables that people bring: read without guessing, or refused with row, column and reason."""

from __future__ import annotations

import gzip
import io
import math
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from src.errors import InvalidTable
from src.tables.reader import TableLimits, read_table


def parquet(table: pa.Table | pd.DataFrame, **options: object) -> bytes:
    """The bytes of a Parquet file."""
    buffer = io.BytesIO()
    pq.write_table(table if isinstance(table, pa.Table) else pa.Table.from_pandas(table), buffer, **options)
    return buffer.getvalue()


def read(text: str | bytes, name: str = "table.csv", limits: TableLimits | None = None) -> pd.DataFrame:
    content = text.encode() if isinstance(text, str) else text
    return read_table(content, name, limits).frame


def notes(text: str | bytes, name: str = "table.csv") -> list[str]:
    content = text.encode() if isinstance(text, str) else text
    return [str(note) for note in read_table(content, name).notes]


BAD_FILES = {
    # label: (name, content, row, column, words of the reason)
    "no byte": ("t.csv", b"", None, None, "empty"),
    "blank lines only": ("t.csv", b"\n\n\n", None, None, "empty"),
    "byte-order mark only": ("t.csv", b"\xef\xbb\xbf", None, None, "empty"),
    "header only": ("t.csv", b"a,b\n", None, None, "no rows"),
    "header and blank lines": ("t.csv", b"a,b\n\n\n", None, None, "no rows"),
    "unknown ending": ("t.doc", b"a,b\n1,2\n", None, None, "none of the endings"),
    "long row": ("t.csv", b"a,b\n1,2\n1,2,3\n", 3, None, "3 cells"),
    "short row": ("t.csv", b"a,b,c\n1,2,3\n1,2\n", 3, None, "2 cells"),
    "one long row at the end": ("t.csv", b"a,b\n" + b"1,2\n" * 5000 + b"1,2,3\n", 5002, None, "3 cells"),
    "ragged below a cell of two lines": ("t.csv", b'a,b\n"x\ny",2\n1\n', 4, None, "1 cells"),
    "ragged below a blank line": ("t.csv", b"a,b\n\n1,2\n1\n", 4, None, "1 cells"),
    "all rows longer, first column no row number": ("t.csv", b"a,b\n7,1,2\n3,1,2\n", 2, None, "3 cells"),
    "all rows longer, first column rising in tens": ("t.csv", b"a,b\n10,1,2\n20,1,2\n", 2, None, "3 cells"),
    "delimiter too many in each row": ("t.csv", b"a,b\n1,5,\n2,6,\n3,7,\n", 2, None, "3 cells"),
    "title above the header": ("t.csv", b"Export of June\na,b\n1,2\n", 2, None, "2 cells"),
    "names twice": ("t.csv", b"a,b,a\n1,2,3\n", 1, 3, "both called 'a'"),
    "names twice but for blanks": ("t.csv", b"a,b, a\n1,2,3\n", 1, 3, "both called 'a'"),
    "no name in the middle": ("t.csv", b"a,,c\n1,2,3\n", 1, 2, "no name"),
    "no name in front of no row numbers": ("t.csv", b",b\n5,2\n3,4\n", 1, 1, "no name"),
    "superfluous delimiter throughout": ("t.csv", b"a,b,\n1,2,\n", 1, 3, "no name"),
    "values for names": ("t.csv", b"1,2.5\n2,3.5\n", 1, None, "instead of column names"),
    "times and values for names": ("t.csv", b"2024-01-01,2.5\n2024-01-02,3.5\n", 1, None, "instead of column names"),
    "NUL": ("t.csv", b"a,b\n1,2\n3,\x004\n", 3, 2, "code 0"),
    "other control character": ("t.csv", b"a;b\n1;2\n\x013;4\n", 3, 1, "code 1"),
    "Latin-1": ("t.csv", "a,b\n1,x\n2,caf\xe9\n".encode("latin-1"), 3, 2, "0xe9 is not UTF-8"),
    "Latin-1 far down": ("t.csv", b"a,b\n" + b"1,x\n" * 70_000 + b"2,\xe9\n", 70_002, 2, "not UTF-8"),
    "Latin-1 in the header": ("t.csv", "a;\xe9\n1;2\n".encode("latin-1"), 1, 2, "not UTF-8"),
    "UTF-16": ("t.csv", "a,b\n1,2\n".encode("utf-16"), None, None, "holds UTF-16"),
    "PNG called CSV": ("t.csv", b"\x89PNG\r\n\x1a\n\x00\x00", None, None, "holds PNG"),
    "Excel called CSV": ("t.csv", b"PK\x03\x04\x14\x00", None, None, "holds Excel"),
    "old Excel called text": ("t.txt", b"\xd0\xcf\x11\xe0\xa1\xb1", None, None, "holds Excel"),
    "gzip called CSV": ("t.csv", gzip.compress(b"a,b\n1,2\n"), None, None, "holds gzip"),
    "Parquet called CSV": ("t.csv", parquet(pd.DataFrame({"a": [1]})), None, None, "holds Parquet"),
    "page called CSV": ("t.csv", b"<!DOCTYPE html><html>", None, None, "holds HTML"),
    "JSON called CSV": ("t.csv", b'{"a": [1, 2]}', None, None, "holds JSON"),
    "random bytes called CSV": ("t.csv", bytes(range(256)) * 4, 1, 1, "is no text"),
    "CSV called CSV.gz": ("t.csv.gz", b"a,b\n1,2\n", None, None, "not compressed"),
    "image in a gzip": ("t.csv.gz", gzip.compress(b"\x89PNG\r\n"), None, None, "holds PNG"),
    "gzip cut short": ("t.csv.gz", gzip.compress(b"a,b\n1,2\n" * 99)[:-9], None, None, "damaged gzip"),
    "gzip with a wrong checksum": ("t.csv.gz", gzip.compress(b"a,b\n1,2\n")[:-8] + bytes(8), None, None, "damaged"),
    "nothing in a gzip": ("t.csv.gz", gzip.compress(b""), None, None, "empty"),
    "CSV called Parquet": ("t.parquet", b"a,b\n1,2\n", None, None, "does not begin as one"),
    "Parquet cut short": ("t.parquet", parquet(pd.DataFrame({"a": [1]}))[:-20], None, None, "damaged Parquet"),
    "quotation mark never closed": ("t.csv", b'a,b\n1,"2\n3,4\n', 2, None, "never closed"),
    "quotation mark never closed in a long file": (
        "t.csv",
        b'a,b\n1,"2\n' + b"3,4\n" * 50_000,
        2,
        None,
        "never closed",
    ),
    "text behind a closing quotation mark": ("t.csv", b'a,b\n1,2\n"x"y,2\n', 3, None, "closing quotation mark"),
    "too large a number": ("t.csv", b"a,b\n1,2\n3,1e400\n", 3, "b", "1e400 is infinite"),
    "too large a negative number": ("t.csv", b"a\n-1e999\n", 2, "a", "infinite"),
    "too small a number": ("t.csv", b"a\n1\n1e-400\n", 3, "a", "too small"),
    "infinity": ("t.csv", b"a\n1\n-inf\n", 3, "a", "infinite"),
    "infinity below two lines in one cell": ("t.csv", b'x,a\n"1\n2",1\n3,inf\n', 4, "a", "infinite"),
    "thousands separators": ("t.csv", b'a,b\n1,"1,234.5"\n', 2, "b", "thousands"),
    "thousands separators the other way": ("t.csv", b"a;b\n1;1.234,5\n2;1,5\n", 2, "b", "thousands"),
    "comma of unknown meaning": ("t.csv", b"a;b\n1;1,500\n2;2,750\n", 2, "b", "may be a decimal comma"),
    "comma and point in one column": ("t.csv", b"a;b\n1;1,5\n2;2.5\n", 3, "b", "another decimal mark"),
    "comma and point in two columns": ("t.csv", b"a;b\n1.5;1,5\n2;2,5\n", 2, "a", "throughout"),
    "decimal commas between commas": ("t.csv", b"value\n1,5\n2,7\n", 2, None, "2 cells"),
    "infinity in Parquet": ("t.parquet", parquet(pd.DataFrame({"a": [1.0, math.inf]})), 2, "a", "infinite"),
    "lists in Parquet": ("t.parquet", parquet(pa.table({"a": [[1], [2]]})), None, "a", "type list"),
    "bytes in Parquet": ("t.parquet", parquet(pa.table({"a": [b"x"]})), None, "a", "type binary"),
    "no rows in Parquet": ("t.parquet", parquet(pd.DataFrame({"a": []})), None, None, "no rows"),
    "names twice in Parquet": (
        "t.parquet",
        parquet(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])),
        None,
        "a",
        "two columns",
    ),
}


@pytest.mark.parametrize("label", BAD_FILES)
def test_a_file_that_cannot_be_read_without_guessing_is_refused_with_its_place_and_reason(label: str) -> None:
    name, content, row, column, reason = BAD_FILES[label]
    with pytest.raises(InvalidTable) as refusal:
        read_table(content, name)
    assert reason in str(refusal.value)
    assert refusal.value.values.get("row") == row
    assert refusal.value.values.get("column") == column


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidTable, match=r"'gone\.csv' cannot be opened: No such file"):
        read_table(tmp_path / "gone.csv", "gone.csv")


def test_a_file_is_read_from_its_path(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"a,b\n1,2\n")
    assert read_table(path, path.name).frame.to_dict("list") == {"a": [1], "b": [2]}


PLAIN = {"a": [1, 2], "b": [0.5, -1.5], "c": ["x", "y"]}

GOOD_FILES = {
    "commas": ("t.csv", b"a,b,c\n1,0.5,x\n2,-1.5,y\n"),
    "semicolons": ("t.csv", b"a;b;c\n1;0.5;x\n2;-1.5;y\n"),
    "tabs": ("t.tsv", b"a\tb\tc\n1\t0.5\tx\n2\t-1.5\ty\n"),
    "pipes": ("t.txt", b"a|b|c\n1|0.5|x\n2|-1.5|y\n"),
    "byte-order mark": ("t.csv", b"\xef\xbb\xbfa,b,c\n1,0.5,x\n2,-1.5,y\n"),
    "carriage return and line feed": ("t.csv", b"a,b,c\r\n1,0.5,x\r\n2,-1.5,y\r\n"),
    "carriage returns": ("t.csv", b"a,b,c\r1,0.5,x\r2,-1.5,y\r"),
    "no line end at the end": ("t.csv", b"a,b,c\n1,0.5,x\n2,-1.5,y"),
    "blank lines at both ends": ("t.csv", b"\n\na,b,c\n1,0.5,x\n2,-1.5,y\n\n\n"),
    "all quoted": ("t.csv", b'"a","b","c"\n"1","0.5","x"\n"2","-1.5","y"\n'),
    "blanks around numbers": ("t.csv", b"a,b,c\n 1, 0.5 ,x\n2,-1.5,y\n"),
    "other spellings of numbers": ("t.csv", b"a,b,c\n+1,.5,x\n2,-15e-1,y\n"),
    "gzip": ("t.csv.gz", gzip.compress(b"a,b,c\n1,0.5,x\n2,-1.5,y\n")),
    "gzip in two parts": ("t.csv.gz", gzip.compress(b"a,b,c\n1,0.5,x\n") + gzip.compress(b"2,-1.5,y\n")),
    "capital letters in the ending": ("T.CSV", b"a,b,c\n1,0.5,x\n2,-1.5,y\n"),
    "Parquet": ("t.parquet", parquet(pd.DataFrame(PLAIN))),
    "Parquet with a dictionary": ("t.parquet", parquet(pd.DataFrame(PLAIN).astype({"c": "category"}))),
    "Parquet with long text type": (
        "t.parquet",
        parquet(pa.table(PLAIN).cast(pa.schema([("a", "int64"), ("b", "float64"), ("c", pa.large_string())]))),
    ),
}


@pytest.mark.parametrize("label", GOOD_FILES)
def test_the_same_table_is_read_from_every_spelling_of_it_without_a_remark(label: str) -> None:
    name, content = GOOD_FILES[label]
    table = read_table(content, name)
    expected = pd.DataFrame(PLAIN)
    pd.testing.assert_frame_equal(table.frame, expected, check_dtype=label != "Parquet with a dictionary")
    assert table.notes == ()


def test_the_delimiter_is_the_one_that_fits_the_rows_as_well() -> None:
    frame = read('name;"size, mm";note\nx;1;"a,b"\ny;2;"c,d,e"\n')
    assert list(frame.columns) == ["name", "size, mm", "note"]
    assert frame["note"].tolist() == ["a,b", "c,d,e"]


def test_a_single_column_needs_no_delimiter() -> None:
    assert read("text\na;b\nc|d\n")["text"].tolist() == ["a;b", "c|d"]


def test_quoted_cells_keep_delimiters_quotation_marks_and_line_ends() -> None:
    frame = read('a,b\n"1,5 m","say ""no"""\n"two\nlines",5" pipe\n')
    assert frame["a"].tolist() == ["1,5 m", "two\nlines"]
    assert frame["b"].tolist() == ['say "no"', '5" pipe']


def test_empty_cells_are_missing_values() -> None:
    frame = read('n,t,m\n1,x,\n,"",\n3,y,\n')
    assert frame["n"].dtype == float
    assert frame.isna().sum().to_dict() == {"n": 1, "t": 1, "m": 3}
    assert notes("n,m\n1,\n2,\n") == ["Column 'm' is empty."]


def test_words_for_nothing_are_missing_among_numbers_and_times_but_stay_words_in_text() -> None:
    text = "n,d,t\n1,2024-01-01,x\nNA,null,NA\n3,2024-01-03,None\n"
    frame = read(text)
    assert frame["n"].isna().tolist() == [False, True, False]
    assert frame["d"].isna().tolist() == [False, True, False]
    assert frame["t"].tolist() == ["x", "NA", "None"]
    assert "Column 'n': 1 cells that say NA are taken as missing, the first in row 3." in notes(text)
    assert not any("'t'" in note for note in notes(text))


def test_a_number_column_with_text_in_it_stays_text_and_the_first_such_row_is_named() -> None:
    text = "a,b\n1,2\n2,3\n3,ERR\n4,ERR\n"
    assert read(text)["b"].tolist() == ["2", "3", "ERR", "ERR"]
    assert notes(text) == [
        "Column 'b' stays text: most of its cells are numbers, but 2 are not, the first in row 4 ('ERR'). "
        "Mend them to use it as numbers."
    ]


def test_the_named_row_is_the_line_of_the_file_even_behind_blank_lines_and_cells_of_two_lines() -> None:
    text = 'a,b\n"x\ny",1\n\n"z",2\nq,3\nq,ERR\n'
    assert text.splitlines()[6] == "q,ERR"
    assert "the first in row 7 ('ERR')" in notes(text)[1]
    assert notes(text)[0] == "1 blank lines are skipped, the first is line 4."


def test_decimal_commas_are_read_and_said() -> None:
    text = "a;b\n1;1,5\n2;-0,25\n3;\n4;12,125\n"
    assert read(text)["b"].tolist()[::3] == [1.5, 12.125]
    assert read(text)["b"].isna().tolist() == [False, False, True, False]
    assert notes(text) == ["Column 'b' is read with decimal commas: 1,5 in row 2 is 1.5."]


def test_one_column_without_doubt_settles_the_comma_of_the_others() -> None:
    frame = read("a;b\n1,500;1,5\n2,750;2,5\n")
    assert frame["a"].tolist() == [1.5, 2.75]


def test_decimal_commas_in_quotation_marks_between_commas_are_read() -> None:
    assert read('a,b\nx,"1,5"\ny,"2,25"\n')["b"].tolist() == [1.5, 2.25]


@pytest.mark.parametrize("cells", [["007", "012"], ["12345678901234567890", "2"], ["0x10", "0x11"], ["1_000", "2_000"]])
def test_digits_that_a_number_would_lose_stay_text(cells: list[str]) -> None:
    assert read("a,b\n" + "\n".join(f"{cell},1" for cell in cells))["a"].tolist() == cells


def test_large_whole_numbers_are_exact_or_text() -> None:
    assert read("a\n9007199254740993\n")["a"].tolist() == [9007199254740993]
    text = "a,b\n9007199254740993,1\n,2\n"
    assert read(text)["a"].tolist()[0] == "9007199254740993"
    assert "more digits than a number keeps, the first in row 2" in notes(text)[0]
    frame = read(parquet(pa.table({"a": pa.array([9007199254740993, None], pa.int64())})), "t.parquet")
    assert frame["a"].tolist()[0] == "9007199254740993"


def test_true_and_false_are_booleans_unless_some_are_missing() -> None:
    frame = read("a,b\nTrue,true\nFALSE,\n")
    assert frame["a"].tolist() == [True, False]
    assert frame["a"].dtype == bool
    assert frame["b"].tolist()[0] == "true"


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2024-03-01", datetime(2024, 3, 1, tzinfo=UTC)),
        ("2024/03/01 12:30", datetime(2024, 3, 1, 12, 30, tzinfo=UTC)),
        ("2024-03-01 12:30:15", datetime(2024, 3, 1, 12, 30, 15, tzinfo=UTC)),
        ("2024-03-01T12:30:15.25", datetime(2024, 3, 1, 12, 30, 15, 250_000, tzinfo=UTC)),
        ("2024-03-01T12:30Z", datetime(2024, 3, 1, 12, 30, tzinfo=UTC)),
        ("2024-03-01 12:30:15+02:00", datetime(2024, 3, 1, 10, 30, 15, tzinfo=UTC)),
        ("2024-03-01T12:30:15-0330", datetime(2024, 3, 1, 16, 0, 15, tzinfo=UTC)),
    ],
)
def test_iso_times_become_utc_and_that_is_said(cell: str, expected: datetime) -> None:
    text = f"t,x\n{cell},1\n"
    frame = read(text)
    assert str(frame["t"].dtype) == "datetime64[ns, UTC]"
    assert frame["t"][0] == expected
    named = "+" in cell or cell.endswith("Z") or cell.endswith("-0330")
    assert notes(text) == [
        "Column 't' is read as times, in UTC."
        if named
        else "Column 't' is read as times; they name no zone and are taken as UTC."
    ]


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (["03/04/2024", "05/06/2024"], "whether day or month comes first"),
        (["3.4.24 12:30", "5.6.24 12:31"], "whether day or month comes first"),
        (["2024-02-30", "2024-03-01"], "'2024-02-30' in row 2 is no time"),
        (["2024-01-01", "9999-12-31"], "'9999-12-31' in row 3 is no time"),
        (["2024-01-01 10:00", "2024-01-01 10:00Z"], "some do not, as in row 2"),
        (["2024-01-01", "soon"], "but 1 are not, the first in row 3 ('soon')"),
    ],
)
def test_times_that_are_ambiguous_or_damaged_stay_text_with_a_remark(cells: list[str], reason: str) -> None:
    text = "t,x\n" + "\n".join(f"{cell},1" for cell in cells)
    assert read(text)["t"].tolist() == cells
    assert reason in notes(text)[0]


def test_a_row_number_column_without_a_name_is_understood_and_said() -> None:
    for text in ('"date","x"\n"1","u",5\n"2","v",6\n"3","w",7\n', ",date,x\n1,u,5\n2,v,6\n3,w,7\n"):
        frame = read(text)
        assert frame.to_dict("list") == {"row_number": [1, 2, 3], "date": ["u", "v", "w"], "x": [5, 6, 7]}
        assert notes(text) == ["The first column has no name; it numbers the rows and is called 'row_number'."]


def test_blanks_around_column_names_are_left_out_and_that_is_said() -> None:
    assert list(read("a, b\n1,2\n").columns) == ["a", "b"]
    assert notes("a, b\n1,2\n") == ["Blanks around column names are left out."]


def test_names_that_look_like_values_are_remarked_upon() -> None:
    assert "look like values ('2024-01-01')" in notes("sku,2024-01-01,2024-01-02\nx,1,2\n")[0]


def test_parquet_types_are_taken_as_they_are() -> None:
    table = pa.table(
        {
            "naive": pa.array(["2024-01-01 12:00"]).cast(pa.timestamp("ms")),
            "zoned": pa.array([datetime(2024, 1, 1, 12, tzinfo=UTC)], pa.timestamp("us", "America/Sao_Paulo")),
            "day": pa.array([date(2024, 1, 1)]),
            "decimal": pa.array([Decimal("1.25")]),
            "digits": pa.array(["007"]),
            "iso": pa.array(["2024-01-01"]),
            "nothing": pa.nulls(1),
            "small": pa.array([7], pa.int8()),
        }
    )
    result = read_table(parquet(table), "t.parquet")
    row = result.frame.iloc[0]
    noon = pd.Timestamp("2024-01-01 12:00", tz="UTC")
    assert row["naive"] == row["zoned"] == noon
    assert row["day"] == row["iso"] == pd.Timestamp("2024-01-01", tz="UTC")
    assert (row["decimal"], row["digits"], row["small"]) == (1.25, "007", 7)
    assert result.frame["nothing"].isna().all()
    said = " ".join(str(note) for note in result.notes)
    assert all(f"'{name}'" in said for name in ("naive", "day", "decimal", "iso", "nothing"))


def test_parquet_keeps_missing_values(tmp_path: Path) -> None:
    table = pa.table({"n": [1, None], "b": [True, None], "t": ["x", None]})
    frame = read(parquet(table), "t.parquet")
    assert frame.isna().sum().to_dict() == {"n": 1, "b": 1, "t": 1}


def test_the_occupancy_file_is_read_as_published(real_data: Path) -> None:
    path = real_data / "occupancy" / "datatraining.txt"
    table = read_table(path, path.name)
    assert table.frame.shape == (8_143, 8)
    assert list(table.frame.columns[:2]) == ["row_number", "date"]
    assert table.frame["Occupancy"].value_counts().to_dict() == {0: 6_414, 1: 1_729}
    assert table.frame["date"].iloc[0] == pd.Timestamp("2015-02-04 17:51", tz="UTC")
    assert [note.values["column"] for note in table.notes] == ["row_number", "date"]
