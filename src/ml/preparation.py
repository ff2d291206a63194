"""The preparation step of every saved pipeline: scikit-learn classes only, columns by position."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd


def make_preparation(features: pd.DataFrame) -> Any:
    """Make the unfitted step that turns a table of features into the numbers an estimator takes.

    Numbers become float32 (as in PyCaret, so that scores agree with it) with the training mean where one is missing;
    categories become one column each, a missing value being a category of its own, an unknown one none.
    Columns are addressed by position, so that the step takes lists of lists as well as frames.

    Parameters
    ----------
    features : DataFrame
        As `as_model_input` returns it.

    Returns
    -------
    sklearn.compose.ColumnTransformer
    """
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

    numeric = [i for i, dtype in enumerate(features.dtypes) if pd.api.types.is_numeric_dtype(dtype)]
    others = [i for i in range(features.shape[1]) if i not in numeric]
    as_numbers = FunctionTransformer(np.asarray, kw_args={"dtype": "float32"}, feature_names_out="one-to-one")
    parts: list[tuple[str, Any, list[int]]] = []
    if numeric:
        parts.append(("numbers", Pipeline([("as_numbers", as_numbers), ("impute", SimpleImputer())]), numeric))
    if others:
        encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False, dtype=np.float32)
        parts.append(("categories", encoder, others))
    return ColumnTransformer(parts)
