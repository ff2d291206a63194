"""From which probability on to decide for a class, when the two ways to be wrong do not cost the same."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from src.errors import InvalidComparison

MOST_THRESHOLDS = 200
_EVEN_STEPS = 100
PER_ROWS = 1_000
LARGEST_COST = 1e12


@dataclass(frozen=True)
class ThresholdCounts:
    """What a classifier of two classes would have decided on the holdout, at each of many thresholds.

    Attributes
    ----------
    label : str
        The positive class: a row is given it where its probability is at least the threshold.
    positives, negatives : int
        Rows that are of that class, and rows that are not.
    thresholds : list of float
        Ascending, at most 200, from 0 to 1: hundredths, and between them where the probabilities lie close together.
    true_positives, false_positives : list of int
        Rows rightly and wrongly given the class, at each threshold.
    """

    label: str
    positives: int
    negatives: int
    thresholds: list[float]
    true_positives: list[int]
    false_positives: list[int]

    @property
    def rows(self) -> int:
        """Number of rows in the holdout."""
        return self.positives + self.negatives

    def nearest(self, threshold: float) -> int:
        """Return the position of the threshold that is nearest to this one."""
        return int(np.argmin(np.abs(np.array(self.thresholds) - threshold)))

    def costs(self, false_alarm: float, missed: float) -> NDArray[np.float64]:
        """Return the expected cost of 1,000 rows like these, at each threshold.

        Parameters
        ----------
        false_alarm, missed : float
            Cost of a row wrongly given the class, and of one wrongly not given it, in any unit.

        Raises
        ------
        InvalidComparison
            A cost is negative or beyond reason, or both are 0.
        """
        _check_costs(false_alarm, missed)
        wrong = false_alarm * np.array(self.false_positives, dtype=float)
        overlooked = missed * (self.positives - np.array(self.true_positives, dtype=float))
        return (wrong + overlooked) / self.rows * PER_ROWS

    def cheapest(self, false_alarm: float, missed: float) -> int:
        """Return the position of the threshold with the least cost; of several next to each other the middle one."""
        costs = self.costs(false_alarm, missed)
        least = np.flatnonzero(np.isclose(costs, costs.min(), rtol=1e-9, atol=0.0))
        first = least[0]
        together = least[least - first == np.arange(len(least))]
        return int(together[(len(together) - 1) // 2])


@dataclass(frozen=True)
class Decisions:
    """The decisions at one threshold: numbers of rows, and what follows from them (None where it is not defined)."""

    threshold: float
    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int

    @property
    def metrics(self) -> dict[str, float | None]:
        """Accuracy, and recall, precision and F1 of the positive class."""
        right, wrong = self.true_positives, self.false_positives
        missed, left = self.false_negatives, self.true_negatives
        return {
            "Accuracy": _share(right + left, right + left + wrong + missed),
            "Recall": _share(right, right + missed),
            "Precision": _share(right, right + wrong),
            "F1": _share(2 * right, 2 * right + wrong + missed),
        }

    @property
    def agreement(self) -> dict[str, float | None]:
        """Kappa (Cohen) and MCC (Matthews), which are the same whichever class is the positive one."""
        right, wrong = self.true_positives, self.false_positives
        missed, left = self.false_negatives, self.true_negatives
        apart = right * left - wrong * missed
        chance = (right + wrong) * (wrong + left) + (right + missed) * (missed + left)
        size = math.sqrt((right + wrong) * (right + missed) * (left + wrong) * (left + missed))
        return {"Kappa": _share(2 * apart, chance), "MCC": apart / size if size else 0.0}

    @property
    def table(self) -> list[list[int]]:
        """Confusion matrix, the positive class last: rows are actual classes, columns decisions."""
        return [[self.true_negatives, self.false_positives], [self.false_negatives, self.true_positives]]

    def of_the_other(self) -> Decisions:
        """Return the same decisions with the other class as the positive one; the threshold stays."""
        return Decisions(
            self.threshold, self.true_negatives, self.false_negatives, self.false_positives, self.true_positives
        )

    @property
    def false_positive_rate(self) -> float | None:
        """Share of the rows that are not of the class, and are given it."""
        return _share(self.false_positives, self.false_positives + self.true_negatives)


def decisions_at(counts: ThresholdCounts, place: int) -> Decisions:
    """Return what is decided at the threshold in this place of the list."""
    right, wrong = counts.true_positives[place], counts.false_positives[place]
    return Decisions(counts.thresholds[place], right, wrong, counts.positives - right, counts.negatives - wrong)


def threshold_counts(
    actual: NDArray[Any], probabilities: NDArray[np.float64], classes: NDArray[Any]
) -> list[ThresholdCounts]:
    """Count right and wrong decisions at many thresholds, with each of two classes as the positive one.

    Parameters
    ----------
    actual : array, shape (n_rows,)
        Class labels.
    probabilities : array, shape (n_rows, n_classes)
        In the order of `classes`.
    classes : array, shape (n_classes,)
        All classes, sorted. With more than two there is no such threshold, and the list is empty.
    """
    if len(classes) != 2:
        return []
    return [_counts(actual == label, probabilities[:, i], str(label)) for i, label in enumerate(classes)]


def rarer_class(counts: list[ThresholdCounts]) -> str:
    """Return the class that people most likely look for: the rarer one, or the second of two that are as frequent."""
    first, second = counts
    return first.label if first.positives < second.positives else second.label


def _check_costs(false_alarm: float, missed: float) -> None:
    for cost in (false_alarm, missed):
        if not 0 <= cost <= LARGEST_COST:  # also true of NaN
            raise InvalidComparison(
                "A cost is {cost:g}; it must be between 0 and {largest:g}.", cost=cost, largest=LARGEST_COST
            )
    if false_alarm == missed == 0:
        raise InvalidComparison("Both costs are 0, so that every threshold is as good. Type at least one.")


def _counts(is_positive: NDArray[np.bool_], probability: NDArray[np.float64], label: str) -> ThresholdCounts:
    thresholds = _thresholds(probability)
    given, wanted = np.sort(probability), np.sort(probability[is_positive])
    above = len(given) - np.searchsorted(given, thresholds, side="left")
    right = len(wanted) - np.searchsorted(wanted, thresholds, side="left")
    return ThresholdCounts(
        label,
        int(is_positive.sum()),
        int((~is_positive).sum()),
        thresholds.tolist(),
        right.tolist(),
        (above - right).tolist(),
    )


def _thresholds(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """Hundredths, and quantiles: of a rare class all that matters may lie below the first hundredth."""
    even = np.arange(_EVEN_STEPS + 1) / _EVEN_STEPS
    between = np.quantile(probability, np.linspace(0, 1, MOST_THRESHOLDS - len(even)))
    # As many digits as a person reads, so that the counts are those of the threshold that is shown.
    rounded = np.array([float(f"{value:.3g}") for value in between])
    return np.unique(np.concatenate([even, np.clip(rounded, 0.0, 1.0)]))


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
