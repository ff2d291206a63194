"""The saved models as a table."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from src.storage.artefacts import artefact_size

if TYPE_CHECKING:
    import pandas as pd

SUMMARY_METRICS = ("accuracy", "auc", "recall", "precision", "f1", "kappa", "mcc", "r2", "mae", "rmse")
SUMMARY_COLUMNS = (
    *("name", "model_type"),
    *SUMMARY_METRICS,
    *("saved_at", "version", "size_bytes", "trusted", "description"),
)


def summary_table(folder: Path, entries: Mapping[str, Mapping[str, Any]], untrusted: Collection[str]) -> pd.DataFrame:
    """Make a table of registry entries, a row each.

    Parameters
    ----------
    folder : Path
        Where the artefacts lie.
    entries : mapping
        Name to entry.
    untrusted : collection of str
        The names among them that are not trusted.

    Returns
    -------
    DataFrame
        Columns `SUMMARY_COLUMNS`; metrics are floats (NaN where a model has none), ``saved_at`` is in UTC (NaT if
        unknown), ``size_bytes`` is NA where the file is missing.
    """
    import pandas as pd  # a second to import, and only tables need it

    rows = [_row(folder, name, entry, name not in untrusted) for name, entry in entries.items()]
    table = pd.DataFrame(rows, columns=list(SUMMARY_COLUMNS))
    table["saved_at"] = pd.to_datetime(table["saved_at"], utc=True, format="ISO8601", errors="coerce")
    kinds = dict.fromkeys(SUMMARY_METRICS, "float64") | {"version": "int64", "size_bytes": "Int64", "trusted": "bool"}
    return table.astype(kinds)


def _row(folder: Path, name: str, entry: Mapping[str, Any], trusted: bool) -> dict[str, Any]:
    given = {key.lower(): value for key, value in entry["metadata"].items()}
    return {
        "name": name,
        "model_type": str(given.get("model_type") or ""),
        **{metric: _number(given.get(metric)) for metric in SUMMARY_METRICS},
        "saved_at": entry["saved_at"],
        "version": entry["version"],
        "size_bytes": artefact_size(folder / entry["path"]),
        "trusted": trusted,
        "description": str(given.get("description") or ""),
    }


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
