"""Taking in a model that was exported elsewhere: look at what is in the file first."""

from __future__ import annotations

import io
from typing import BinaryIO

import streamlit as st

from src.config import get_settings
from src.dashboard.components.acting import acting_name
from src.dashboard.components.page import errors_shown, flash, plain
from src.dashboard.locale import _, moment, score, translated
from src.dashboard.machine_learning.save_card import problem_with_name
from src.dashboard.models.names import file_size
from src.errors import DuplicateModelName
from src.ml import model_acts
from src.ml.model_facts import ModelFacts, facts_of
from src.storage.package_reading import Package, read_package


def offer_import() -> None:
    """Let a person choose a file, show what is in it, and take it in under a name that is free."""
    with st.expander(_("Import a model from a file"), icon=":material/upload:", key="import_card"):
        file = st.file_uploader(
            _("A file that was exported on the page Models"),
            max_upload_size=get_settings().upload_max_mb,
            key="model_file",
        )
        if file is None:
            return
        with errors_shown():
            package = _checked(file.file_id, file)
            facts = facts_of(package.record)
            _show_content(package, facts)
            name = st.text_input(
                _("Name"), value=facts.name, max_chars=100, key=f"import_name_{package.record['sha256']}"
            )
            problem = problem_with_name(name)
            if isinstance(problem, DuplicateModelName):
                known = str(problem.values.get("known", name))
                st.warning(plain(_("There is a model called {name!r} already. Type another name.").format(name=known)))
            elif problem is not None:
                st.warning(plain(translated(problem)))
            if st.button(_("Import"), icon=":material/upload:", key="import", disabled=problem is not None):
                saved = model_acts.import_from(acting_name(), io.BytesIO(file.getvalue()), name)
                flash(_("{name!r} is imported. It can be used once it is trusted.").format(name=saved.name))
                st.query_params["model"] = saved.name
                st.rerun()


@st.cache_data(max_entries=4, show_spinner=False)
def _checked(file_id: str, _file: BinaryIO) -> Package:
    """Check a file once, not each time that a letter of the name is typed."""
    return read_package(_file)


def _show_content(package: Package, facts: ModelFacts) -> None:
    said = [
        f"**{plain(facts.name)}**, {_('version')} {facts.version}",
        plain(facts.model_type),
        f"{_('Target')}: {plain(facts.target)}" if facts.target else "",
        f"{plain(facts.trial.metric)} {score(facts.score)}" if facts.trial and facts.score is not None else "",
        _("saved {time}").format(time=moment(facts.saved_at)),
        file_size(package.artefact_bytes),
    ]
    st.markdown(" · ".join(part for part in said if part))
    if facts.notes:
        st.text(facts.notes)
    st.caption(_("SHA-256 of the file: {digest}").format(digest=facts.sha256))
    st.caption(_("The file is whole and as it was exported. Who made it is not known: that is for you to judge."))
