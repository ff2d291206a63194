"""`python -m src data …`: the data that the plant's sensors have sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from src.sensors.demo_plant import LoadedPlant

app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown", help="Sensors and their readings.")


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


def describe(loaded: LoadedPlant) -> str:
    """Say in one line what loading came to."""
    plant = loaded.plant
    until = f"up to {plant.until:%Y-%m-%d %H:%M} UTC"
    if not loaded.created:
        return f"The demo plant was there already; {loaded.readings:,} readings were added, {until}."
    sensors = sum(len(ids) for ids in plant.sensor_ids)
    return f"Demo plant loaded: {plant.equipment} machines, {sensors} sensors, {loaded.readings:,} readings, {until}."
