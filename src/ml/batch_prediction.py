"""Predict many rows: a file in, the same file with the answers out, in memory that does not grow with it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from src.errors import InvalidPredictionInput
from src.ml.batch_columns import check_names, model_columns
from src.ml.prediction import predict_rows
from src.ml.saved_models import LoadedModel
from src.ml.signature import Signature
from src.ml.table_writing import writing_table
from src.notes import Note
from src.tables.layout import ragged
from src.tables.limits import TableLimits
from src.tables.streaming import CHUNK_ROWS, Chunk, TableStream, open_table

PREDICTION = "prediction"
PREVIEW_ROWS = 20
Progress = Callable[[float, int], None]
"""Called with the share of the file that is done, and the rows so far."""


@dataclass(frozen=True)
class BatchReport:
    """What predicting a file came to.

    Attributes
    ----------
    added : tuple of str
        The columns that were added.
    extra : tuple of str
        The columns that the model does not take; they are kept.
    missing, outside : dict
        By feature, how many values were missing and filled in as in training, and how many were unlike training.
    outcomes : dict
        By class, how often it was the answer; for values ``lowest``, ``mean`` and ``highest``.
    """

    rows: int
    added: tuple[str, ...]
    extra: tuple[str, ...]
    missing: dict[str, int]
    outside: dict[str, int]
    outcomes: dict[str, float]
    notes: tuple[Note, ...]
    seconds: float

    @property
    def remarks(self) -> tuple[Note, ...]:
        """What a reader should know of it."""
        found = list(self.notes)
        if self.extra:
            found.append(
                Note("Kept, though the model does not take them: {columns}.", {"columns": ", ".join(self.extra)})
            )
        for name, count in self.missing.items():
            found.append(
                Note("{name}: {count:,} missing values are filled in as in training.", {"name": name, "count": count})
            )
        for name, count in self.outside.items():
            found.append(
                Note("{name}: {count:,} values are unlike those seen in training.", {"name": name, "count": count})
            )
        return tuple(found)


def predict_file(
    saved: LoadedModel,
    source: Path | bytes,
    name: str,
    out: Path,
    *,
    limits: TableLimits | None = None,
    on_progress: Progress | None = None,
) -> BatchReport:
    """Predict each row of a file and write the file with the answers.

    The input columns are kept, in their order; ``prediction`` is added, and, where the model gives probabilities, a
    column ``probability_<class>`` each. In CSV cells stay as they are written (see `writing_table` for formulas);
    Parquet made of text gets the model's numbers as numbers.

    Parameters
    ----------
    saved : LoadedModel
    source : Path or bytes
        CSV, CSV.gz or Parquet; its name says which.
    out : Path
        Its ending says what is written. An existing file is replaced; see `check_place`.

    Raises
    ------
    InvalidTable
        The file cannot be read beyond doubt, or a cell is not of its column's type: named with its row.
    InvalidPredictionInput
        Columns are missing, or have the names of those to be added; or the model refuses the values.
    FileNotWritten
        The output cannot be written. Nothing is left of it.
    """
    started = time.perf_counter()
    with closing(open_table(source, name, limits)) as table:
        added = added_columns(saved, table.columns)
        tally, is_typed = _Tally(saved.signature), out.name.lower().endswith(".parquet")
        with writing_table(out, [*table.columns, *added]) as writer:
            for chunk in table.chunks(CHUNK_ROWS):
                rows, answers = _answers(saved, table.columns, chunk, tally)
                kept = _typed(chunk.cells, table.columns, rows, saved.signature) if is_typed else chunk.cells
                writer.write([*kept, *answers])
                if on_progress is not None:
                    on_progress(min(table.share_read(), 1.0), tally.rows)
        return tally.report(added, table, time.perf_counter() - started)


def preview_file(
    saved: LoadedModel, source: Path | bytes, name: str, limits: TableLimits | None = None
) -> pd.DataFrame:
    """Predict the first rows of a file: does it fit the model?

    Returns
    -------
    DataFrame
        Up to `PREVIEW_ROWS` rows as `predict_file` would write them. Raises what it raises.
    """
    with closing(open_table(source, name, limits)) as table:
        added = added_columns(saved, table.columns)
        chunk = next(iter(table.chunks(PREVIEW_ROWS)))
        _, answers = _answers(saved, table.columns, chunk, _Tally(saved.signature))
        cells = [column.to_pandas() for column in (*chunk.cells, *answers)]
        return pd.DataFrame(dict(zip([*table.columns, *added], cells, strict=True)))


def added_columns(saved: LoadedModel, columns: Sequence[str]) -> tuple[str, ...]:
    """Check the columns of a file against a model's signature, and name those that will be added.

    Raises
    ------
    InvalidPredictionInput
        Columns are missing, or have the names of those to be added.
    """
    check_names(saved.signature, columns)
    labels = _labels(saved) if hasattr(saved.model, "predict_proba") else []
    added = (PREDICTION, *(f"probability_{label}" for label in labels))
    for column in added:
        if column in columns:
            raise InvalidPredictionInput(
                "The file has a column {column!r} already, which is where the answers go. Rename it first.",
                column=column,
            )
    return added


def _labels(saved: LoadedModel) -> list[str]:
    known = list(saved.model.classes_)
    classes = saved.signature.classes if len(saved.signature.classes) == len(known) else known
    return [str(label) for label in classes]


def _answers(
    saved: LoadedModel, columns: Sequence[str], chunk: Chunk, tally: _Tally
) -> tuple[pd.DataFrame, list[pa.Array]]:
    """What the model takes of some rows, and the columns that it adds."""
    if chunk.ragged:
        line, cells = chunk.ragged[0]
        raise ragged(line, cells, len(columns))
    rows = model_columns(saved.signature, columns, chunk)
    outcomes, probabilities = predict_rows(saved.model, saved.signature, rows)
    tally.count(rows, outcomes)
    is_value = saved.signature.task == "regression"
    answers = [pa.array(np.asarray(outcomes, float) if is_value else outcomes)]
    if probabilities is not None:
        answers += [pa.array(probabilities.iloc[:, place].to_numpy()) for place in range(probabilities.shape[1])]
    return rows, answers


def _typed(cells: list[pa.Array], columns: Sequence[str], rows: pd.DataFrame, signature: Signature) -> list[pa.Array]:
    """The cells with the model's numbers as numbers where the file had them as text: Parquet has types for them."""
    numbers = {feature.name for feature in signature.features if feature.type == "number"}
    return [
        pa.array(rows[name], from_pandas=True) if name in numbers and pa.types.is_string(column.type) else column
        for name, column in zip(columns, cells, strict=True)
    ]


class _Tally:
    """What was seen so far."""

    def __init__(self, signature: Signature) -> None:
        self._signature = signature
        self.rows = 0
        self._missing: Counter[str] = Counter()
        self._outside: Counter[str] = Counter()
        self._classes: Counter[str] = Counter()
        self._sum, self._lowest, self._highest = 0.0, np.inf, -np.inf

    def count(self, rows: pd.DataFrame, outcomes: np.ndarray[Any, Any]) -> None:
        """Take some more rows in."""
        self.rows += len(rows)
        for feature in self._signature.features:
            column = rows[feature.name]
            known = column.notna()
            self._missing[feature.name] += int((~known).sum())
            if feature.type == "category":
                unlike = known & ~column.isin(feature.categories) if feature.categories else ~known & False
            elif feature.minimum is None or feature.maximum is None:
                continue
            else:
                unlike = (column < feature.minimum) | (column > feature.maximum)
            self._outside[feature.name] += int(unlike.sum())
        if self._signature.task == "classification":
            self._classes.update(map(str, outcomes.tolist()))
            return
        self._sum += float(outcomes.sum())
        self._lowest = min(self._lowest, float(outcomes.min()))
        self._highest = max(self._highest, float(outcomes.max()))

    def report(self, added: tuple[str, ...], table: TableStream, seconds: float) -> BatchReport:
        """Say what it all came to."""
        is_class = self._signature.task == "classification"
        values = {"lowest": self._lowest, "mean": self._sum / self.rows, "highest": self._highest}
        return BatchReport(
            self.rows,
            added,
            tuple(column for column in table.columns if column not in self._signature.names),
            {name: count for name, count in self._missing.items() if count},
            {name: count for name, count in self._outside.items() if count},
            dict(self._classes.most_common()) if is_class else values,
            tuple(table.notes),
            seconds,
        )
