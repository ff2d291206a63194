"""The training cases that lie nearest to a row, and whether it lies further from them than they do from each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from src.ml.training_cases import TrainingCases

_ASKED = 300
"""Training cases whose own distance to their nearest neighbour is measured."""
_AT_ONCE = 20
NOVEL = 0.99
"""A row is novel if it lies further from its nearest case than this share of the cases do from theirs."""


@dataclass(frozen=True)
class Case:
    """A training case.

    Attributes
    ----------
    values : dict
        Its features.
    actual : object
        What it really was.
    answer : object
        What the model says of it.
    distance : float
        How far it lies from the row, in training standard deviations a feature (root mean square); a category that
        differs counts as one.
    """

    values: Mapping[str, Any]
    actual: Any
    answer: Any
    distance: float


class Neighbours:
    """Training cases, scaled so that distances over all their features can be told.

    Parameters
    ----------
    cases : TrainingCases
    """

    def __init__(self, cases: TrainingCases) -> None:
        self.cases = cases
        numbers = cases.features.select_dtypes("number")
        self._numeric = list(numbers.columns)
        self._others = [name for name in cases.features if name not in self._numeric]
        values = numbers.to_numpy(dtype=float)
        known = np.isfinite(values)
        count = np.maximum(known.sum(axis=0), 1)
        self._mean = np.where(known, values, 0.0).sum(axis=0) / count
        spread = np.sqrt((np.where(known, values - self._mean, 0.0) ** 2).sum(axis=0) / count)
        self._spread = np.where(spread > 0, spread, 1.0)
        self._scaled = self._scale(cases.features)
        self._codes = np.column_stack(
            [pd.factorize(cases.features[name], use_na_sentinel=False)[0] for name in self._others]
            or [np.zeros((len(values), 0), int)]
        )
        self.usual = self._usual_distance()

    def _scale(self, rows: pd.DataFrame) -> NDArray[np.float64]:
        scaled = (rows[self._numeric].to_numpy(dtype=float) - self._mean) / self._spread
        return np.where(np.isfinite(scaled), scaled, 0.0)  # a missing value is the mean, as for the model

    def _usual_distance(self) -> float:
        """The distance to the nearest other case that only a hundredth of the cases exceeds."""
        count = len(self._scaled)
        if count < 2:
            return np.inf
        asked = np.unique(np.linspace(0, count - 1, _ASKED).astype(int))
        nearest = []
        for start in range(0, len(asked), _AT_ONCE):
            some = asked[start : start + _AT_ONCE]
            distances = self._distances(self._scaled[some], self._codes[some])
            distances[np.arange(len(some)), some] = np.inf
            nearest.append(distances.min(axis=1))
        return float(np.quantile(np.concatenate(nearest), NOVEL))

    def _distances(self, scaled: NDArray[np.float64], codes: NDArray[Any]) -> NDArray[np.float64]:
        squares = (
            (scaled**2).sum(axis=1)[:, None] + (self._scaled**2).sum(axis=1)[None, :] - 2 * scaled @ self._scaled.T
        )
        for place in range(codes.shape[1]):
            squares += codes[:, place, None] != self._codes[None, :, place]
        return np.sqrt(np.maximum(squares, 0.0) / max(scaled.shape[1] + codes.shape[1], 1))

    def nearest(self, row: pd.DataFrame, count: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Return the places of the nearest cases, the nearest first, and their distances.

        Parameters
        ----------
        row : DataFrame, shape (1, n_features)
            As `as_model_input` returns it.
        """
        squares = ((self._scaled - self._scale(row)) ** 2).sum(axis=1)
        for name in self._others:
            squares += ~_same(self.cases.features[name], row[name].iloc[0])
        distances = np.sqrt(squares / max(self.cases.features.shape[1], 1))
        places = np.argsort(distances, kind="stable")[:count]
        return places, distances[places]


def _same(column: pd.Series, value: Any) -> NDArray[np.bool_]:
    same = column.isna() if pd.isna(value) else column == value
    return same.to_numpy(dtype=bool)
