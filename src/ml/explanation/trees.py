"""What each column contributes to the answer of a tree or a sum of trees: exact Shapley values, path-dependent.

The values are those of Lundberg et al. 2020 ("From local explanations to global understanding with explainable AI for
trees", Nature Machine Intelligence 2), the same as the library shap gives without background data; importing that
takes seconds and 100 MB. On the way to a leaf of value v each column has a share z, the part of the training rows that
its splits let through, and o = 1 where the row goes that way itself, else 0. Column j contributes

    v · (o_j − z_j) · ∫₀¹ ∏_{k≠j} (z_k (1 − t) + o_k t) dt,

for the weight of a coalition of s columns out of d is ∫ tˢ (1 − t)^(d−1−s) dt. The integrand is a polynomial, which
Gauss-Legendre quadrature integrates exactly with half as many places as there are columns. At each place the products
go down the trees and the sums over leaves come back up, level by level (compare Yu et al. 2022, "Linear TreeShap:
Interpretable and efficient tree ensemble explanation", NeurIPS).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.intp]


@dataclass(frozen=True)
class TreeSum:
    """Some trees whose answers are added up, with their nodes level by level.

    What belongs to a node is about the split above it. One more entry, the last, stands for no such split.

    Attributes
    ----------
    levels : tuple of slice
        Where the nodes of each depth lie; below the roots first those that go left, then those that go right.
    inner : tuple of arrays
        Which nodes of each level are split, counted within it.
    column : array, shape (n_nodes,)
        That the split above asks about.
    threshold : array, shape (n_nodes,)
    above : array, shape (n_nodes,)
        The nearest node above whose split asks about the same column.
    share : array, shape (n_nodes + 1,)
        Part of the training rows that all splits on that column so far let through.
    leaf : array, shape (n_leaves,)
    values : array, shape (n_leaves, n_outputs)
    base : array, shape (n_outputs,)
        The mean answer, each leaf weighted by its training rows.
    """

    levels: tuple[slice, ...]
    inner: tuple[Places, ...]
    column: Places
    threshold: Floats
    above: Places
    share: Floats
    leaf: Places
    values: Floats
    base: Floats

    def contributions(self, row: Floats, output: int) -> Floats:
        """Return what each column of a prepared row adds to the base.

        Parameters
        ----------
        row : array, shape (n_columns,)
        output : int
            Which of the outputs.
        """
        lets_through = self._lets_through(row)
        parts = np.zeros(len(row))
        depth = min(len(self.levels) - 1, len(row))
        for place, weight in zip(*_quadrature(depth), strict=True):
            factor = self.share * (1 - place)
            factor[lets_through] += place
            gain = (lets_through - self.share) / factor
            below = self._sums_over_leaves(factor, output)
            parts += weight * np.bincount(self.column, (gain[:-1] - gain[self.above]) * below, minlength=len(row))
        return parts

    def _lets_through(self, row: Floats) -> NDArray[np.bool_]:
        """Whether the row itself passes all splits on a node's column from the root down to it."""
        passes = np.ones(len(self.share), bool)
        passes[:-1] = row[self.column] <= self.threshold
        for level in self.levels[1:]:
            half = (level.start + level.stop) // 2
            passes[half : level.stop] ^= True
            passes[level] &= passes[self.above[level]]
        passes[self.levels[0]] = True
        return passes

    def _sums_over_leaves(self, factor: Floats, output: int) -> Floats:
        """The products of the factors on the way to each leaf, times its value, added up over the leaves of a node."""
        product = np.ones(len(self.column))
        change = factor[:-1] / factor[self.above]
        for upper, level, inner in zip(self.levels, self.levels[1:], self.inner, strict=False):
            from_above = product[upper][inner]
            np.multiply(change[level], np.concatenate([from_above, from_above]), out=product[level])
        sums = np.zeros(len(self.column))
        sums[self.leaf] = product[self.leaf] * self.values[:, output]
        for place in range(len(self.levels) - 1, 0, -1):
            left, right = np.split(sums[self.levels[place]], 2)
            sums[self.levels[place - 1]][self.inner[place - 1]] = left + right
        return sums


def _quadrature(columns: int) -> tuple[Floats, Floats]:
    """Places and weights on 0 to 1 that integrate a product over all but one of so many columns exactly."""
    if columns == 0:
        return np.zeros(0), np.zeros(0)
    places, weights = np.polynomial.legendre.leggauss((columns + 1) // 2)
    return (places + 1) / 2, weights / 2


def sum_of_trees(trees: Sequence[Any], values: Sequence[Floats]) -> TreeSum:
    """Lay out fitted scikit-learn trees.

    Parameters
    ----------
    trees : sequence of sklearn.tree._tree.Tree
        The attribute `tree_` of each.
    values : sequence of arrays, shape (n_nodes, n_outputs)
        What each node of each tree adds to the answer.
    """
    offsets = np.cumsum([0, *(tree.node_count for tree in trees)])
    left, right = (_joined(children, offsets) for children in _children(trees))
    order, levels, inner, parent = _by_level(offsets[:-1], left, right)
    split, threshold, cover = (
        np.concatenate([getattr(tree, name) for tree in trees])[order]
        for name in ("feature", "threshold", "weighted_n_node_samples")
    )
    column = np.where(parent < 0, 0, split[parent])
    ratio = np.where(parent < 0, 1.0, cover / cover[parent])
    above = _same_column_above(column, parent, levels[0].stop)
    share, reach = np.ones(len(order) + 1), np.ones(len(order))
    for level in levels[1:]:
        share[level] = ratio[level] * share[above[level]]
        reach[level] = ratio[level] * reach[parent[level]]
    leaf = np.flatnonzero(left[order] < 0)
    said = np.concatenate(values)[order[leaf]]
    return TreeSum(levels, inner, column, threshold[parent], above, share, leaf, said, np.asarray(reach[leaf] @ said))


def _children(trees: Sequence[Any]) -> tuple[list[Places], list[Places]]:
    return [tree.children_left for tree in trees], [tree.children_right for tree in trees]


def _joined(children: Sequence[Places], offsets: Places) -> Places:
    """Number the nodes of all trees one after the other; -1 where there is no child."""
    return np.concatenate(
        [np.where(part >= 0, part + start, -1) for part, start in zip(children, offsets, strict=False)]
    )


def _by_level(
    roots: Places, left: Places, right: Places
) -> tuple[Places, tuple[slice, ...], tuple[Places, ...], Places]:
    """The nodes in the order of their depth, where each level lies, which are split, and each one's parent there."""
    level, start = roots, 0
    order, levels, inner, parents = [], [], [], [np.full(len(roots), -1)]
    while len(level):
        order.append(level)
        levels.append(slice(start, start + len(level)))
        inner.append(np.flatnonzero(left[level] >= 0))
        parents.append(np.tile(inner[-1] + start, 2))
        start += len(level)
        nodes = level[inner[-1]]
        level = np.concatenate([left[nodes], right[nodes]])
    return np.concatenate(order), tuple(levels), tuple(inner), np.concatenate(parents)


def _same_column_above(column: Places, parent: Places, roots: int) -> Places:
    """Climb from all nodes at once until a split on the same column; the number of nodes stands for none."""
    above = np.full(len(column), len(column))
    nodes = np.arange(roots, len(column))
    place = parent[nodes]
    while len(nodes):
        inner = place >= roots
        nodes, place = nodes[inner], place[inner]
        same = column[place] == column[nodes]
        above[nodes[same]] = place[same]
        nodes, place = nodes[~same], parent[place[~same]]
    return above
