"""`python -m src data …`: the data that the plant's sensors have sent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from src.cli.data_import import import_file

if TYPE_CHECKING:
    from src.sensors.demo_plant import LoadedPlant

app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown", help="Sensors and their readings.")
app.command("import")(import_file)


@app.callback()
def _group() -> None:
    """Make this a group, however few commands there are."""


@app.command()
def demo(
    days: Annotated[int, typer.Option(help="Days of readings, up to now.")] = 90,
    equipment: Annotated[int, typer.Option(help="Machines, with three sensors each.")] = 6,
    seed: Annotated[int, typer.Option(help="Another number, another plant; the same one, the same plant.")] = 42,
    clear: Annotated[bool, typer.Option("--clear", help="Remove the earlier demo plant first, and only that.")] = False,
) -> None:
    """Load the demo plant: light, temperature and vibration of each machine every ten minutes.

    Example: `python -m src data demo --days 30 --equipment 3 --clear`
    """
    from src.database.migrate import upgrade_database
    from src.sensors.demo_plant import load_demo_plant

    upgrade_database()
    typer.echo(describe(load_demo_plant(days, equipment, seed, clear=clear)))


@app.command()
def export(
    out: Annotated[Path, typer.Option(help="File to write: .csv, .csv.gz or .parquet.")],
    sensor: Annotated[list[str] | None, typer.Option(help="Name of a sensor; may be repeated. All by default.")] = None,
    start: Annotated[str | None, typer.Option("--from", help="First time, ISO 8601; UTC unless it says.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="The time before which it ends.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the output if it is there.")] = False,
) -> None:
    """Write readings to a file that can be imported again: sensor, timestamp (UTC), value, quality.

    Example: `python -m src data export --out march.parquet --sensor "Pump 2 light" --from 2026-03-01 --to 2026-04-01`
    """
    from src.database.migrate import upgrade_database
    from src.ml.table_writing import check_place
    from src.sensors.period_choice import period_between
    from src.sensors.reading_export import export_to_file
    from src.sensors.sensor_manager import create_sensor_manager

    check_place(out, force=force)
    upgrade_database()
    sensors = create_sensor_manager().find(sensor)
    written = export_to_file(out, sensors, period_between(start, end))
    typer.echo(f"{written:,} readings of {len(sensors):,} sensors written to {out}.")


def describe(loaded: LoadedPlant) -> str:
    """Say in one line what loading came to."""
    plant = loaded.plant
    until = f"up to {plant.until:%Y-%m-%d %H:%M} UTC"
    if not loaded.created:
        return f"The demo plant was there already; {loaded.readings:,} readings were added, {until}."
    sensors = sum(len(ids) for ids in plant.sensor_ids)
    return f"Demo plant loaded: {plant.equipment} machines, {sensors} sensors, {loaded.readings:,} readings, {until}."
