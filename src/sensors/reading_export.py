"""Readings for other programs, written in parts: CSV in which nothing runs, or Parquet.

What is written can be imported again as it is: the columns are those of a long table.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import sqlalchemy as sa
from sqlalchemy import Engine

from src.database.engine import reading
from src.database.tables import sensor_readings
from src.errors import FileNotWritten
from src.sensors.reading_stream import Period, in_period, stream_readings
from src.sensors.sensor_manager import Sensor
from src.storage.atomic import replacing
from src.tables.export import without_formulas

FORMATS = (".csv", ".csv.gz", ".parquet")
COLUMNS = pa.schema(
    [
        ("sensor", pa.string()),
        ("timestamp", pa.timestamp("us", "UTC")),
        ("value", pa.float64()),
        ("quality", pa.int16()),
    ]
)


def export_readings(
    target: IO[bytes],
    sensors: Sequence[Sensor],
    period: Period | None = None,
    *,
    ending: str = ".csv",
    on_progress: Callable[[int], None] | None = None,
    engine: Engine | None = None,
) -> int:
    """Write the readings of some sensors, all or those of a period, and return how many.

    Parameters
    ----------
    target : binary file
        Where to; memory does not depend on how much it is.
    ending : str
        ".csv", ".csv.gz" or ".parquet".
    on_progress : callable, optional
        Called with the number of readings written so far.

    Notes
    -----
    The columns are `sensor` (its name), `timestamp` (ISO 8601, UTC), `value` (empty where there is none; as many
    digits as it takes to read the same number again) and `quality`. In CSV a name that a spreadsheet would run as a
    formula has an apostrophe in front.
    """
    written = 0
    with reading(engine) as connection, _writer(target, ending) as write:
        for sensor in sensors:
            name = sensor.display_name if ending == ".parquet" else _harmless(sensor.display_name)
            for part in stream_readings(connection, sensor.sensor_id, period):
                write(_table(name, part))
                written += part.size
                if on_progress:
                    on_progress(written)
    return written


def export_to_file(
    path: Path,
    sensors: Sequence[Sensor],
    period: Period | None = None,
    *,
    on_progress: Callable[[int], None] | None = None,
    engine: Engine | None = None,
) -> int:
    """Write readings to a file whose name says the format; it is there whole or, after a failure, not at all.

    Raises
    ------
    FileNotWritten
        The name has another ending, its folder is not there, or the disk does not take it.
    """
    ending = next((ending for ending in reversed(FORMATS) if path.name.lower().endswith(ending)), None)
    if ending is None:
        raise FileNotWritten(
            "{path!r} does not say which format it is to have. Let its name end in one of {endings}.",
            path=str(path),
            endings=", ".join(FORMATS),
        )
    try:
        with replacing(path) as file:
            return export_readings(file, sensors, period, ending=ending, on_progress=on_progress, engine=engine)
    except OSError as error:
        raise FileNotWritten(
            "{path!r} cannot be written: {reason}.", path=str(path), reason=error.strerror or str(error)
        ) from error


def count_for_export(sensors: Sequence[Sensor], period: Period | None = None, *, engine: Engine | None = None) -> int:
    """Count the readings that an export would have."""
    chosen = sensor_readings.c.sensor_id.in_([sensor.sensor_id for sensor in sensors])
    with reading(engine) as connection:
        count = sa.select(sa.func.count()).select_from(sensor_readings).where(chosen, *in_period(period))
        return connection.scalar(count) or 0


@contextmanager
def _writer(target: IO[bytes], ending: str) -> Iterator[Callable[[pa.Table], None]]:
    """A function that writes one part after another."""
    if ending == ".parquet":
        with pa.parquet.ParquetWriter(target, COLUMNS) as parquet:
            yield parquet.write_table
    elif ending == ".csv.gz":
        with gzip.open(target, "wb", compresslevel=6) as packed, pa.csv.CSVWriter(packed, COLUMNS) as csv:
            yield csv.write_table
    else:
        with pa.csv.CSVWriter(target, COLUMNS) as csv:
            yield csv.write_table


def _table(name: str, part: np.ndarray) -> pa.Table:
    return pa.table(
        [
            pa.repeat(pa.scalar(name), part.size),
            pa.array(part["time"].copy()).cast(COLUMNS.field("timestamp").type),
            pa.array(part["value"].copy(), mask=np.isnan(part["value"])),
            pa.array(part["quality"].copy()),
        ],
        schema=COLUMNS,
    )


def _harmless(name: str) -> str:
    return without_formulas(pd.DataFrame({"sensor": [name]}))["sensor"].iloc[0]
