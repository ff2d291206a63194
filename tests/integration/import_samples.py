"""Files of readings, good ones and bad ones, for the tests of the import."""

from __future__ import annotations

import gzip
import io
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from src.database.engine import reading
from src.database.tables import metadata
from src.sensors.sensor_manager import SensorDescription, create_sensor_manager
from src.tables.limits import TableLimits

SENSORS = ("Press temperature", "Press vibration", "old")
GOOD = (
    b"sensor,timestamp,value\n"
    b"Press temperature,2026-03-01T12:00:00Z,40.5\n"
    b"Press temperature,2026-03-01T12:10:00Z,41\n"
    b"Press vibration,2026-03-01T12:00:00Z,-0.25\n"
)
STORED = b"sensor,timestamp,value\nPress temperature,2026-02-01T00:00:00Z,20\nPress vibration,2026-02-01T00:00:00Z,2\n"
SMALL = TableLimits(file_bytes=20_000, expanded_bytes=40_000, rows=50, columns=8, cells=200, cell_characters=100)


def add_press(engine: sa.Engine) -> dict[str, int]:
    """Add three sensors; the last is not in use."""
    return {name: add_sensor_named(engine, name, enabled=name != "old") for name in SENSORS}


def add_sensor_named(engine: sa.Engine, name: str, *, enabled: bool = True) -> int:
    """Add a sensor, and return its number."""
    description = SensorDescription(display_name=name, equipment="Press", sensor_type="other", enabled=enabled)
    return create_sensor_manager(engine).add(description).sensor_id


def everything_in(engine: sa.Engine) -> dict[str, list[tuple]]:
    """Return every row of every table, to see whether anything has changed."""
    with reading(engine) as connection:
        return {
            name: sorted((tuple(row) for row in connection.execute(sa.select(table))), key=repr)
            for name, table in metadata.tables.items()
        }


def parquet(**columns: object) -> bytes:
    """The bytes of a Parquet file with these columns."""
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


@dataclass(frozen=True)
class BadFile:
    """A file that is to be refused, with a part of the reason, the row and the column that it names."""

    content: bytes
    reason: str
    row: int | None = None
    column: str | int | None = None
    name: str = "readings.csv"


def long(*rows: str, header: str = "sensor,timestamp,value") -> bytes:
    """A long table; rows may begin with ~ for a sensor and a time that are in order."""
    ready = [row.replace("~", "Press temperature,2026-03-01T12:00:00Z,") for row in rows]
    return "\n".join([header, *ready, ""]).encode()


def value(text: str) -> bytes:
    """A long table whose second row has this value."""
    return long("~1", f"Press temperature,2026-03-01T12:10:00Z,{text}")


def moment(text: str, first: str = "2026-03-01T12:00:00Z") -> bytes:
    """A long table whose second row has this time."""
    return long(f"Press temperature,{first},1", f"Press vibration,{text},2")


def coded(*rows: str) -> bytes:
    """A long table with quality codes."""
    return long(*rows, header="sensor,timestamp,value,quality")


def wide(*rows: str, header: str = "timestamp,Press temperature,Press vibration") -> bytes:
    """A wide table."""
    return "\n".join([header, *rows, ""]).encode()


NUMBERS = {
    "text for a value": BadFile(value("hot"), "'hot' is no number", 3, "value"),
    "a unit behind a value": BadFile(value("40 °C"), "is no number", 3, "value"),
    "a decimal comma": BadFile(value('"40,5"'), "has a comma", 3, "value"),
    "a decimal comma between semicolons": BadFile(
        b"sensor;timestamp;value\nPress temperature;2026-03-01 12:00;40,5\n", "has a comma", 2, "value"
    ),
    "thousands separators": BadFile(value('"1,234,567.5"'), "has a comma", 3, "value"),
    "NaN": BadFile(value("NaN"), "Leave the cell empty", 3, "value"),
    "a word for nothing": BadFile(value("null"), "Leave the cell empty", 3, "value"),
    "infinite": BadFile(value("inf"), "is infinite", 3, "value"),
    "minus infinity": BadFile(value("-Infinity"), "is infinite", 3, "value"),
    "1e400": BadFile(value("1e400"), "too large or too small", 3, "value"),
    "1e-400": BadFile(value("1e-400"), "too large or too small", 3, "value"),
    "more digits than a number keeps": BadFile(value("9007199254740993"), "more digits", 3, "value"),
    "a hexadecimal number": BadFile(value("0x1F"), "is no number", 3, "value"),
    "a true for a value": BadFile(value("true"), "is no number", 3, "value"),
    "a formula": BadFile(value("=1+1"), "is no number", 3, "value"),
    "Arabic digits": BadFile(value("٤٢"), "is no number", 3, "value"),
    "a minus sign from a word processor": BadFile(value("\N{MINUS SIGN}4"), "is no number", 3, "value"),
    "a missing value": BadFile(value(""), "the value is missing", 3, "value"),
}
TIMES = {
    "no time": BadFile(moment("soon"), "'soon' is no time", 3, "timestamp"),
    "an empty time": BadFile(moment(""), "the time is missing", 3, "timestamp"),
    "day or month first": BadFile(moment("03/04/2026 12:00"), "day or month comes first", 3, "timestamp"),
    "day or month first with points": BadFile(moment("3.4.26"), "day or month comes first", 3, "timestamp"),
    "seconds since 1970": BadFile(moment("1772366400"), "since when", 3, "timestamp"),
    "30 February": BadFile(moment("2026-02-30T12:00:00Z"), "no time between 1678 and 2261", 3, "timestamp"),
    "25 o'clock": BadFile(moment("2026-03-01T25:00:00Z"), "no time between 1678 and 2261", 3, "timestamp"),
    "the year 9999": BadFile(moment("9999-12-31T00:00:00Z"), "no time between 1678 and 2261", 3, "timestamp"),
    "a zone in some rows only": BadFile(moment("2026-03-01T12:00:00"), "names no zone", 3, "timestamp"),
    "no zone in some rows only": BadFile(
        moment("2026-03-01T12:00:00+01:00", "2026-03-01T12:00:00"), "names a zone", 3, "timestamp"
    ),
    "a zone by its name": BadFile(moment("2026-03-01 12:00 CET"), "is no time", 3, "timestamp"),
    "a month by its name": BadFile(moment("1 March 2026"), "is no time", 3, "timestamp"),
    "half a day": BadFile(moment("2026-03-01 02:00 PM"), "is no time", 3, "timestamp"),
    "finer than a microsecond": BadFile(moment("2026-03-01T12:00:00.123456789Z"), "finer than", 3, "timestamp"),
}
SENSOR_NAMES = {
    "an unknown sensor": BadFile(long("~1", "Oven,2026-03-01T12:00:00Z,1"), "there is no sensor 'Oven'", 3, "sensor"),
    "a misspelt sensor": BadFile(
        long("Press temprature,2026-03-01T12:00:00Z,1"), "Is 'Press temperature' meant", 2, "sensor"
    ),
    "another case": BadFile(long("PRESS TEMPERATURE,2026-03-01T12:00:00Z,1"), "there is no sensor", 2, "sensor"),
    "an unknown number": BadFile(long("404,2026-03-01T12:00:00Z,1"), "there is no sensor '404'", 2, "sensor"),
    "no sensor": BadFile(long(",2026-03-01T12:00:00Z,1"), "no sensor is named", 2, "sensor"),
    "an unknown column of a wide table": BadFile(
        wide("2026-03-01T12:00:00Z,1,2", header="timestamp,Press temperature,Oven"), "there is no sensor", 2, "Oven"
    ),
}
QUALITY = {
    "an unknown quality code": BadFile(coded("~1,7"), "'7' is no quality code", 2, "quality"),
    "a quality in words": BadFile(coded("~1,good"), "'good' is no quality code", 2, "quality"),
    "no quality code": BadFile(coded("~1,"), "is no quality code", 2, "quality"),
    "half a quality code": BadFile(coded("~1,1.5"), "is no quality code", 2, "quality"),
    "a value that is said to be missing": BadFile(coded("~1,3"), "says that there is no value", 2, "value"),
    "a missing value that is said to be good": BadFile(coded("~,0"), "the value is missing", 2, "value"),
}
TWICE = {
    "two values for one time": BadFile(
        long("~1", "~2"), "has 2.0 at 2026-03-01 12:00:00 UTC here, and 1.0 in row 2", 3
    ),
    "two values for one moment in two zones": BadFile(
        moment("x").replace(b"x,2", b"2026-03-01T13:00:00+01:00,2").replace(b"Press vibration", b"Press temperature"),
        "in row 2",
        3,
    ),
    "two quality codes for one time": BadFile(coded("~1,0", "~1,1"), "quality code 1 at", 3),
    "another value than is stored": BadFile(
        long("Press temperature,2026-02-01T00:00:00Z,21"),
        "has 21.0 at 2026-02-01 00:00:00 UTC here, and 20.0 is stored",
        2,
    ),
    "a wide table with two values for one time": BadFile(
        wide("2026-03-01T12:00:00Z,1,2", "2026-03-01T12:00:00Z,1,3"), "'Press vibration' has 3.0", 3
    ),
}
SHAPES = {
    "a row that is too long": BadFile(long("~1", "~2,3"), "has 4 cells", 3),
    "a row that is too short": BadFile(long("~1", "Press vibration,2026-03-01T12:00:00Z"), "has 2 cells", 3),
    "two columns of one name": BadFile(
        long("~1,1", header="sensor,timestamp,value,value"), "both called 'value'", 1, 4
    ),
    "a column without a name": BadFile(long("~1,1", header="sensor,timestamp,value,"), "has no name", 1, 4),
    "no header": BadFile(b"1,2026-03-01T12:00:00Z,3\n2,2026-03-01T12:00:00Z,4\n", "instead of column names", 1),
    "a header only": BadFile(long(), "has a header but no rows"),
    "a header without a line end": BadFile(b"sensor,timestamp,value", "has a header but no rows"),
    "no column of times": BadFile(b"sensor,moment,value\nx,2026-03-01,1\n", "hold the times"),
    "only times": BadFile(b"timestamp\n2026-03-01\n2026-03-02\n", "No column is known to hold readings"),
    "empty": BadFile(b"", "is empty"),
    "blank lines only": BadFile(b"\n\n\n", "is empty"),
    "a quotation mark that is never closed": BadFile(long("~1", '"~2'), "never closed", 3),
    "text behind a quotation mark": BadFile(long("~1", 'Press vibration,"2026-03-01"T,1'), "closing quotation mark", 3),
}
BYTES = {
    "NUL bytes": BadFile(long("~1", "~2\0"), "character with code 0", 3, 3),
    "a control character": BadFile(long("~1", "Pre\x07ss,2026-03-01,1"), "character with code 7", 3, 1),
    "Latin-1": BadFile(
        "sensor,timestamp,value\nPress temperature,2026-03-01,1\nSäge,2026-03-01,2\n".encode("latin-1"),
        "is not UTF-8",
        3,
        1,
    ),
    "UTF-16": BadFile("sensor,timestamp,value\nx,2026-03-01,1\n".encode("utf-16"), "holds UTF-16"),
    "an Excel file": BadFile(b"PK\x03\x04" + bytes(60), "holds Excel (xlsx) or zip"),
    "a picture": BadFile(b"\x89PNG\r\n\x1a\n" + bytes(60), "holds PNG"),
    "a web page": BadFile(b"<!DOCTYPE html><html></html>", "holds HTML or XML"),
    "JSON": BadFile(b'[{"sensor": 1}]', "holds JSON"),
    "gzip that is named as CSV": BadFile(gzip.compress(GOOD), "holds gzip"),
    "CSV that is named as gzip": BadFile(GOOD, "is not compressed", name="readings.csv.gz"),
    "CSV that is named as Parquet": BadFile(GOOD, "does not begin as one", name="readings.parquet"),
    "Parquet that is named as CSV": BadFile(
        parquet(sensor=["x"], timestamp=["2026-03-01"], value=[1.0]), "holds Parquet"
    ),
    "gzip that is cut off": BadFile(gzip.compress(GOOD)[:-12], "damaged gzip", name="readings.csv.gz"),
    "gzip with a changed byte": BadFile(
        gzip.compress(GOOD)[:-6] + b"\0\0\0\0\0\0", "damaged gzip", name="readings.csv.gz"
    ),
    "a picture in gzip": BadFile(gzip.compress(b"\x89PNG\r\n\x1a\n"), "holds PNG", name="readings.csv.gz"),
    "nothing in gzip": BadFile(gzip.compress(b""), "is empty", name="readings.csv.gz"),
    "Parquet that is cut off": BadFile(
        parquet(sensor=["x"], timestamp=["2026-03-01"], value=[1.0])[:-9], "damaged Parquet", name="readings.parquet"
    ),
    "a spreadsheet's ending": BadFile(GOOD, "none of the endings", name="readings.xlsx"),
    "no ending": BadFile(GOOD, "none of the endings", name="readings"),
}
PARQUET = {
    "an infinite value in Parquet": BadFile(
        parquet(sensor=["old"], timestamp=["2026-03-01"], value=[float("inf")]), "infinite", 1, "value", "r.parquet"
    ),
    "NaN in Parquet": BadFile(
        parquet(sensor=["old"], timestamp=["2026-03-01"], value=[float("nan")]), "no number", 1, "value", "r.parquet"
    ),
    "whole numbers that are too large in Parquet": BadFile(
        parquet(sensor=["old"], timestamp=["2026-03-01"], value=[2**60 + 1]), "more digits", 1, "value", "r.parquet"
    ),
    "booleans for values in Parquet": BadFile(
        parquet(sensor=["old"], timestamp=["2026-03-01"], value=[True]), "values of type bool", None, "value",
        "r.parquet",
    ),
    "numbers for times in Parquet": BadFile(
        parquet(sensor=["old"], timestamp=[1772366400], value=[1.0]), "type int64", None, "timestamp", "r.parquet"
    ),
    "a missing time in Parquet": BadFile(
        parquet(sensor=["old", "old"], timestamp=["2026-03-01", None], value=[1.0, 2.0]), "time is missing", 2,
        "timestamp", "r.parquet",
    ),
    "a missing value in Parquet": BadFile(
        parquet(sensor=["old"], timestamp=["2026-03-01"], value=pa.array([None], pa.float64())), "value is missing", 1,
        "value", "r.parquet",
    ),
    "nanoseconds in Parquet": BadFile(
        parquet(sensor=["old"], timestamp=pa.array([10**18 + 1], pa.timestamp("ns", "UTC")), value=[1.0]),
        "finer than", 1, "timestamp", "r.parquet",
    ),
    "lists in Parquet": BadFile(
        parquet(sensor=["old"], timestamp=["2026-03-01"], value=[[1.0]]), "type list", None, "value", "r.parquet"
    ),
    "no rows in Parquet": BadFile(
        parquet(sensor=pa.nulls(0, pa.string()), timestamp=pa.nulls(0, pa.string()), value=pa.nulls(0, pa.float64())),
        "columns but no rows", name="r.parquet",
    ),
}  # fmt: skip
LIMITS = {
    "more bytes than allowed": BadFile(long(*["~1"] * 600), "at most 20,000 are allowed"),
    "a gzip bomb": BadFile(gzip.compress(long(*["~1"] * 2_000)), "expands to more than 40,000", name="readings.csv.gz"),
    "a Parquet file that expands": BadFile(
        parquet(sensor=["old" * 3_000] * 40, timestamp=["2026-03-01"] * 40, value=[1.0] * 40), "expands to more than",
        name="r.parquet",
    ),
    "more rows than allowed": BadFile(long(*["~1"] * 51), "more than 50 rows"),
    "more columns than allowed": BadFile(
        b"timestamp,a,b,c,d,e,f,g,h\n2026-03-01,1,2,3,4,5,6,7,8\n", "9 columns; at most 8"
    ),
    "more cells than allowed": BadFile(b"timestamp,a,b,c,d\n" + b"2026-03-01,1,2,3,4\n" * 41, "more than 200 cells"),
    "a cell that is too long": BadFile(value("1" * 101), "more than 100 characters", 3, "value"),
}  # fmt: skip
BAD_FILES: dict[str, BadFile] = {
    **NUMBERS, **TIMES, **SENSOR_NAMES, **QUALITY, **TWICE, **SHAPES, **BYTES, **PARQUET, **LIMITS
}  # fmt: skip
