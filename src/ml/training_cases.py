"""The training rows that are kept with a model, so that an answer can be shown beside the cases it was learned from."""

from __future__ import annotations

import base64
import binascii
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from src.errors import ModelCorrupt

MOST_CELLS = 200_000
"""So much of a training table is kept; of a larger one, evenly picked rows."""
KEY = "training_cases"
_TARGET = "target"


@dataclass(frozen=True)
class TrainingCases:
    """Rows of a training table.

    Attributes
    ----------
    features : DataFrame, shape (n_cases, n_features)
        As `as_model_input` returns it, numbers with the seven digits that a model sees.
    target : array, shape (n_cases,)
        What each really was: a label, or a value in the target's unit.
    """

    features: pd.DataFrame
    target: NDArray[Any]


def pack_cases(features: pd.DataFrame, target: NDArray[Any]) -> bytes:
    """Put the rows of a training table, or evenly picked ones of a large one, into a small Parquet file.

    Parameters
    ----------
    features : DataFrame, shape (n_rows, n_features)
        As `as_model_input` returns it.
    target : array, shape (n_rows,)
    """
    most = max(MOST_CELLS // (features.shape[1] + 1), 1)
    if len(features) > most:
        picked = np.linspace(0, len(features) - 1, most).astype(int)
        features, target = features.iloc[picked], target[picked]
    # By position: the names are in the signature, and one of them may be that of the target.
    columns = {str(place): _compact(features.iloc[:, place]) for place in range(features.shape[1])}
    buffer = io.BytesIO()
    pd.DataFrame({**columns, _TARGET: np.asarray(target)}).to_parquet(buffer, index=False, compression="zstd")
    return buffer.getvalue()


def _compact(column: pd.Series) -> Any:
    return column.to_numpy(dtype=np.float32) if pd.api.types.is_numeric_dtype(column) else column.to_numpy()


def cases_as_details(packed: bytes) -> dict[str, Any]:
    """Return packed cases as they lie in the details of a saved model."""
    return {KEY: base64.b64encode(packed).decode()} if packed else {}


def cases_of(details: Mapping[str, Any], names: list[str]) -> TrainingCases | None:
    """Return the training rows kept with a model; None for one that was saved without.

    Parameters
    ----------
    details : mapping
        Of the saved model.
    names : list of str
        Its features, in order.

    Raises
    ------
    ModelCorrupt
        They cannot be read, or belong to other features.
    """
    packed = details.get(KEY)
    if packed is None:
        return None
    try:
        table = pd.read_parquet(io.BytesIO(base64.b64decode(packed, validate=True)))
        target = table.pop(_TARGET).to_numpy()
        features = table.set_axis(names, axis="columns")
    except (TypeError, ValueError, KeyError, OSError, binascii.Error) as error:  # pyarrow's errors are among these
        raise ModelCorrupt(
            "The training rows kept with the model cannot be read ({reason}). Train it anew to see what lies near.",
            reason=next(iter(str(error).strip().splitlines()), type(error).__name__),
        ) from error
    numeric = features.select_dtypes("number").columns
    return TrainingCases(features.astype(dict.fromkeys(numeric, np.float64)), target)
