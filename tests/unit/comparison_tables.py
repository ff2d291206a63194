"""A table for the tests of what a comparison does with its best."""

from __future__ import annotations

import numpy as np
import pandas as pd

FEATURES = ["heat", "shake"]


def machines(rows: int = 360) -> pd.DataFrame:
    """Six machines that report in turn; heat and shaking make them fail, and say how much they carry."""
    rng = np.random.default_rng(7)
    heat, shake = rng.normal(50, 5, rows), rng.normal(2, 0.4, rows)
    strain = heat + 4 * shake + rng.normal(0, 2, rows)
    return pd.DataFrame(
        {
            "timestamp": pd.date_range("2026-01-01", periods=rows, freq="10min", tz="UTC"),
            "machine": np.tile(list("abcdef"), rows // 6),
            "heat": heat,
            "shake": shake,
            "noise": rng.normal(0, 1, rows),
            "state": np.where(strain > 60, "failure", "normal"),
            "three": np.select([strain > 62, strain > 57], ["failure", "warning"], "normal"),
            "load": 2.5 * heat - shake + rng.normal(0, 0.1, rows),
        }
    )
