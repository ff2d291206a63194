"""Contributions estimated by asking the model, for those whose answer cannot be taken apart.

Shapley values against training rows by walks in random order (Štrumbelj & Kononenko 2014, "Explaining prediction models
and individual predictions with feature contributions", Knowledge and Information Systems 41): one feature after the
other takes its value, and what the answer changes by is credited to it. Each order is walked in reverse as well, which
takes most of the noise out. On each walk the changes add up to answer minus start, so the sum is exact.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

ROWS = 2_000
"""Rows that the model is asked, give or take a walk."""
FEWEST_WALKS = 20

Answers = Callable[[pd.DataFrame], NDArray[np.float64]]


def sampled_contributions(
    answers: Answers, row: pd.DataFrame, background: pd.DataFrame, seed: int = 0
) -> tuple[float, NDArray[np.float64]]:
    """Estimate what each feature of a row adds to the mean answer over training rows.

    Parameters
    ----------
    answers : callable
        From a table as `as_model_input` returns it to one number a row.
    row : DataFrame, shape (1, n_features)
    background : DataFrame, shape (n_cases, n_features)
        Training rows that the walks start from.

    Returns
    -------
    base : float
        Mean answer over the rows that the walks began at.
    contributions : array, shape (n_features,)
        base + their sum is the model's answer to the row.
    """
    features = row.shape[1]
    walks = max(ROWS // (features + 1), FEWEST_WALKS) // 2 * 2
    rng = np.random.default_rng(seed)
    places = np.linspace(0, len(background) - 1, walks // 2).astype(int).repeat(2)
    turns = np.array([rng.permutation(features) for _ in range(walks // 2)]).reshape(-1, features)
    orders = np.stack([turns, turns[:, ::-1]], axis=1).reshape(walks, features)
    # Step s of a walk has the row's values for the first s features of its order.
    rank = np.argsort(orders, axis=1)
    taken = rank[:, None, :] < np.arange(features + 1)[None, :, None]
    steps = _mixed(row, background.iloc[places], taken)
    said = answers(steps).reshape(walks, features + 1)
    gains = np.diff(said, axis=1)
    contributions = np.zeros((walks, features))
    np.put_along_axis(contributions, orders, gains, axis=1)
    return float(said[:, 0].mean()), contributions.mean(axis=0)


def _mixed(row: pd.DataFrame, starts: pd.DataFrame, taken: NDArray[np.bool_]) -> pd.DataFrame:
    steps = taken.shape[1]
    columns: dict[Any, Any] = {}
    for place, name in enumerate(row.columns):
        own: Any = row.iloc[0, place]
        columns[name] = np.where(taken[:, :, place].ravel(), own, np.repeat(starts.iloc[:, place].to_numpy(), steps))
    return pd.DataFrame(columns)
