"""Deleting what cannot be brought back: only once its name is typed."""

from __future__ import annotations

import streamlit as st

from src.dashboard.components.page import plain
from src.dashboard.locale import _


def is_model_to_go(name: str, field: str, *, afterwards: str = "") -> bool:
    """Offer to delete a model with all its versions; tell whether that was confirmed just now.

    Parameters
    ----------
    name : str
        What has to be typed.
    field : str
        What that is a name of.
    afterwards : str
        What will be without the model.
    """
    with st.expander(_("Delete this model"), icon=":material/delete:", key="delete_card"):
        message = _("It goes with all its versions, and cannot be brought back. Type {name} to confirm.")
        st.markdown(" ".join(text for text in (afterwards, message.format(name=f"**{plain(name)}**")) if text))
        typed = st.text_input(field, key=f"delete_{name}", autocomplete="off")
        return st.button(_("Delete for good"), key="delete", disabled=typed != name, icon=":material/delete_forever:")
