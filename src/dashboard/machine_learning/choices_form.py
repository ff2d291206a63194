"""The form of a comparison: target, features, metric, split, and the rest behind an expander."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from src.dashboard.components import charts
from src.dashboard.locale import _, number, translated
from src.evaluation.metrics import default_metric, metrics_for
from src.ml.candidates import Task, candidates_for, choose_candidates
from src.ml.comparison_plan import Choices, time_column
from src.sensors.training_table import plant_units
from src.tables.profile import TableProfile, class_balance, suggest_features, suggest_target, suggest_task

DEFAULT_MAX_ROWS = 20_000
PLANT_TARGET = "state"
PLANT_FEATURES = ["lux", "temperature", "vibration"]


def choose(frame: pd.DataFrame, profile: TableProfile, source: str, *, is_plant: bool) -> Choices | None:
    """Ask what to compare; None while something is missing.

    Parameters
    ----------
    frame : DataFrame
        The training table.
    profile : TableProfile
        Of that table.
    source : str
        Name of the table, kept with the model.
    is_plant : bool
        Whether it is the plant's own table, whose target and units are known.
    """
    columns = [column.name for column in profile.columns]
    suggested = PLANT_TARGET if is_plant else suggest_target(profile)
    left, right = st.columns(2)
    target = left.selectbox(
        _("Target: the column to predict"),
        columns,
        index=columns.index(suggested) if suggested in columns else None,
        placeholder=_("Choose a column"),
        key=f"target_{source}",
    )
    if target is None:
        st.info(_("Choose the column that a model should predict."), icon=":material/target:")
        return None
    if not frame[target].notna().any():
        st.warning(_("This column has no values. Choose another target."))
        return None
    with right:
        task = _task(frame, target, source)
    left, right = st.columns(2)
    with left:
        features = _features(profile, target, source, is_plant)
    with right:
        metric = _metric(task)
    if task == "classification":
        _show_balance(frame, target)
    split = _split(frame, profile, target, is_plant)
    options = _more_options(task, len(frame))
    if not features:
        st.warning(_("Choose at least one feature to predict from."))
        return None
    return Choices(
        target=target,
        features=features,
        task=task,
        sort=metric,
        split=split,
        units=plant_units() if is_plant else {},
        source=source,
        **options,
    )


def _task(frame: pd.DataFrame, target: str, source: str) -> Task:
    suggestion = suggest_task(frame[target])
    labels: dict[Task, str] = {"classification": _("A class"), "regression": _("A number")}
    return st.segmented_control(
        _("What is predicted"),
        list(labels),
        format_func=labels.__getitem__,
        default=suggestion.task,
        required=True,
        key=f"task_{source}_{target}",
        help=translated(suggestion.reason),
    )


def _metric(task: Task) -> str:
    meanings = {metric.name: _(metric.meaning) for metric in metrics_for(task)}
    return st.selectbox(
        _("Metric to rank by"),
        list(meanings),
        index=list(meanings).index(default_metric(task)),
        format_func=lambda name: f"{name} — {meanings[name]}",
        key=f"metric_{task}",
        persist_state="session",
    )


def _features(profile: TableProfile, target: str, source: str, is_plant: bool) -> list[str]:
    suggestion = suggest_features(profile, target)
    others = [column.name for column in profile.columns if column.name != target]
    default = [name for name in PLANT_FEATURES if name in others] if is_plant else list(suggestion.features)
    features = st.multiselect(
        _("Features: the columns to predict from"), others, default=default, key=f"features_{source}_{target}"
    )
    for name in others:
        if name not in features and name in suggestion.left_out:
            st.caption(f":material/filter_alt_off: {translated(suggestion.left_out[name])}")
    if is_plant and "equipment" not in features:
        st.caption(
            ":material/filter_alt_off: "
            + _("'equipment' is left out: a model should know a state by its readings, also on a machine it never saw.")
        )
    return features


def _show_balance(frame: pd.DataFrame, target: str) -> None:
    counts = class_balance(frame, target)
    if 1 < len(counts) <= 12:
        with st.expander(_("Class balance"), icon=":material/bar_chart:"):
            charts.show(charts.class_shares(counts), "class_balance", _("Rows of each class"), 60 + 45 * len(counts))


def _split(frame: pd.DataFrame, profile: TableProfile, target: str, is_plant: bool) -> str:
    times = time_column(frame)
    groups = [c.name for c in profile.columns if c.kind in ("category", "text") and c.name != target and c.unique > 2]
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
        return f"group:{st.selectbox(_('Group'), groups, index=preferred, key='group')}"


def _more_options(task: Task, rows: int) -> dict[str, Any]:
    with st.expander(_("More options"), icon=":material/tune:"):
        first, second, third = st.columns(3)
        fold = first.number_input(_("Folds"), 2, 50, 5, key="fold", persist_state="session")
        n_select = second.number_input(_("Best models to keep"), 1, 10, 5, key="n_select", persist_state="session")
        budget = third.number_input(
            _("Time budget in minutes"),
            0.1,
            600.0,
            10.0,
            key="budget",
            persist_state="session",
            help=_("When it is used up, what is done is the result."),
        )
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
        turbo = third.toggle(
            _("Leave out the slow ones"),
            value=True,
            key="turbo",
            persist_state="session",
            help=_("Some candidates take very long with many rows."),
        )
        known = {candidate.id: candidate.name for candidate in candidates_for(task)}
        default = [candidate.id for candidate in choose_candidates(task, turbo=turbo)]
        include = st.multiselect(
            _("Candidates"), list(known), default=default, format_func=known.__getitem__, key=f"include_{task}_{turbo}"
        )
    return {
        "fold": int(fold),
        "n_select": int(n_select),
        "budget": float(budget) * 60,
        "max_rows": int(max_rows),
        "seed": int(seed),
        "turbo": turbo,
        "include": include or default,
    }
