"""The versions of a saved model, and going back to one of them."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from src.dashboard.components.acting import acting_name
from src.dashboard.components.page import asked_in_url, errors_shown, flash, plain, put_in_url
from src.dashboard.locale import _, moment
from src.ml import model_acts
from src.ml.model_facts import ModelFacts
from src.utils.model_store import default_store


def choose_version(name: str) -> tuple[int, int]:
    """Let the reader choose a version where there are several; return it and the current one."""
    current = default_store().describe(name)["version"]
    versions = [str(saved.version) for saved in reversed(default_store().versions(name))]
    if len(versions) < 2:
        return current, current
    labels = {
        version: _("{version}, the current one").format(version=version) if version == str(current) else version
        for version in versions
    }
    asked = asked_in_url("version", versions, str(current))
    st.session_state["shown_version"] = asked
    chosen = st.segmented_control(
        _("Version"),
        versions,
        format_func=labels.__getitem__,
        required=True,
        key="shown_version",
        on_change=_show_chosen,
    )
    return int(chosen or current), current


def _show_chosen() -> None:
    put_in_url("version", st.session_state["shown_version"])


def show_versions(facts: ModelFacts, current: int, *, trusted: bool) -> None:
    """List the versions; of one that is not the current one offer to make it so."""
    st.subheader(_("Versions"), anchor=False)
    versions = default_store().versions(facts.name)
    st.dataframe(
        pd.DataFrame(
            [
                {
                    _("Version"): str(saved.version),
                    _("Current"): _("yes") if saved.version == current else "",
                    _("Saved"): moment(saved.saved_at),
                    _("Type"): str(saved.metadata.get("model_type") or ""),
                    _("Notes"): str(saved.metadata.get("description") or ""),
                }
                for saved in reversed(versions)
            ]
        ),
        hide_index=True,
        alt=_("Versions"),
    )
    if facts.version == current:
        if len(versions) > 1:
            st.caption(_("To go back to another version, choose it above."))
        return
    if trusted:
        _offer_to_go_back(facts.name, facts.version, current)


def _offer_to_go_back(name: str, version: int, current: int) -> None:
    question = _("Go back to version {version}").format(version=version)
    with st.popover(question, icon=":material/undo:", key="go_back_card"):
        st.markdown(
            _(
                "From then on version {version} answers wherever {name} is asked. "
                "Version {current} stays, and can be made the current one again in the same way."
            ).format(version=version, name=plain(name), current=current)
        )
        if st.button(_("Make it the current one"), type="primary", key="go_back"):
            with errors_shown():
                model_acts.go_back(acting_name(), name, version)
                flash(_("Version {version} is now the current one.").format(version=version))
                st.query_params.pop("version", None)
                st.rerun()
