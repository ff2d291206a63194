"""Local Outlier Factor: how much sparser a point's surroundings are than those of its neighbours.

Breunig, Kriegel, Ng & Sander, "LOF: Identifying Density-Based Local Outliers" (SIGMOD 2000), as novelty detection:
scikit-learn's, which is the yardstick in the tests, without the time it takes to check one row.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.spatial import cKDTree

_NO_DISTANCE = 1e-10
"""Keeps densities finite where neighbours coincide, as scikit-learn has it."""


class LocalOutlierFactor:
    """Rows that are known, with the density around each.

    Parameters
    ----------
    rows : ndarray of float, shape (n, columns)
        At least three, finite.
    neighbours : int
        How many neighbours tell the density; fewer where there are fewer rows.

    Attributes
    ----------
    own_scores : ndarray of float64, shape (n,)
        The factor of each row among the others.
    """

    def __init__(self, rows: np.ndarray, neighbours: int = 20) -> None:
        self._rows = np.asarray(rows, dtype=np.float32)
        self._neighbours = min(neighbours, len(rows) - 1)
        self._tree = cKDTree(self._rows)
        distances, places = self._tree.query(self._rows, k=self._neighbours + 1)
        distances, places = _without_itself(distances, places)
        self._reach = distances[:, -1].astype(np.float32)
        self._densities = self._density(distances, places).astype(np.float32)
        self.own_scores = self._factor(distances, places)

    def scores(self, rows: np.ndarray) -> np.ndarray:
        """Return the factor of rows that are not among the known ones: about 1 where they are like their neighbours.

        Parameters
        ----------
        rows : ndarray of float, shape (m, columns)

        Returns
        -------
        ndarray of float64, shape (m,)
        """
        rows = np.asarray(rows, dtype=np.float32)
        distances, places = self._tree.query(rows, k=np.arange(1, self._neighbours + 1))
        return self._factor(distances, places)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is made again in a moment."""
        return {name: value for name, value in self.__dict__.items() if name not in ("_tree", "own_scores")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._tree = cKDTree(self._rows)

    def _density(self, distances: np.ndarray, places: np.ndarray) -> np.ndarray:
        return 1.0 / (np.maximum(distances, self._reach[places]).mean(axis=1) + _NO_DISTANCE)

    def _factor(self, distances: np.ndarray, places: np.ndarray) -> np.ndarray:
        return self._densities[places].astype(float).mean(axis=1) / self._density(distances, places)


def _without_itself(distances: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Take each row out of its own neighbours; among equal rows it need not be the first."""
    itself = places == np.arange(len(places))[:, None]
    itself[~itself.any(axis=1), -1] = True
    kept = (len(places), places.shape[1] - 1)
    return distances[~itself].reshape(kept), places[~itself].reshape(kept)
