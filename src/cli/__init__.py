"""The command line: one typer application, an area a module."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.console import Console

from src import __version__
from src.cli import anomalies, data, jobs, models, prices, sensors
from src.cli.forecast import forecast
from src.cli.predict import predict
from src.cli.setup import setup
from src.cli.terminal_text import plain
from src.cli.train import train
from src.config import get_settings
from src.errors import FarolError
from src.logs import configure_logging

app = typer.Typer(
    name="farol",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_show_locals=False,
    help="Farol: an ML dashboard for sensor data. Each command has `--help` with an example.",
)


def _show_version(is_wanted: bool) -> None:
    if is_wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _farol(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """Take what belongs to no command."""


app.command()(setup)
app.add_typer(anomalies.app, name="anomalies")
app.add_typer(data.app, name="data")
app.add_typer(jobs.app, name="jobs")
app.add_typer(models.app, name="models")
app.add_typer(prices.app, name="prices")
app.add_typer(sensors.app, name="sensors")
app.command()(train)
app.command()(predict)
app.command()(forecast)


def main() -> None:
    """Run one command; a named error becomes one line on the standard error and exit code 1."""
    try:
        configure_logging(get_settings())
        app()
    except FarolError as error:
        Console(stderr=True).print(f"[bold red]Error:[/] {plain(str(error))}", highlight=False, soft_wrap=True)
        sys.exit(1)
