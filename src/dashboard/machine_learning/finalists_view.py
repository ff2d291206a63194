"""The best of a comparison: one view of them at a time, and a way to save each."""

from __future__ import annotations

import streamlit as st

from src.dashboard.locale import _
from src.dashboard.machine_learning.closer_look import show_closer_look
from src.dashboard.machine_learning.save_card import show_save_card
from src.jobs import Job
from src.ml.model_comparison import Comparison
from src.utils.model_store import list_models


def show_finalists(job: Job, comparison: Comparison) -> None:
    """Show the best of a finished comparison."""
    names = {candidate.id: candidate.name for candidate in comparison.candidates}
    st.subheader(_("The best {count}").format(count=len(comparison.finalists)), anchor=False)
    with st.container(key="closer_look"):  # whatever it holds, the cards below stay where they are, and open
        show_closer_look(job, comparison, names)
    st.subheader(_("Save the ones worth keeping"), anchor=False)
    entries = list_models()
    for finalist in comparison.finalists:
        saved_as = [name for name, entry in entries.items() if entry["sha256"] == finalist.sha256]
        show_save_card(job, comparison, finalist, saved_as)
