"""The form of a comparison: target, features, metric, split, and the rest behind an expander."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from src.dashboard.components import charts
from src.dashboard.components.page import plain
from src.dashboard.locale import _, translated
from src.dashboard.machine_learning.more_options import choose_more_options
from src.dashboard.machine_learning.split_form import choose_split
from src.evaluation.metrics import default_metric, metrics_for
from src.ml.candidates import Task
from src.ml.comparison_plan import Choices
from src.sensors.training_table import plant_units
from src.tables.profile import TableProfile, class_balance, suggest_features, suggest_target, suggest_task

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
        persist_state="session",
    )
    if target is None:
        st.info(_("Choose the column that a model should predict."), icon=":material/target:")
        return None
    values = profile.column(target).unique
    if values == 0:
        st.warning(_("This column has no values. Choose another target."))
        return None
    if values == 1:
        st.warning(_("This column has the same value everywhere. Choose another target."))
        return None
    with right:
        task = _task(frame, target, source)
    features = _features(profile, target, source, is_plant)
    metric = _metric(task)
    if task == "classification":
        _show_balance(frame, target)
    split = choose_split(frame, profile, target, is_plant)
    group = split.removeprefix("group:")
    if group != split and group in features:
        features.remove(group)
        st.caption(
            ":material/filter_alt_off: "
            + plain(_("{name!r} is left out: a model is to be judged on groups that it never saw.").format(name=group))
        )
    options = choose_more_options(task, len(frame))
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
        persist_state="session",
        help=plain(translated(suggestion.reason)),
    )


def _metric(task: Task) -> str:
    meanings = {metric.name: _(metric.meaning) for metric in metrics_for(task)}
    metric = st.segmented_control(
        _("Metric to rank by"),
        list(meanings),
        default=default_metric(task),
        required=True,
        key=f"metric_{task}",
        persist_state="session",
    )
    st.caption(plain(meanings[metric]))
    return metric


def _features(profile: TableProfile, target: str, source: str, is_plant: bool) -> list[str]:
    suggestion = suggest_features(profile, target)
    others = [column.name for column in profile.columns if column.name != target]
    default = [name for name in PLANT_FEATURES if name in others] if is_plant else list(suggestion.features)
    features = st.multiselect(
        _("Features: the columns to predict from"),
        others,
        default=default,
        key=f"features_{source}_{target}",
        persist_state="session",
    )
    for name in others:
        if name not in features and name in suggestion.left_out:
            st.caption(f":material/filter_alt_off: {plain(translated(suggestion.left_out[name]))}")
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
