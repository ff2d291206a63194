"""From a row of values to the columns that an estimator sees, and back from these to the features."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_COLUMN_BY_COLUMN = {"StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler"}


@dataclass(frozen=True)
class PreparedColumns:
    """What a pipeline's estimator sees of a table.

    Attributes
    ----------
    estimator : object
        The last step.
    prepare : callable
        Turns a table as `as_model_input` returns it into an array, shape (n_rows, n_columns).
    feature : array, shape (n_columns,)
        Place of the feature that each column belongs to: a category has several columns.
    """

    estimator: Any
    prepare: Callable[[pd.DataFrame], NDArray[Any]]
    feature: NDArray[np.intp]


def prepared_columns(model: Any, features: int) -> PreparedColumns | None:
    """Tell which columns of a model's estimator belong to which feature; None where that cannot be known.

    Parameters
    ----------
    model : estimator or sklearn.pipeline.Pipeline
    features : int
        How many features the model takes.
    """
    steps = [step for _, step in getattr(model, "steps", [])]
    if not steps:
        return PreparedColumns(model, _as_array, np.arange(features))
    first, estimator = steps[:-1], steps[-1]
    places: NDArray[np.intp] | None
    if all(type(step).__name__ in _COLUMN_BY_COLUMN for step in first):
        places = np.arange(features)
    elif len(first) == 1 and hasattr(first[0], "transformers_"):
        places = _places(first[0])
    else:
        return None

    def prepare(rows: pd.DataFrame) -> NDArray[Any]:
        prepared: Any = rows if hasattr(model, "feature_names_in_") else rows.to_numpy()
        for step in first:
            prepared = step.transform(prepared)
        return np.asarray(prepared)

    return None if places is None else PreparedColumns(estimator, prepare, places)


def _as_array(rows: pd.DataFrame) -> NDArray[Any]:
    return rows.to_numpy()


def _places(preparation: Any) -> NDArray[np.intp] | None:
    """The places for the step that `make_preparation` makes; None for another."""
    places: list[int] = []
    for name, part, chosen in preparation.transformers_:
        if name == "numbers":
            places += chosen
        elif name == "categories" and hasattr(part, "categories_"):
            places += [place for place, known in zip(chosen, part.categories_, strict=True) for _ in known]
        else:
            return None
    return np.array(places)
