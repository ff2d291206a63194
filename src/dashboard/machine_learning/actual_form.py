"""What a prediction really was: said by the operator, and taken back."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from src.dashboard.components.acting import acting_name
from src.dashboard.components.page import errors_shown, flash, plain
from src.dashboard.locale import _, moment, significant
from src.dashboard.locale.typed import read_number
from src.ml.prediction_history import predicted_classes, set_actual


def ask_what_it_was(history: pd.DataFrame) -> None:
    """Let somebody say what one of these predictions really was.

    Parameters
    ----------
    history : DataFrame
        As `find_predictions` returns it.
    """
    rows = {int(row["prediction_id"]): row for row in history.to_dict("records")}
    with st.container(border=True):
        st.markdown(f"**{_('What was it really?')}**")
        if st.session_state.get("actual_of") not in rows:  # the first that nobody has answered
            st.session_state["actual_of"] = next(
                (i for i, row in rows.items() if row["actual_at"] is None), next(iter(rows))
            )
        titles = {number: _title(row) for number, row in rows.items()}
        chosen = st.selectbox(_("Prediction"), list(titles), format_func=titles.__getitem__, key="actual_of")
        row = rows[chosen]
        if row["actual_at"] is not None:
            said = _("{name} said {actual}, {time}.") if row["actual_by"] else _("Somebody said {actual}, {time}.")
            st.caption(
                plain(said.format(name=row["actual_by"], actual=_shown(row["actual"]), time=moment(row["actual_at"])))
            )
        typed = _ask(row)
        with st.container(horizontal=True):
            if st.button(_("Save the answer"), type="primary", key="save_actual", icon=":material/check:"):
                _say(chosen, typed, row)
            if row["actual_at"] is not None and st.button(_("Take back"), key="undo_actual", icon=":material/undo:"):
                with errors_shown():
                    set_actual(chosen, None, acting_name())
                    flash(_("The answer is taken back."))
                    st.rerun()


def _ask(row: dict[Any, Any]) -> str | None:
    key = f"actual_{row['prediction_id']}"
    if not isinstance(row["outcome"], str):
        return st.text_input(_("The value that it really was"), key=key)
    known = [*(row["probabilities"] or {}), *predicted_classes(row["model_name"]), row["actual"] or row["outcome"]]
    classes = sorted(set(known))
    place = classes.index(row["actual"] or row["outcome"])
    return st.selectbox(_("The class that it really was"), classes, index=place, key=key, accept_new_options=True)


def _say(prediction_id: int, typed: str | None, row: dict[Any, Any]) -> None:
    with errors_shown():
        text = typed or ""
        actual = text if isinstance(row["outcome"], str) else read_number(_("The value that it really was"), text)
        set_actual(prediction_id, actual, acting_name())
        st.session_state.pop("actual_of")  # on to the next one
        flash(_("The answer is kept: {title} was {actual}.").format(title=_title(row), actual=_shown(actual)))
        st.rerun()


def _title(row: dict[Any, Any]) -> str:
    return f"{moment(row['predicted_at'])} · {row['model_name']} · {_shown(row['outcome'])} · {row['prediction_id']}"


def _shown(value: object) -> str:
    return significant(float(value)) if isinstance(value, int | float) else str(value)
