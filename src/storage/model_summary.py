"""The saved models as a table."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from src.storage.artefacts import artefact_size

if TYPE_CHECKING:
    import pandas as pd

SUMMARY_METRICS = ("accuracy", "auc", "recall", "precision", "f1", "kappa", "mcc", "r2", "mae", "rmse")
LOWER_IS_BETTER = ("mae", "mse", "rmse", "rmsle", "mape")
Order = Literal["newest", "oldest", "name", "type", "target", "score", "size"]
ORDERS: tuple[Order, ...] = get_args(Order)
"""What `find_models` can sort by; by score means by metric first, for scores of different metrics do not compare."""
SUMMARY_COLUMNS = (
    *("name", "model_type"),
    *SUMMARY_METRICS,
    *("target", "metric", "score"),
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
        unknown), ``size_bytes`` is NA where the file is missing. ``metric`` is what the model was chosen by, in lower
        case, and ``score`` its value; where that is not known, the first of `SUMMARY_METRICS` that it has.
    """
    import pandas as pd  # a second to import, and only tables need it

    rows = [_row(folder, name, entry, name not in untrusted) for name, entry in entries.items()]
    table = pd.DataFrame(rows, columns=list(SUMMARY_COLUMNS))
    table["saved_at"] = pd.to_datetime(table["saved_at"], utc=True, format="ISO8601", errors="coerce")
    kinds = dict.fromkeys((*SUMMARY_METRICS, "score"), "float64") | {
        "version": "int64",
        "size_bytes": "Int64",
        "trusted": "bool",
    }
    return table.astype(kinds)


def find_models(summary: pd.DataFrame, search: str = "", order: Order = "newest") -> pd.DataFrame:
    """Return the rows of a summary in which all the words are found, sorted.

    Parameters
    ----------
    summary : DataFrame
        As `summary_table` makes it.
    search : str
        Words with blanks between; each is looked for in name, type, target and notes, whatever its case or accents.
    order : str
        One of `ORDERS`.
    """
    words = _folded(search).split()
    if words:
        columns = (summary[column] for column in ("name", "model_type", "target", "description"))
        texts = (_folded("\n".join(cells)) for cells in zip(*columns, strict=True))
        summary = summary.iloc[[row for row, text in enumerate(texts) if all(word in text for word in words)]]
    return _sorted(summary, order)


def _sorted(found: pd.DataFrame, order: Order) -> pd.DataFrame:
    by_name = found.sort_values("name", key=lambda names: names.map(_folded), kind="stable")
    if order == "score":
        better = by_name["score"].where(~by_name["metric"].isin(LOWER_IS_BETTER), -by_name["score"])
        return (
            by_name.assign(better=better)
            .sort_values(["metric", "better"], ascending=[True, False], kind="stable")
            .drop(columns="better")
        )
    column, ascending = {
        "newest": ("saved_at", False),
        "oldest": ("saved_at", True),
        "name": ("name", True),
        "type": ("model_type", True),
        "target": ("target", True),
        "size": ("size_bytes", False),
    }[order]
    return by_name if column == "name" else by_name.sort_values(column, ascending=ascending, kind="stable")


def _folded(text: str) -> str:
    """Return a text without case and accents, as people search."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _row(folder: Path, name: str, entry: Mapping[str, Any], trusted: bool) -> dict[str, Any]:
    given = {key.lower(): value for key, value in entry["metadata"].items()}
    metric, score = _main_metric(given)
    return {
        "name": name,
        "model_type": str(given.get("model_type") or ""),
        **{metric: _number(given.get(metric)) for metric in SUMMARY_METRICS},
        "target": str(given.get("target") or ""),
        "metric": metric,
        "score": score,
        "saved_at": entry["saved_at"],
        "version": entry["version"],
        "size_bytes": artefact_size(folder / entry["path"]),
        "trusted": trusted,
        "description": str(given.get("description") or ""),
    }


def _main_metric(given: Mapping[str, Any]) -> tuple[str, float | None]:
    """Return the metric that a model was chosen by, or the first of the known ones that it has, and its value."""
    chosen = str(given.get("metric") or "").lower()
    for name in (chosen, *SUMMARY_METRICS):
        if (value := _number(given.get(name))) is not None:
            return name, value
    return "", None


def _number(value: object) -> float | None:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return None
    try:
        return float(value)
    except OverflowError:  # an integer of hundreds of digits in a registry from elsewhere
        return None
