"""What differs between two saved models."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from src.dashboard.components.tables import show_table
from src.dashboard.locale import _, moment, number
from src.dashboard.machine_learning.table_profile import kind_name, source_name
from src.dashboard.models.names import file_size, split_name, task_name, time_said
from src.ml.model_facts import FactPair
from src.ml.signature import Feature, Signature

_DIFFERENT = "≠"
_NARROW = {"": st.column_config.TextColumn(width=36)}


def show_pairs(pairs: list[FactPair], names: tuple[str, str]) -> None:
    """Show what is known of two models, a row a thing; `names` head the columns."""
    titles = _titles()
    rows = [
        {
            "": _DIFFERENT if pair.differ else "",
            _("What"): titles[pair.what],
            names[0]: _said(pair.what, pair.first),
            names[1]: _said(pair.what, pair.second),
        }
        for pair in sorted(pairs, key=lambda pair: not pair.differ)
    ]
    show_table(
        pd.DataFrame(rows),
        "pairs",
        _("What is known of both"),
        file_name="models-side-by-side",
        column_config=_NARROW,
    )
    st.caption(_("{mark} marks what differs.").format(mark=_DIFFERENT))


def _titles() -> dict[str, str]:
    return {
        "model_type": _("Type"),
        "task": _("What it tells"),
        "target": _("Target"),
        "features": _("Features"),
        "threshold": _("Threshold"),
        "version": _("Version"),
        "saved_at": _("Saved"),
        "saved_by": _("Saved by"),
        "size_bytes": _("Size"),
        "source": _("Source"),
        "rows": _("Rows"),
        "start": _("From"),
        "end": _("To"),
        "fingerprint": _("Fingerprint"),
        "metric": _("Chosen by"),
        "split": _("Split"),
        "folds": _("Folds"),
        "seed": _("Seed"),
        "holdout_rows": _("Rows held out"),
        "libraries": _("Libraries"),
        "notes": _("Notes"),
    }


def _said(what: str, value: Any) -> str:
    words = {"task": task_name, "source": source_name, "split": split_name, "size_bytes": file_size}
    if value in (None, "", ()):
        return "—"
    if what in ("start", "end"):
        return time_said(value)
    if what in words:
        return words[what](value)  # type: ignore[operator]
    if what == "fingerprint":
        return f"{value[:16]}…"
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, tuple):
        return ", ".join(value)
    return number(value, 0) if isinstance(value, int) and what in ("rows", "holdout_rows") else str(value)


def show_both_signatures(first: Signature | None, second: Signature | None, names: tuple[str, str]) -> None:
    """Show what two models take, a row a feature; `names` head the columns."""
    sides = [{each.name: each for each in signature.features} if signature else {} for signature in (first, second)]
    rows = []
    for feature in dict.fromkeys([*sides[0], *sides[1]]):
        here, there = (_feature(side.get(feature)) for side in sides)
        rows.append({"": _DIFFERENT if here != there else "", _("Feature"): feature, names[0]: here, names[1]: there})
    if rows:
        st.dataframe(pd.DataFrame(rows), hide_index=True, alt=_("What they take"), column_config=_NARROW)
    else:
        st.caption(_("It was saved without a signature: what goes into it is not checked."))


def _feature(feature: Feature | None) -> str:
    if feature is None:
        return "—"
    if feature.type == "category":
        return f"{kind_name(feature.type)}: {', '.join(feature.categories[:8])}"
    span = f"{number(feature.minimum)} – {number(feature.maximum)} {feature.unit}".strip()
    return f"{kind_name(feature.type)}, {span}"
