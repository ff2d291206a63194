"""What can be done with a saved model: notes, downloads, trust, deletion."""

from __future__ import annotations

import io

import streamlit as st

from src.dashboard.components.acting import acting_name
from src.dashboard.components.deletion import is_model_to_go
from src.dashboard.components.page import errors_shown, flash, plain
from src.dashboard.locale import _
from src.ml import model_acts
from src.ml.model_card import card_name, model_card
from src.ml.model_facts import ModelFacts
from src.storage.model_package import package_name
from src.storage.model_records import MOST_NOTES
from src.utils.model_store import default_store


def offer_notes(facts: ModelFacts) -> None:
    """Show the notes, and let a person change them; that makes no new version."""
    if facts.notes:
        st.text(facts.notes)
    with st.popover(_("Edit the notes") if facts.notes else _("Add notes"), icon=":material/edit:", key="notes_card"):
        key = f"notes_{facts.name}_{facts.version}"
        notes = st.text_area(_("Notes"), value=facts.notes, max_chars=MOST_NOTES, key=key, height=120)
        if st.button(_("Save the notes"), key="save_notes", disabled=notes == facts.notes):
            with errors_shown():
                model_acts.edit_notes(acting_name(), facts.name, notes or "", facts.version)
                flash(_("The notes are changed."))
                st.rerun()


def offer_downloads(facts: ModelFacts, *, trusted: bool) -> None:
    """Offer the card, and the model as one file."""
    st.download_button(
        _("Model card"),
        lambda: model_card(facts).encode(),
        file_name=card_name(facts),
        mime="text/markdown",
        key="card",
        icon=":material/description:",
        on_click="ignore",
        help=_("Everything one needs to judge the model, in English"),
    )
    if trusted and st.button(
        _("Export"),
        key="export",
        icon=":material/ios_share:",
        help=_("One file with the model, what is known of it and the hashes of both, for another installation"),
    ):
        with (
            errors_shown(),
            st.spinner(_("Checking the model's file…")),
        ):  # a download alone could not say what is wrong
            content = io.BytesIO()
            model_acts.export_to(acting_name(), content, facts.name, facts.version)
            file_name = package_name(facts.name, facts.version)
            st.download_button(
                _("Download {file}").format(file=plain(file_name)),
                content.getvalue(),
                file_name=file_name,
                mime="application/zip",
                key="export_file",
                icon=":material/download:",
                on_click="ignore",
            )
            if facts.has_cases:
                st.caption(_("Rows of the training table are in it too: pass it on as you would them."))


def offer_trust(name: str) -> None:
    """Say why a model cannot be used yet, and what trusting it means."""
    with st.container(border=True, key="trust_card"):
        st.warning(
            _(
                "This model was not saved by this installation. Loading a model runs code from its file: adopt only "
                "what comes from someone you trust."
            ),
            icon=":material/gpp_maybe:",
        )
        entry = default_store().untrusted().get(name, {})
        if digest := str(entry.get("sha256") or ""):
            st.caption(_("SHA-256 of the file: {digest}").format(digest=plain(digest)))
        if st.button(_("I trust it: adopt"), key="trust", icon=":material/verified_user:"):
            with errors_shown():
                model_acts.trust(acting_name(), name)
                flash(_("{name!r} is adopted.").format(name=name))
                st.rerun()


def offer_delete(name: str) -> None:
    """Let a person delete a model, once its name is typed."""
    if is_model_to_go(name, _("Name of the model")):
        with errors_shown():
            model_acts.delete(acting_name(), name)
            for key in ("model", "version", "with"):
                st.query_params.pop(key, None)
            flash(_("{name!r} is deleted.").format(name=name))
            st.rerun()
