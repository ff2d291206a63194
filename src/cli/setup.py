"""`python -m src setup`: all that has to be there before the dashboard is served."""

from __future__ import annotations

import typer

from src.config import Settings, get_settings
from src.errors import InvalidSettings


def setup() -> None:
    """Make the folders, migrate the database, and load the demo plant into one that holds no sensors.

    What is there already is left alone, and then nothing is said.

    Example: `python -m src setup`
    """
    from src.database.migrate import newest_revision, upgrade_database
    from src.sensors.sensor_manager import create_sensor_manager

    settings = get_settings()
    if made := _make_folders(settings):
        typer.echo(f"Folders made: {', '.join(made)}.")
    if upgrade_database():
        typer.echo(f"Database migrated to revision {newest_revision()}.")
    if not create_sensor_manager().get_all_sensors():
        from src.cli.data import describe
        from src.sensors.demo_plant import load_demo_plant

        typer.echo(describe(load_demo_plant()))


def _make_folders(settings: Settings) -> list[str]:
    missing = [folder for folder in (settings.models_dir, settings.data_dir, settings.log_dir) if not folder.exists()]
    for folder in missing:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InvalidSettings("The folder cannot be made: {reason}.", reason=str(error)) from error
    return [str(folder) for folder in missing]
