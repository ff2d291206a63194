"""The one thing that is best done next, with the button that leads to it."""

from __future__ import annotations

from dataclasses import dataclass, field

import streamlit as st

from src.dashboard.components.page import plain
from src.dashboard.locale import _, ngettext
from src.dashboard.operations.live_scores import Scores
from src.dashboard.page_list import go_to
from src.sensors.plant_state import PlantState


@dataclass(frozen=True)
class _Step:
    text: str
    path: str
    label: str
    icon: str
    query: dict[str, str] = field(default_factory=dict)


def show_next_step(plant: PlantState, models: int, running: int, scores: Scores | None) -> None:
    """Suggest one thing to do.

    Parameters
    ----------
    models, running : int
        Saved models, and jobs that are not finished.
    scores : dict, optional
        What the detectors say; None where they have not been asked yet.
    """
    step = _running(running) or _abnormal(plant, scores) or _missing(models, scores) or _ask_a_model(plant)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(step.text)
        if st.button(step.label, type="primary", key=f"go_{step.path}", icon=f":material/{step.icon}:"):
            go_to(step.path, **step.query)


def _running(running: int) -> _Step | None:
    if not running:
        return None
    text = ngettext(
        "Next: look at the job that is running.", "Next: look at the {count} jobs that are running.", running
    )
    return _Step(text, "jobs", _("Jobs"), "list_alt")


def _abnormal(plant: PlantState, scores: Scores | None) -> _Step | None:
    """Lead to the sensor with the highest score; one with a fault only where there is no anomaly."""
    names = {latest.sensor_id: latest.display_name for machine in plant.machines for latest in machine.latest}
    found = {key: said for key, said in (scores or {}).items() if not said.is_normal and key in names}
    if not found:
        return None
    sensor_id = max(found, key=lambda key: (found[key].is_ongoing, found[key].score or 0.0))
    if found[sensor_id].is_ongoing:
        text = _("Next: {sensor} reads what is not normal. Look at it.")
    else:
        text = _("Next: {sensor} seems to be faulty. Look at it.")
    text = text.format(sensor=plain(names[sensor_id]))
    return _Step(text, "anomalies", _("Anomaly detection"), "troubleshoot", {"sensor": str(sensor_id)})


def _missing(models: int, scores: Scores | None) -> _Step | None:
    if not models:
        text = _("Next: train models that tell a machine's state from its sensors.")
        return _Step(text, "train", _("Train and compare"), "leaderboard")
    if scores == {}:
        text = _("Next: train the sensors' models, which watch and forecast them.")
        return _Step(text, "training", _("Training"), "model_training")
    return None


def _ask_a_model(plant: PlantState) -> _Step:
    attention = sum(machine.state != "normal" for machine in plant.machines)
    text = _("Next: ask a saved model what state some values mean.")
    if attention:
        text = ngettext(
            "Next: {count} machine needs attention. Ask a saved model what its values mean.",
            "Next: {count} machines need attention. Ask a saved model what their values mean.",
            attention,
        )
    return _Step(text, "predict", _("Predict by hand"), "touch_app")
