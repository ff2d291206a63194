"""What is to be trained, and how: options that most people leave as they are."""

from __future__ import annotations

import streamlit as st

from src.dashboard.components.number_field import prepare_number
from src.dashboard.components.page import show_error
from src.dashboard.locale import _, number
from src.dashboard.locale.typed import read_number
from src.dashboard.time_series.model_kinds import kind_name
from src.errors import FarolError
from src.ml.anomalies.fitting import CONTAMINATION
from src.ml.forecasting.models import MODEL_NAMES
from src.ml.sensor_models.retraining import Plan
from src.ml.sensor_models.training import AUTO, DETECTOR_HOURS, FORECASTER_HOURS
from src.ml.sensor_models.training_job import KINDS, checked_plan


def ask_for_plan() -> Plan | None:
    """Ask what is to be trained and how; what cannot be is said, and the plan is None then."""
    with st.expander(_("Options"), icon=":material/tune:", key="training_options"):
        kinds = st.pills(
            _("Models"),
            KINDS,
            default=KINDS,
            selection_mode="multi",
            key="kinds",
            format_func=kind_name,
            persist_state="session",
        )
        columns = st.columns(4, vertical_alignment="bottom")
        typed = {}
        for column, (name, (label, default)) in zip(columns, _numbers().items(), strict=False):
            prepare_number(name, None)
            typed[name] = column.text_input(
                label, key=name, persist_state="session", help=_default(default), placeholder=number(default)
            )
        model = columns[3].selectbox(
            _("Forecaster"),
            (AUTO, *(m for m in MODEL_NAMES if m != AUTO)),
            key="forecaster",
            persist_state="session",
            help=_("auto is the median of five plain forecasts: quick, and on most series the best."),
        )
        skip = st.toggle(
            _("Only where there are new readings"),
            key="skip_unchanged",
            persist_state="session",
            help=_("Models that know all there is are left as they are."),
        )
    place = st.container()  # so that what follows stays where it is
    try:
        given = {name: read_number(_numbers()[name][0], text) if text.strip() else None for name, text in typed.items()}
        return checked_plan(Plan(kinds=tuple(kinds), model=model, skip_unchanged=skip, **given))
    except FarolError as error:
        with place:
            show_error(error)
        return None


def _numbers() -> dict[str, tuple[str, float]]:
    """By the names of the plan: label and default."""
    return {
        "detector_hours": (_("Hours for the detector"), DETECTOR_HOURS),
        "forecaster_hours": (_("Hours for the forecaster"), FORECASTER_HOURS),
        "contamination": (_("Contamination"), CONTAMINATION),
    }


def _default(default: float) -> str:
    return _("Left empty, as the sensor's model was trained before, or else {default}.").format(default=number(default))
