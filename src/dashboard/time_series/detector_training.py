"""Training a sensor's detector anew from the page."""

from __future__ import annotations

import streamlit as st

from src.dashboard.components.acting import acting_name
from src.dashboard.components.choices import choose
from src.dashboard.components.page import errors_shown, flash
from src.dashboard.locale import _, ngettext, number, percent
from src.ml.anomalies.fitting import CONTAMINATION
from src.ml.ml_engine import MLEngine
from src.sensors.sensor_manager import Sensor

DEFAULT_DAYS = 28
_DAYS = (7, DEFAULT_DAYS, 90)
_SHARES = (0.01, 0.02, 0.05, CONTAMINATION, 0.2, 0.5)


def offer_training(engine: MLEngine, sensor: Sensor) -> None:
    """Offer to train the detector on so many days, with so large a share of them unusual."""
    spans = {str(days): ngettext("the last {count} day", "the last {count} days", days) for days in _DAYS}
    shares = {f"{share:g}": _("about {share}").format(share=percent(share, 0)) for share in _SHARES}
    with st.popover(_("Train anew"), icon=":material/model_training:", key="training"):
        days = choose(_("Learn from"), list(spans), "learn", default=str(DEFAULT_DAYS), names=spans.__getitem__)
        share = choose(
            _("Unusual readings among them"),
            list(shares),
            "contamination",
            default=f"{CONTAMINATION:g}",
            names=shares.__getitem__,
        )
        st.caption(_("What was said so far stays, and so does the alarm threshold."))
        if st.button(_("Train"), key="train_detector", type="primary", icon=":material/model_training:"):
            with errors_shown(), st.spinner(_("Learning what is usual for this sensor…")):
                trained = engine.train_anomaly_detector(
                    sensor.sensor_id, hours=24 * int(days), contamination=float(share), actor=acting_name()
                )
                flash(
                    _("The detector has learnt from {count} readings; it is version {version} now.").format(
                        count=number(trained["samples"], 0), version=trained["version"]
                    )
                )
                st.rerun()
