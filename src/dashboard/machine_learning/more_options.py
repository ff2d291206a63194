"""The options of a comparison that most people leave as they are."""

from __future__ import annotations

from typing import Any

import streamlit as st

from src.dashboard.locale import _, number
from src.ml.candidates import Task, candidates_for, choose_candidates

DEFAULT_MAX_ROWS = 20_000


def choose_more_options(task: Task, rows: int) -> dict[str, Any]:
    """Ask for the rest of `Choices`: folds, budget, rows, seed and candidates, by their names there."""
    with st.expander(_("More options"), icon=":material/tune:"):
        first, second, third = st.columns(3, vertical_alignment="bottom")
        fold = first.number_input(_("Folds"), 2, 50, 5, key="fold", persist_state="session")
        n_select = second.number_input(_("Best models to keep"), 1, 10, 5, key="n_select", persist_state="session")
        budget = third.number_input(
            _("Time budget in minutes"),
            0.1,
            600.0,
            10.0,
            format="%g",
            key="budget",
            persist_state="session",
            help=_("When it is used up, what is done is the result."),
        )
        first, second, _third = st.columns(3, vertical_alignment="bottom")  # row by row, as the keyboard goes
        max_rows = first.number_input(
            _("Rows to use at most"),
            100,
            None,
            DEFAULT_MAX_ROWS,
            step=5_000,
            key="max_rows",
            persist_state="session",
            help=_("The table has {rows} rows. If it has more than this, rows are picked evenly.").format(
                rows=number(rows, 0)
            ),
        )
        seed = second.number_input(_("Seed"), 0, 2**31, 42, key="seed", persist_state="session")
        turbo = st.toggle(
            _("Leave out the slow ones"),
            value=True,
            key="turbo",
            persist_state="session",
            help=_("Some candidates take very long with many rows."),
        )
        ensemble, size = _ensemble()
        known = {candidate.id: candidate.name for candidate in candidates_for(task)}
        default = [candidate.id for candidate in choose_candidates(task, turbo=turbo)]
        include = st.multiselect(
            _("Candidates"),
            list(known),
            default=default,
            format_func=known.__getitem__,
            key=f"include_{task}_{turbo}",
            persist_state="session",
        )
    return {
        "fold": int(fold),
        "n_select": int(n_select),
        "budget": float(budget) * 60,
        "max_rows": int(max_rows),
        "seed": int(seed),
        "turbo": turbo,
        "include": include or default,
        "ensemble": ensemble,
        "ensemble_size": size,
    }


def _ensemble() -> tuple[str, int]:
    labels = {"none": _("None"), "blend": _("Blend"), "stack": _("Stack")}
    left, right = st.columns([2, 1])
    kind = left.segmented_control(
        _("The best together, as one more candidate"),
        list(labels),
        format_func=labels.__getitem__,
        default="none",
        required=True,
        key="ensemble",
        persist_state="session",
        help=_("A blend takes the mean of the best; a stack learns whom of them to believe. Both take longer."),
    )
    size = right.number_input(
        _("How many of the best"), 2, 10, 3, key="ensemble_size", persist_state="session", disabled=kind == "none"
    )
    return kind, int(size)
