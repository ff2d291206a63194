"""`python -m src anomalies …`: what is not normal in the values of a sensor."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from src.cli.progress import progress_bar
from src.cli.terminal_text import plain
from src.config import get_settings

if TYPE_CHECKING:
    from src.ml.anomalies.file_scoring import FileScores

app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown", help="Anomalies in values over time.")


@app.callback()
def _group() -> None:
    """Make this a group, however few commands there are."""


@app.command()
def score(
    data: Annotated[Path, typer.Argument(metavar="FILE", help="Times and values: CSV, CSV.gz or Parquet.")],
    out: Annotated[Path, typer.Option(help="Write the rows with their scores here: .csv, .csv.gz or .parquet.")],
    train_rows: Annotated[
        int | None,
        typer.Option(help="Readings to learn from before the first alarm; left out, 15% of the file, 30 to 750."),
    ] = None,
    alarms_per_week: Annotated[
        float | None, typer.Option(help="Wanted number of alarms a week; it sets the alarm threshold.")
    ] = None,
    sensor_faults: Annotated[
        bool,
        typer.Option("--sensor-faults", help="Take flat lines, impossible rates and unit shifts for sensor faults."),
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the output if it is there.")] = False,
) -> None:
    """Score each reading of a file by those before it: the same rows in the order of their times.

    Added are `score` (0 to 1, from 0.6 on an alarm), `is_anomaly` and `reason`. One alarm is raised for one happening;
    while it silences others, scores are halved.

    Example: `python -m src anomalies score june.csv --out june_scored.csv --alarms-per-week 0.5`
    """
    from src.ml.anomalies.file_scoring import score_file
    from src.tables.limits import TableLimits

    console = Console(stderr=True)
    with progress_bar(console) as progress:
        bar = progress.add_task("Scoring", total=1.0)
        scores = score_file(
            data,
            out,
            train_rows=train_rows,
            alarms_per_week=alarms_per_week,
            sensor_faults=sensor_faults,
            force=force,
            limits=TableLimits.from_settings(get_settings()),
            on_progress=lambda share: progress.update(bar, completed=share),
        )
    for note in scores.notes:
        console.print(f"[dim]{plain(str(note))}[/]", highlight=False, soft_wrap=True)
    console.print(f"{_summary(scores)} Written to {plain(str(out))}.", highlight=False, soft_wrap=True)


def _summary(scores: FileScores) -> str:
    faults = f", {scores.sensor_faults:,} readings of a faulty sensor" if scores.sensor_faults else ""
    return (
        f"{scores.rows:,} rows scored in {scores.seconds:.1f} s: {scores.anomalies:,} alarms{faults}, after "
        f"{scores.train_rows:,} readings to learn from; alarm threshold {scores.alarm_threshold:.3g}."
    )
