"""How rows are held out: by time, at random, or by group, each with its reason."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from src.dashboard.locale import _
from src.ml.comparison_plan import time_column
from src.tables.profile import ColumnProfile, TableProfile

MOST_NUMBERED_GROUPS = 1_000


def choose_split(frame: pd.DataFrame, profile: TableProfile, target: str, is_plant: bool) -> str:
    """Ask how rows are held out; the answer is what `Choices.split` takes."""
    times = time_column(frame)
    groups = [column.name for column in profile.columns if column.name != target and _can_group(column, frame)]
    labels = {"time": _("By time"), "random": _("Random"), "group": _("By group")}
    kinds = [kind for kind in labels if (kind != "time" or times) and (kind != "group" or groups)]
    left, right = st.columns([2, 1])
    with left:
        kind = st.segmented_control(
            _("How rows are held out"),
            kinds,
            format_func=labels.__getitem__,
            default=kinds[0],
            required=True,
            key=f"split_{'-'.join(kinds)}",
            persist_state="session",
        )
        reasons = {
            "time": _(
                "Trains on what came first and judges on what came later, as in use. Neighbouring readings are alike: "
                "a random split would show a model rows that it has nearly seen."
            ),
            "random": _(
                "Every row has the same chance to be held out. Honest only where rows do not depend on each other."
            ),
            "group": _("All rows of one group, a machine say, are on one side: judges on machines never seen."),
        }
        st.caption(reasons[kind])
    if kind != "group":
        return kind
    with right:
        preferred = groups.index("equipment") if is_plant and "equipment" in groups else 0
        group = st.selectbox(_("Group"), groups, index=preferred, key="group", persist_state="session")
    return f"group:{group}"


def _can_group(column: ColumnProfile, frame: pd.DataFrame) -> bool:
    """Text, or whole numbers of which there are few: the numbers of machines, say."""
    if column.unique < 3:
        return False
    if column.kind in ("category", "text"):
        return True
    few = column.unique <= min(MOST_NUMBERED_GROUPS, len(frame) // 5)
    return few and pd.api.types.is_integer_dtype(frame[column.name])
