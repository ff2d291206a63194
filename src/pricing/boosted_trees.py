"""Boosted trees as plain arrays, so that those of hundreds of products are loaded and asked together.

The trees of all products go down one level at a time, together. Beside LightGBM's own `predict`, called product by
product in one thread, that takes half the time; loading the arrays takes a thirtieth of that of its text format, and a
process that forecasts need not import the library.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from lightgbm import Booster

_DEFAULT_LEFT, _MISSING_IS_NAN = 2, 8  # bits of LightGBM's `decision_type`
_READ = (
    "num_leaves",
    "split_feature",
    "threshold",
    "decision_type",
    "left_child",
    "right_child",
    "leaf_value",
)

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class BoostedTrees:
    """The trees of one booster, or of several.

    Nodes of all trees stand one after another. A leaf leads to itself, so that a row may wait in it while others go on.

    Attributes
    ----------
    roots : ndarray of int32, shape (n_boosters, n_trees)
        Where each tree begins; boosters with fewer trees have some that add nothing.
    feature, left, right : ndarray of int32, shape (n_nodes,)
        What a node looks at, and where it leads to: left where the feature is at most the threshold.
    threshold, value : ndarray of float64, shape (n_nodes,)
        `value` is what a leaf adds.
    missing_left : ndarray of bool, shape (n_nodes,)
        Where a row without the feature goes.
    contributions : ndarray of float64, shape (n_features,), optional
        The mean size of each feature's SHAP value on the rows that were learnt from, where that was asked for.
    """

    roots: NDArray[np.int32]
    feature: NDArray[np.int32]
    threshold: Floats
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    missing_left: NDArray[np.bool_]
    value: Floats
    contributions: Floats | None = None

    @staticmethod
    def of(booster: Booster) -> BoostedTrees:
        """Read a booster's trees; of numbers only, without categories."""
        facts = _facts(booster.model_to_string())
        leaves = facts["num_leaves"].astype(int)
        inner = leaves - 1
        first_inner, first_leaf = np.cumsum(inner) - inner, inner.sum() + np.cumsum(leaves) - leaves
        tree = np.repeat(np.arange(len(leaves)), inner)
        own = np.arange(inner.sum(), inner.sum() + leaves.sum())
        links = (facts[f"{side}_child"].astype(int) for side in ("left", "right"))
        left, right = (
            np.concatenate([np.where(link < 0, first_leaf[tree] + ~link, first_inner[tree] + link), own])
            for link in links
        )
        kinds, threshold = facts["decision_type"].astype(int), facts["threshold"]
        # Where LightGBM has seen no missing value in training, it takes one for 0.
        missing_left = np.where(kinds & _MISSING_IS_NAN, (kinds & _DEFAULT_LEFT) > 0, threshold >= 0)
        of_leaves = np.zeros(len(own))
        return BoostedTrees(
            roots=np.where(inner > 0, first_inner, first_leaf).astype(np.int32)[None],
            feature=np.concatenate([facts["split_feature"], of_leaves]).astype(np.int32),
            threshold=np.concatenate([threshold, of_leaves]),
            left=left.astype(np.int32),
            right=right.astype(np.int32),
            missing_left=np.concatenate([missing_left, of_leaves]).astype(bool),
            value=np.concatenate([np.zeros(inner.sum()), facts["leaf_value"]]),
        )

    @staticmethod
    def stacked(models: Sequence[BoostedTrees]) -> BoostedTrees:
        """Put the trees of several models side by side."""
        most = max(model.roots.shape[1] for model in models)
        starts = np.cumsum([1, *(len(model.value) for model in models)])[:-1]  # node 0 is a leaf that adds nothing
        roots = np.zeros((len(models), most), dtype=np.int32)
        for row, model, start in zip(roots, models, starts, strict=True):
            row[: model.roots.shape[1]] = model.roots[0] + start

        def joined(name: str, of_nothing: float) -> np.ndarray:
            return np.concatenate([[of_nothing], *(getattr(model, name) for model in models)])

        def linked(name: str) -> NDArray[np.int32]:
            moved = (getattr(model, name) + start for model, start in zip(models, starts, strict=True))
            return np.concatenate([[0], *moved]).astype(np.int32)

        return BoostedTrees(
            roots=roots,
            feature=joined("feature", 0).astype(np.int32),
            threshold=joined("threshold", np.inf),
            left=linked("left"),
            right=linked("right"),
            missing_left=joined("missing_left", True).astype(bool),
            value=joined("value", 0.0),
        )

    def predict(self, rows: Floats) -> Floats:
        """Ask each booster for its own rows.

        Parameters
        ----------
        rows : array of float64, shape (n_boosters, n_rows, n_features)
            NaN where a feature is missing.

        Returns
        -------
        ndarray of float64, shape (n_boosters, n_rows)
        """
        boosters, count, width = rows.shape
        values = rows.ravel()
        nodes = np.repeat(self.roots[:, None, :], count, axis=1).ravel()
        offsets = np.repeat(np.arange(boosters * count, dtype=np.int32) * width, self.roots.shape[1])
        under_way = np.flatnonzero(self.left[nodes] != nodes)
        while len(under_way):
            at = nodes[under_way]
            seen = values[offsets[under_way] + self.feature[at]]
            goes_left = (seen <= self.threshold[at]) | (np.isnan(seen) & self.missing_left[at])
            reached = np.where(goes_left, self.left[at], self.right[at])
            nodes[under_way] = reached
            under_way = under_way[self.left[reached] != reached]
        return self.value[nodes].reshape(boosters, count, -1).sum(axis=2)


def _facts(text: str) -> dict[str, Floats]:
    """What LightGBM's text format says of its trees, by name: the numbers of all trees, one after another."""
    found: dict[str, list[str]] = {name: [] for name in _READ}
    for line in text.splitlines():
        name, _, numbers = line.partition("=")
        if name in found:
            found[name].append(numbers)
    return {name: np.array(" ".join(lines).split(), dtype=float) for name, lines in found.items()}
