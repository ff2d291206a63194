"""`python -m src predict`: the answers of a saved model for each row of a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from src.cli.progress import progress_bar
from src.cli.terminal_text import plain
from src.config import get_settings

if TYPE_CHECKING:
    from src.ml.batch_prediction import BatchReport
    from src.ml.saved_models import LoadedModel


def predict(
    model: Annotated[str, typer.Option(help="Name of the saved model.")],
    data: Annotated[Path, typer.Option(help="Table to predict: CSV, CSV.gz or Parquet.")],
    out: Annotated[Path, typer.Option(help="Write the table with the answers here: .csv, .csv.gz or .parquet.")],
    version: Annotated[int | None, typer.Option(help="A version other than the current one.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the output if it is there.")] = False,
) -> None:
    """Predict each row of a file; its columns are kept, and the answers added.

    The columns are found by their names, in any order. A column `prediction` is added and, where the model gives
    probabilities, `probability_CLASS` for each class.

    Example: `python -m src predict --model press --data june.csv --out june_predicted.csv`
    """
    from src.ml.saved_models import load_saved
    from src.ml.table_writing import check_place

    console = Console(stderr=True)
    check_place(out, force=force)
    saved = load_saved(model, version)
    if saved.changed_libraries:
        console.print(f"[yellow]The model was saved with {plain(', '.join(saved.changed_libraries))}.[/]")
    report = _predict(console, saved, data, out)
    for note in report.remarks:
        console.print(f"[dim]{plain(str(note))}[/]", highlight=False, soft_wrap=True)
    answers = ", ".join(f"{label}: {count:,.6g}" for label, count in report.outcomes.items())
    console.print(
        f"{report.rows:,} rows predicted by {plain(saved.name)}, version {saved.version}, in {report.seconds:.1f} s "
        f"({plain(answers)}). Written to {plain(str(out))}.",
        highlight=False,
        soft_wrap=True,
    )


def _predict(console: Console, saved: LoadedModel, data: Path, out: Path) -> BatchReport:
    from src.ml.batch_prediction import predict_file
    from src.tables.limits import TableLimits

    with progress_bar(console) as progress:
        bar = progress.add_task("Predicting", total=1.0)

        def tell(share: float, rows: int) -> None:
            progress.update(bar, completed=share, description=f"{rows:,} rows")

        limits = TableLimits.from_settings(get_settings())
        return predict_file(saved, data, data.name, out, limits=limits, on_progress=tell)
