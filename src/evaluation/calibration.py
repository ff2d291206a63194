"""Whether probabilities mean what they say: of the rows given 30 %, are 30 % of that class?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

BINS = 10


@dataclass(frozen=True)
class Calibration:
    """Reliability of one class's probability (Murphy & Winkler 1977), in ten bins of equal width that have rows.

    Attributes
    ----------
    label : str
        The class, against the rest.
    predicted, observed : list of float
        Mean probability of the rows in each bin, and the share of them that is of the class.
    rows : list of int
        Number of rows in each bin.
    brier : float
        Mean squared difference of probability and truth for this class, 0 (best) to 1.
    """

    label: str
    predicted: list[float]
    observed: list[float]
    rows: list[int]
    brier: float


def calibrations(actual: NDArray[Any], probabilities: NDArray[np.float64], classes: NDArray[Any]) -> list[Calibration]:
    """Compare probabilities with what was the case, each class against the rest.

    Parameters
    ----------
    actual : array, shape (n_rows,)
        Class labels.
    probabilities : array, shape (n_rows, n_classes)
        In the order of `classes`.
    classes : array, shape (n_classes,)
        All classes, sorted.
    """
    return [_calibration(actual == label, probabilities[:, i], str(label)) for i, label in enumerate(classes)]


def brier_score(actual: NDArray[Any], probabilities: NDArray[np.float64], classes: NDArray[Any]) -> float:
    """Return the Brier score: 0 is perfect, and lower is better.

    With two classes, the mean over rows of (p − y)² for one of them, 0 to 1: what scikit-learn's `brier_score_loss`
    gives. With more, the mean over rows of the sum over classes of (p − y)², 0 to 2: the definition of Brier,
    "Verification of forecasts expressed in terms of probability", Monthly Weather Review 78 (1950).
    """
    truth = actual[:, None] == classes[None, :]
    squared = ((probabilities - truth) ** 2).sum(axis=1)
    return float(squared.mean() / (2 if len(classes) == 2 else 1))


def _calibration(is_class: NDArray[np.bool_], probability: NDArray[np.float64], label: str) -> Calibration:
    bins = np.minimum((probability * BINS).astype(int), BINS - 1)
    filled = [bins == number for number in np.unique(bins)]
    return Calibration(
        label,
        [round(float(probability[rows].mean()), 5) for rows in filled],
        [round(float(is_class[rows].mean()), 5) for rows in filled],
        [int(rows.sum()) for rows in filled],
        float(np.mean((probability - is_class) ** 2)),
    )
