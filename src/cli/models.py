"""`python -m src models …`: the saved models."""

from __future__ import annotations

import json
import math
from typing import Annotated, Any

import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from src.utils.model_store import default_store

app = typer.Typer(
    name="models",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="List, inspect, delete and adopt saved models.",
)

Name = Annotated[str, typer.Argument(help="Name of the model.", show_default=False)]

_SCORES = ("accuracy", "r2", "mae")
_MOST_NUMBERS = 12


@app.command("list")
def list_() -> None:
    """List the saved models, those that are not trusted included.

    Example: `python -m src models list`
    """
    summary = default_store().summary()
    if summary.empty:
        Console().print(f"No models in {default_store().folder}. Train one: `python -m src train --help`.")
        return
    table = Table(box=SIMPLE, pad_edge=False)
    for heading in ("Name", "Type"):
        table.add_column(heading, overflow="fold", min_width=12)
    for heading in ("Score", "Saved (UTC)", "V.", "Trusted"):
        table.add_column(heading, no_wrap=True)  # on a narrow terminal the words give way, not the figures
    table.add_column("Notes", overflow="fold")
    for row in summary.to_dict("records"):
        table.add_row(*_cells(row))
    Console().print(table)


def _without_curves(value: Any) -> Any:
    """Say of a long list of numbers how long it is: the points of a curve tell a reader nothing."""
    if isinstance(value, dict):
        return {key: _without_curves(item) for key, item in value.items()}
    if isinstance(value, list):
        if len(value) > _MOST_NUMBERS and all(isinstance(item, int | float) for item in value):
            return f"{len(value)} numbers"
        return [_without_curves(item) for item in value]
    return value


def _cells(row: dict[Any, Any]) -> list[str]:
    return [
        _plain(row["name"]),
        _plain(row["model_type"]),
        next((f"{row[metric]:.4f} {metric}" for metric in _SCORES if not math.isnan(row[metric])), "—"),
        _time(row["saved_at"])[:10],
        str(row["version"]),
        _trust(row),
        _plain(row["description"]),
    ]


@app.command()
def show(
    name: Name, version: Annotated[int | None, typer.Option(help="A version other than the current one.")] = None
) -> None:
    """Show what is known of a model, and its versions.

    Example: `python -m src models show "boosted trees"`
    """
    store = default_store()
    record = store.describe(name, version)
    table = Table(show_header=False)
    for field, value in record.items():
        text = value if isinstance(value, str) else json.dumps(_without_curves(value), indent=1, ensure_ascii=False)
        table.add_row(field, _plain(text))
    Console().print(table)
    current = store.entries()[record["name"]]["version"]
    versions = Table("Version", "Saved (UTC)", "Current")
    for saved in store.versions(name):
        versions.add_row(str(saved.version), _time(saved.saved_at), "yes" if saved.version == current else "")
    Console().print(versions)


@app.command()
def delete(name: Name, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False) -> None:
    """Delete a model with all its versions.

    Example: `python -m src models delete "boosted trees" --yes`
    """
    if not yes:
        typer.confirm(f"Delete the model {_shown(name)} with all its versions?", abort=True)
    default_store().delete(name)
    Console().print(f"Deleted {_plain(name)}.")


@app.command()
def trust(name: Name) -> None:
    """Adopt a model that was not saved here.

    Loading a model runs whatever is in its file: do this only if you know where the file comes from.

    Example: `python -m src models trust legacy_model`
    """
    saved = default_store().trust(name)
    Console(stderr=True).print(
        "[yellow]From now on this file is opened when the model is loaded, and whatever is in it runs.[/] "
        "Delete the model if you are not sure where it comes from."
    )
    Console().print(f"Adopted {_plain(saved.name)}, version {saved.version}, SHA-256 {saved.sha256}.")


@app.command()
def rebuild() -> None:
    """Restore the registry from the files that lie beside the models.

    Example: `python -m src models rebuild`
    """
    names = default_store().rebuild()
    Console().print(f"The registry has {len(names)} models.")


@app.command()
def rollback(
    name: Name, version: Annotated[int, typer.Argument(help="The version to make current.", show_default=False)]
) -> None:
    """Make another version of a model the current one.

    Example: `python -m src models rollback "boosted trees" 1`
    """
    saved = default_store().go_back(name, version)
    Console().print(f"The current version of {_plain(saved.name)} is {saved.version}.")


def _plain(text: str) -> str:
    """Take the power out of text that may come from anyone's file: markup, and control codes of the terminal."""
    return escape(_shown(text))


def _shown(text: str) -> str:
    return "".join(letter if letter.isprintable() or letter == "\n" else "\N{REPLACEMENT CHARACTER}" for letter in text)


def _time(time: Any) -> str:
    """Show a time; one that is not known is None, or NaT, which equals nothing."""
    return f"{time:%Y-%m-%d %H:%M}" if time is not None and time == time else "—"


def _trust(row: dict[Any, Any]) -> str:
    if not isinstance(row["size_bytes"], int):
        return "[red]missing[/]"
    return "yes" if row["trusted"] else "[yellow]no[/]"
