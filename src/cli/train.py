"""`python -m src train`: compare models on a file, see the leaderboard, keep the best."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from src.cli.progress import progress_bar
from src.cli.terminal_text import plain
from src.config import get_settings
from src.errors import FileNotWritten
from src.storage.new_file import check_new_file

if TYPE_CHECKING:
    from src.ml.model_comparison import Comparison

_WIDE = 110
"""Columns of a terminal that has room for the candidates' full names."""
_SHORT = {"Accuracy": "Acc.", "Precision": "Prec."}


def train(
    data: Annotated[Path, typer.Option(help="Table to train on: CSV, CSV.gz or Parquet.")],
    target: Annotated[str, typer.Option(help="Column to predict.")],
    metric: Annotated[str | None, typer.Option(help="Metric to rank by; Accuracy, or R2 for numbers.")] = None,
    split: Annotated[str, typer.Option(help="How rows are held out: random, time, or group:COLUMN.")] = "random",
    fold: Annotated[int, typer.Option(help="Folds of the cross-validation.")] = 5,
    features: Annotated[str | None, typer.Option(help="Columns to predict from, with commas between.")] = None,
    include: Annotated[str | None, typer.Option(help="Candidates to compare, such as lr,rf.")] = None,
    turbo: Annotated[bool, typer.Option(help="Leave out the candidates that are slow with many rows.")] = True,
    budget: Annotated[float | None, typer.Option(help="Seconds after which what is done is the result.")] = None,
    max_rows: Annotated[int | None, typer.Option(help="Use at most so many rows, evenly picked.")] = None,
    n_select: Annotated[int, typer.Option(help="How many of the best are tried on the holdout.")] = 5,
    ensemble: Annotated[
        str, typer.Option(help="One more candidate of the best together: none, blend (their mean), or stack.")
    ] = "none",
    ensemble_size: Annotated[int, typer.Option(help="How many of the best it is made of.")] = 3,
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 42,
    out: Annotated[Path | None, typer.Option(help="Write the leaderboard to this CSV file.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the leaderboard's file if it is there.")] = False,
    save_best: Annotated[str | None, typer.Option(help="Save the best model under this name.")] = None,
) -> None:
    """Compare models on a table and show the leaderboard.

    Example: `python -m src train --data readings.csv --target state --metric F1 --split time --save-best press`
    """
    console = Console(stderr=True)
    if out is not None:
        check_new_file(out, force=force)  # before minutes of training, not after
    choices = {
        "target": target,
        "sort": metric,
        "split": split,
        "fold": fold,
        "features": _listed(features),
        "include": _listed(include),
        "turbo": turbo,
        "budget": budget,
        "max_rows": max_rows,
        "n_select": n_select,
        "ensemble": ensemble,
        "ensemble_size": ensemble_size,
        "seed": seed,
        "source": data.name,
        "refit": save_best is not None,
    }
    comparison = _compare(console, data, save_best, choices)
    for note in comparison.notes:
        console.print(f"[dim]{plain(str(note))}[/]", highlight=False)
    stdout = Console()
    stdout.print(_leaderboard(comparison, with_names=stdout.width >= _WIDE))
    for line in _members(comparison):
        stdout.print(f"[dim]{plain(line)}[/]", highlight=False)
    for line in _left_out(comparison):
        console.print(f"[red]{plain(line)}[/]", highlight=False)
    if out is not None:
        _write(comparison, out)
    if save_best is not None:
        from src.database.acting import acting_name
        from src.ml import model_acts

        best = comparison.finalists[0]
        saved = model_acts.save(acting_name(), comparison, best.id, best.artefact, save_best)
        console.print(f"Saved {comparison.best.name} as [bold]{plain(saved.name)}[/], version {saved.version}.")


def _write(comparison: Comparison, out: Path) -> None:
    try:
        comparison.leaderboard.to_csv(out, index_label="id")
    except OSError as error:
        raise FileNotWritten(
            "{path!r} cannot be written: {reason}. Choose another place.", path=str(out), reason=error.strerror
        ) from error


def _listed(text: str | None) -> list[str] | None:
    return None if text is None else [part.strip() for part in text.split(",") if part.strip()]


def _compare(console: Console, data: Path, save_best: str | None, choices: dict[str, Any]) -> Comparison:
    from src.ml.workers import open_workers

    with open_workers() as executor:
        from src.database.migrate import upgrade_database
        from src.ml.model_comparison import compare_models
        from src.ml.saved_models import check_new_name
        from src.tables.limits import TableLimits
        from src.tables.reader import read_table

        if save_best is not None:
            check_new_name(save_best)  # before minutes of training, not after
            upgrade_database()  # where it is remembered who saved it
        table = read_table(data, data.name, TableLimits.from_settings(get_settings()))
        for note in table.notes:
            console.print(f"[dim]{plain(str(note))}[/]", highlight=False)
        with progress_bar(console) as progress:
            bar = progress.add_task("Starting workers", total=1.0)

            def tell(comparison: Comparison) -> None:
                progress.update(bar, completed=comparison.progress, description=_doing(comparison))

            return compare_models(table.frame, executor=executor, on_progress=tell, **choices)


def _doing(comparison: Comparison) -> str:
    if comparison.phase == "starting":
        return f"Starting {comparison.workers} workers"
    if comparison.phase == "finishing":
        return "Fitting the best on all rows"
    done = sum(candidate.state in ("done", "failed") for candidate in comparison.candidates)
    left = "" if comparison.seconds_left is None else f", about {comparison.seconds_left:.0f} s left"
    return f"{done} of {len(comparison.candidates)} candidates{left}"


def _leaderboard(comparison: Comparison, *, with_names: bool) -> Table:
    from src.evaluation.metrics import metrics_for

    names = [metric.name for metric in metrics_for(comparison.task)]
    title = f"{comparison.target}: ranked by {comparison.metric}, {comparison.folds} folds, split {comparison.split}"
    ties = sum(candidate.tied for candidate in comparison.candidates) > 1  # the best alone is no tie
    caption = "≈ within one standard error of the best" if ties else None
    table = Table(title=plain(title), caption=caption, box=SIMPLE, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in ("", "Id", *(["Model"] if with_names else [])):
        table.add_column(heading, no_wrap=True)
    for heading in [*(_SHORT.get(name, name) for name in names), "Fit s"]:
        table.add_column(heading, justify="right", min_width=6, overflow="fold")
    for candidate in comparison.candidates:
        if candidate.state == "done":
            values = [_score(candidate.metrics[name]) for name in names]
            seconds = f"{candidate.fit_seconds or 0:.2f}"
            who = [candidate.id, candidate.name] if with_names else [candidate.id]
            table.add_row("≈" if ties and candidate.tied else "", *who, *values, seconds)
    return table


def _score(value: float | None) -> str:
    if value is None:
        return "—"
    return f"{value:.4f}" if abs(value) < 100 else f"{value:.5g}"


def _members(comparison: Comparison) -> list[str]:
    """Say what a blend or a stack is made of."""
    names = {candidate.id: candidate.name for candidate in comparison.candidates}
    return [
        f"{candidate.id}: {', '.join(names[member] for member in candidate.members)}"
        for candidate in comparison.ranked
        if candidate.members
    ]


def _left_out(comparison: Comparison) -> list[str]:
    """Say who is not in the table, and why."""
    return [
        f"{candidate.name}: {candidate.reason or 'not done'}"
        for candidate in comparison.candidates
        if candidate.state != "done"
    ]
