"""Importing 1,000,000 readings from a file: the whole command, its start included, beside plain pandas in the same run.

Run: ``python -m benchmarks.import_readings``. Wanted: at most 15 s into SQLite from a long CSV table, and memory that
does not grow with the file. The plain way (`read_csv`, `to_sql`) checks nothing, and stores all rows again when it is
run again. PostgreSQL is measured where FAROL_TEST_POSTGRES_URL names a database, in a schema that is dropped after it.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import sqlalchemy as sa

from src.config import PROJECT_ROOT
from src.database.engine import engine_for, writing

ROWS, FEWER_ROWS, SENSORS = 1_000_000, 250_000, 20
FILES = {"csv": "readings.csv", "gz": "readings.csv.gz", "parquet": "readings.parquet", "fewer": "fewer.csv"}
LIMIT_SECONDS = 15.0
MOST_GROWTH_MB = 40.0
_MB = 1024.0

_PLAIN = """
import sys
import pandas as pd
import sqlalchemy as sa

table = pd.read_csv(sys.argv[1], parse_dates=["timestamp"])
table["sensor_id"] = table.pop("sensor").astype("category").cat.codes
table.to_sql("readings", sa.create_engine(sys.argv[2]), index=False, chunksize=50_000)
"""


def main() -> int:
    """Measure and print; 1 if a limit is not met."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        files = {name: folder / ending for name, ending in FILES.items()}
        # In a process of its own: what is started from here would be charged with the memory that making them took.
        writer = multiprocessing.get_context("spawn").Process(target=_write_files, args=(files,))
        writer.start()
        writer.join()
        database = f"sqlite:///{folder / 'farol.db'}"
        fewer = _run("250,000 rows, long CSV", _import(files["fewer"]), f"sqlite:///{folder / 'fewer.db'}")
        whole = _run("1,000,000 rows, long CSV", _import(files["csv"]), database)
        _run("the same file once more", _import(files["csv"]), database)
        _run("1,000,000 rows, CSV.gz", _import(files["gz"]), f"sqlite:///{folder / 'gz.db'}")
        _run("1,000,000 rows, Parquet", _import(files["parquet"]), f"sqlite:///{folder / 'parquet.db'}")
        plain = _run("plain pandas, read_csv and to_sql", _plain(files["csv"], folder), database)
        if server := os.environ.get("FAROL_TEST_POSTGRES_URL"):
            with schema_of_its_own(server) as url:
                _run("PostgreSQL: 1,000,000 rows, long CSV", _import(files["csv"]), url)
                _run("PostgreSQL: the same file once more", _import(files["csv"]), url)
        else:
            print("FAROL_TEST_POSTGRES_URL names no database: PostgreSQL is not measured.")
    growth = whole[1] - fewer[1]
    ratio = whole[0] / plain[0]
    print(f"SQLite, long CSV: {whole[0]:.1f} s (wanted: at most {LIMIT_SECONDS:.0f} s), {ratio:.2f} of plain pandas")
    print(f"Memory grows by {growth:.0f} MB for four times the rows (wanted: at most {MOST_GROWTH_MB:.0f} MB)")
    return int(whole[0] > LIMIT_SECONDS or growth > MOST_GROWTH_MB)


def _write_files(files: dict[str, Path]) -> None:
    table = _table(ROWS)
    written = table.assign(timestamp=table["timestamp"].dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
    written.to_csv(files["csv"], index=False)
    written.to_csv(files["gz"], index=False)
    written.head(FEWER_ROWS).to_csv(files["fewer"], index=False)
    table.to_parquet(files["parquet"], index=False)


def _table(rows: int) -> pd.DataFrame:
    times = pd.date_range("2025-01-01", periods=rows // SENSORS, freq="1min", tz="UTC")
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "sensor": np.tile([f"Press {number} temperature" for number in range(SENSORS)], len(times)),
            "timestamp": np.repeat(times, SENSORS),
            "value": np.round(rng.normal(50, 9, rows), 3),
        }
    )


def _import(file: Path) -> list[str]:
    return [sys.executable, "-m", "src", "data", "import", str(file), "--create-sensors"]


def _plain(file: Path, folder: Path) -> list[str]:
    return [sys.executable, "-c", _PLAIN, str(file), f"sqlite:///{folder / 'plain.db'}"]


def _run(what: str, command: list[str], database: str) -> tuple[float, float]:
    """Run a command; return its seconds and the most memory that it held, in MB."""
    folder = str(Path(command[-2]).parent)  # the file's: both commands name it last but one
    environment = os.environ | {
        "FAROL_DATABASE_URL": database,
        **{f"FAROL_{name}_DIR": folder for name in ("DATA", "MODELS", "LOG")},
    }
    started = time.perf_counter()
    with subprocess.Popen(
        command, cwd=PROJECT_ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None
        said = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - started
    if process.returncode:
        raise SystemExit(f"{what}: {said.decode()}")
    memory = usage.ru_maxrss / _MB
    print(f"{what:<40}{seconds:7.1f} s ({usage.ru_utime + usage.ru_stime:.1f} s of them computing){memory:7.0f} MB")
    return seconds, memory


@contextmanager
def schema_of_its_own(server: str) -> Iterator[str]:
    """Make an empty schema in a PostgreSQL database, give its URL, and drop it afterwards."""
    schema = f"benchmark_{uuid.uuid4().hex}"
    with writing(engine_for(server)) as connection:
        connection.execute(sa.schema.CreateSchema(schema))
    url = sa.make_url(server).update_query_dict({"options": f"-csearch_path={schema}"})
    try:
        yield url.render_as_string(hide_password=False)
    finally:
        with writing(engine_for(server)) as connection:
            connection.execute(sa.schema.DropSchema(schema, cascade=True))


if __name__ == "__main__":
    sys.exit(main())
