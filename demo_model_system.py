"""The registry of models, shown from a terminal: `python demo_model_system.py [--keep]`.

Trains three models on a small demo plant, saves and lists them, loads one and predicts several scenarios.
"""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from src.config import get_settings
from src.database.engine import engine_for
from src.database.migrate import upgrade_database
from src.errors import FarolError
from src.ml.model_comparison import Comparison, compare_models
from src.ml.saved_models import save_finalist
from src.sensors.demo_plant import load_demo_plant
from src.sensors.training_table import get_dataframe_leituras_sensores
from src.utils.model_store import get_models_summary, load_model

SCENARIOS = {
    "a quiet night": (305.0, 31.0, 1.4),
    "an ordinary shift": (320.0, 38.0, 1.8),
    "getting warm and rough": (300.0, 52.0, 4.5),
    "about to break": (120.0, 75.0, 9.5),
}
CANDIDATES = ["lr", "dt", "rf"]
console = Console(width=None if sys.stdout.isatty() else 110)


def main(keep: Annotated[bool, typer.Option(help="Leave the three models in the models folder.")] = False) -> None:
    """Save three example models, list them, and predict with the best."""
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if not keep:  # models, and the key that signs them, go where they vanish
            os.environ |= {"FAROL_MODELS_DIR": str(scratch / "models"), "FAROL_DATA_DIR": str(scratch / "data")}
        comparison = train(plant_table(scratch))
        names = save(comparison)
        show_models(names)
        predict(names[0])
        console.print(
            f"The models stay in {get_settings().models_dir}." if keep else "Nothing was left behind; see --keep."
        )


def plant_table(scratch: Path) -> pd.DataFrame:
    """Return the training table of a small demo plant in a database of its own, so that no other is touched."""
    engine = engine_for(f"sqlite:///{scratch / 'plant.db'}")
    upgrade_database(engine)
    load_demo_plant(days=30, equipment=3, engine=engine)
    table = get_dataframe_leituras_sensores(engine)
    engine.dispose()
    return table


def train(table: pd.DataFrame) -> Comparison:
    """Compare three candidates on the plant."""
    with console.status("Training three models on the plant…"):
        return compare_models(
            table,
            "state",
            features=["lux", "temperature", "vibration"],
            include=CANDIDATES,
            n_select=len(CANDIDATES),
            fold=3,
            split="time",
            max_rows=10_000,
            source="plant",
        )


def save(comparison: Comparison) -> list[str]:
    """Save each under a name of its own; the best comes first."""
    stamp = datetime.now(UTC).strftime("%m%d_%H%M%S")
    names = []
    for finalist in comparison.finalists:
        name = f"demo_{finalist.id}_{stamp}"
        save_finalist(comparison, finalist.id, finalist.artefact, name, "an example")
        names.append(name)
    return names


def show_models(names: list[str]) -> None:
    """List the saved models with their metadata."""
    summary = get_models_summary().set_index("name").loc[names]
    table = Table(title="Saved models", box=SIMPLE)
    for column in ("Name", "Type", "Acc.", "F1", "UTC", "Notes"):
        table.add_column(column, no_wrap=True)
    for name, row in summary.iterrows():
        saved_at = pd.Timestamp(row["saved_at"]).strftime("%H:%M")
        values = (f"{row['accuracy']:.3f}", f"{row['f1']:.3f}", saved_at, row["description"])
        table.add_row(str(name), row["model_type"], *values)
    console.print(table)


def predict(name: str) -> None:
    """Load a model and ask it about several scenarios."""
    model = load_model(name)
    table = Table(title=f"What {name} says", box=SIMPLE)
    for column in ("Scenario", "Lux", "°C", "mm/s", "State", "Probability"):
        table.add_column(column)
    for scenario, values in SCENARIOS.items():
        state = model.predict([list(values)])[0]
        probability = model.predict_proba([list(values)]).max()
        table.add_row(scenario, *(f"{value:g}" for value in values), str(state), f"{probability:.0%}")
    console.print(table)


if __name__ == "__main__":
    try:
        typer.run(main)
    except FarolError as error:
        console.print(f"[bold red]Error:[/] {error}")
        sys.exit(1)
