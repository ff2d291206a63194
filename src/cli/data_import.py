"""`python -m src data import`: the readings of a file into the database, all of them or none."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from src.cli.progress import progress_bar
from src.cli.terminal_text import plain
from src.config import get_settings
from src.database.acting import acting_name

if TYPE_CHECKING:
    from src.errors import InvalidTable
    from src.sensors.imports.columns import ColumnMapping
    from src.sensors.imports.preview import Preview
    from src.sensors.imports.report import ImportReport

_SHOWN_ROWS, _SHOWN_COLUMNS, _LISTED = 3, 8, 10
_WARNING = "yellow"


def import_file(
    file: Annotated[Path, typer.Argument(help="CSV, CSV.gz or Parquet, long or wide.", show_default=False)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and change nothing.")] = False,
    create_sensors: Annotated[
        bool, typer.Option("--create-sensors", help="Create sensors that there are not, rather than refuse the file.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Put other values in place of stored ones, rather than refuse the file.")
    ] = False,
    roles: Annotated[
        list[str] | None,
        typer.Option("--map", help="ROLE=COLUMN: what a column is (timestamp, sensor, value, quality, equipment)."),
    ] = None,
    sensors: Annotated[
        list[str] | None, typer.Option("--sensor", help="COLUMN=SENSOR: whose readings a column of a wide table holds.")
    ] = None,
    ignore: Annotated[list[str] | None, typer.Option("--ignore", help="A column that means nothing.")] = None,
    equipment: Annotated[str, typer.Option(help="Machine of the sensors that are created.")] = "",
    sensor_type: Annotated[str, typer.Option(help="What the sensors that are created measure.")] = "",
    unit: Annotated[str, typer.Option(help="Unit of the sensors that are created.")] = "",
) -> None:
    """Import the readings of a file: all of them, or none.

    A long table has a row a reading (sensor, timestamp, value, perhaps quality), a wide one a column a sensor beside
    the timestamp. The same file twice changes nothing.

    Example: `python -m src data import readings.csv --map sensor=tag --map timestamp=when --dry-run`
    """
    from src.database.migrate import upgrade_database
    from src.errors import InvalidReadings
    from src.sensors.imports.columns import check_columns, map_columns
    from src.sensors.imports.importer import ImportOptions, import_readings
    from src.sensors.imports.preview import preview_file
    from src.tables.limits import TableLimits

    console = Console(stderr=True)
    upgrade_database()
    limits = TableLimits.from_settings(get_settings())
    preview = preview_file(file, file.name, limits)
    mapping = map_columns(preview.columns, _pairs(roles, "--map"), _pairs(sensors, "--sensor"), ignore or ())
    check_columns(mapping, preview.columns)
    _show_preview(console, preview, mapping)
    try:
        with progress_bar(console) as progress:
            bar = progress.add_task("Reading", total=1.0)
            report = import_readings(
                file,
                file.name,
                mapping=mapping,
                options=ImportOptions(create_sensors, replace, equipment, sensor_type, unit),
                dry_run=dry_run,
                actor=acting_name(),
                limits=limits,
                on_progress=lambda share, rows: progress.update(bar, completed=share, description=f"{rows:,} rows"),
            )
    except InvalidReadings as error:
        show_problems(console, error)
        raise typer.Exit(1) from None
    _show_report(Console(), report)


def _pairs(texts: list[str] | None, option: str) -> dict[str, str]:
    pairs = {}
    for text in texts or []:
        left, mark, right = text.partition("=")
        if not (left.strip() and mark and right.strip()):
            raise typer.BadParameter(f"{text!r} is not of the form LEFT=RIGHT.", param_hint=option)
        pairs[left.strip()] = right.strip()
    return pairs


def _show_preview(console: Console, preview: Preview, mapping: ColumnMapping) -> None:
    """Say what was understood, with the first rows as they are written."""
    if mapping.is_long:
        roles = {role: column for role, column in mapping.to_record().items() if role != "sensors" and column}
        understood = "long table: " + ", ".join(f"{role} = {column!r}" for role, column in roles.items())
    else:
        named = [column if column == sensor else f"{column} = {sensor}" for column, sensor in mapping.sensors.items()]
        understood = f"wide table: timestamp = {mapping.timestamp!r}; sensors: {_listed(named)}"
    console.print(f"Read as a {plain(understood)}", highlight=False)
    table = Table(*map(plain, preview.columns[:_SHOWN_COLUMNS]), box=SIMPLE, pad_edge=False)
    for row in preview.rows.head(_SHOWN_ROWS).itertuples(index=False):
        table.add_row(*(plain(str(cell)) for cell in row[:_SHOWN_COLUMNS]))
    console.print(table)


def show_problems(console: Console, error: InvalidTable) -> None:
    """Say why a file is refused, a line a problem; raise the error itself where it has none to tell."""
    problems = error.values.get("problems")
    if not isinstance(problems, list):
        raise error
    console.print(
        f"[bold red]Error:[/] {plain(repr(error.values['name']))} is not imported, and nothing was changed.",
        highlight=False,
    )
    for problem in problems:
        console.print(f"  {plain(str(problem))}", highlight=False, soft_wrap=True)
    count = error.values["count"]
    assert isinstance(count, int)
    if count > len(problems):
        console.print(f"  … and {count - len(problems):,} more", highlight=False)


def _show_report(console: Console, report: ImportReport) -> None:
    for note in report.notes:
        console.print(f"[dim]{plain(str(note))}[/]", highlight=False)
    facts = {
        "Rows": f"{report.rows:,}",
        "New": f"{report.new:,}",
        "Unchanged": f"{report.unchanged:,}",
        "Replaced": f"{report.replaced:,}" if report.replaced else "",
        "Repeated": f"{report.repeated:,}" if report.repeated else "",
        "Empty cells": f"{report.empty:,}" if report.empty else "",
        "Sensors": _listed([*report.existing, *(f"{name} (new)" for name in report.created)]),
        "From": f"{report.first:%Y-%m-%d %H:%M:%S} UTC" if report.first else "",
        "To": f"{report.last:%Y-%m-%d %H:%M:%S} UTC" if report.last else "",
        "Took": f"{report.seconds:.1f} s",
    }
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, value in facts.items():
        if value:
            table.add_row(f"[dim]{name}[/]", plain(value))
    console.print(table)
    if report.dry_run:
        console.print(f"[{_WARNING}]A dry run: nothing was changed.[/]")
    elif not report.changes_something:
        console.print("All of it was there already: nothing was changed.")


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _LISTED:,} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more
