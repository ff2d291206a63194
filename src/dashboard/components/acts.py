"""Who changed what, and when."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from src.dashboard.components.page import errors_shown
from src.dashboard.components.tables import show_table
from src.dashboard.locale import _, moment, translated
from src.database.activities import Activity, Kind, read_activities

_MOST = 500


def show_acts(*kinds: Kind) -> None:
    """Show the latest acts of some kinds, the newest first."""
    with errors_shown():
        if acts := read_activities(kinds, limit=_MOST):
            _table(acts)
        else:
            st.info(_("Nothing has been changed yet."), icon=":material/history:")


def offer_acts(kind: Kind, subject: str | None = None) -> None:
    """Offer to show the latest acts of a kind, or on one subject of it; nothing where there are none."""
    with errors_shown():
        if acts := read_activities(kind, subject, limit=_MOST):
            with st.expander(_("Who did what"), icon=":material/history:", key="acts"):
                _table(acts, with_subject=subject is None, rows=20)


def _table(acts: Sequence[Activity], *, with_subject: bool = True, rows: int = 50) -> None:
    kinds = {act.kind for act in acts}
    shown = [_row(act, with_kind=len(kinds) > 1, with_subject=with_subject) for act in acts]
    show_table(
        pd.DataFrame(shown),
        "acts",
        _("Who did what, the latest first"),
        file_name="changes",
        download=pd.DataFrame([vars(act) | {"action": str(act.action)} for act in acts]),
        column_config={_("What"): st.column_config.TextColumn(width="large")},
        rows=rows,
    )


def _row(act: Activity, *, with_kind: bool, with_subject: bool) -> dict[str, str]:
    names = {
        "model": _("Model"),
        "sensor": _("Sensor"),
        "machine": _("Machine"),
        "data": _("Data"),
        "product": _("Product"),
        "key": _("API key"),
    }
    return {
        _("Time"): moment(act.happened_at),
        _("Who"): act.actor or "—",
        **({_("Kind"): names[act.kind]} if with_kind else {}),
        **({_("Name"): act.subject or "—"} if with_subject else {}),
        _("What"): translated(act.action),
    }
