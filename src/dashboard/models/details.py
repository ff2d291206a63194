"""One saved model: what it takes, what it learned from, how good it is, its versions, and what can be done with it."""

from __future__ import annotations

import streamlit as st

from src.dashboard.components.acts import offer_acts
from src.dashboard.components.page import errors_shown, plain, provenance
from src.dashboard.locale import _, moment, number, score
from src.dashboard.machine_learning.model_details import decides_by, show_features
from src.dashboard.machine_learning.table_profile import source_name
from src.dashboard.models.actions import offer_delete, offer_downloads, offer_notes, offer_trust
from src.dashboard.models.names import file_size, split_name, time_said
from src.dashboard.models.quality import show_leaderboard_place, show_quality
from src.dashboard.models.side_by_side import choose_other, show_side_by_side
from src.dashboard.models.versions import choose_version, show_versions
from src.dashboard.page_list import go_to
from src.ml.model_facts import ModelFacts, read_facts
from src.utils.model_store import list_models


def show_model(name: str, *, trusted: bool, names: list[str]) -> None:
    """Show one model.

    Parameters
    ----------
    name : str
        One that is there.
    trusted : bool
        Whether it may be opened.
    names : list of str
        All models, for comparing.
    """
    if st.button(_("All models"), icon=":material/arrow_back:", key="all_models", type="tertiary"):
        for key in ("model", "version", "with"):
            st.query_params.pop(key, None)
        st.rerun()
    st.subheader(plain(name), anchor=False)
    if not trusted:
        offer_trust(name)
    with errors_shown():
        if name in list_models():
            _show_facts(name, names, trusted=trusted)
    offer_acts("model", name)
    offer_delete(name)


def _show_facts(name: str, names: list[str], *, trusted: bool) -> None:
    version, current = choose_version(name)
    facts = read_facts(name, version)
    _key_figures(facts)
    provenance(
        _("version {version} of {name}").format(version=facts.version, name=facts.name),
        _("trained {time}").format(time=moment(facts.trained_at or facts.saved_at)),
        _("saved by {name}").format(name=facts.saved_by) if facts.saved_by else "",
        _("imported: there it was {name}, version {version}").format(
            name=facts.origin.name, version=facts.origin.version
        )
        if facts.origin
        else "",
    )
    offer_notes(facts)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if (
            trusted
            and version == current
            and st.button(_("Predict by hand"), type="primary", key="go_predict", icon=":material/touch_app:")
        ):
            go_to("predict", model=name)
        offer_downloads(facts, trusted=trusted)
    if other := choose_other(facts, names):
        show_side_by_side(facts, other)
        return
    _show_signature(facts)
    _show_training(facts)
    show_quality(facts)
    show_leaderboard_place(facts)
    show_versions(facts, current, trusted=trusted)


def _key_figures(facts: ModelFacts) -> None:
    trial = facts.trial
    figures = {_("Type"): facts.model_type or "—", _("Target"): facts.target or "—"}
    if trial and facts.score is not None:
        figures[_("{metric} over the folds").format(metric=trial.metric)] = score(facts.score)
    if trial and trial.holdout:
        figures[_("{metric} on the holdout").format(metric=trial.metric)] = score(
            trial.holdout.metrics.get(trial.metric)
        )
    figures[_("Size")] = file_size(facts.size_bytes)
    row = st.container(horizontal=True)
    for label, value in figures.items():
        row.metric(plain(label), plain(value), border=True, width="content")


def _show_signature(facts: ModelFacts) -> None:
    st.subheader(_("What it takes"), anchor=False)
    if facts.signature:
        show_features(facts.signature)
        if text := decides_by(facts.signature):
            st.caption(f":material/tune: {plain(text)}")
    else:
        st.caption(_("It was saved without a signature: what goes into it is not checked."))


def _show_training(facts: ModelFacts) -> None:
    st.subheader(_("What it was trained on"), anchor=False)
    training, trial = facts.training, facts.trial
    if training is None:
        st.caption(_("Not known: it does not come from a comparison made here."))
        return
    said = {
        _("Source"): plain(source_name(training.source)),
        _("Rows"): number(training.rows, 0),
        _("Time span"): plain(f"{time_said(training.start)} – {time_said(training.end)}") if training.start else "—",
        _("Fingerprint"): f"`{training.sha256[:16]}…`" if training.sha256.isalnum() else "—",
    }
    if trial:
        said[_("Split")] = _("{split}: trained on {train}, held out {holdout}").format(
            split=plain(split_name(trial.split)),
            train=number(trial.train_rows, 0),
            holdout=number(trial.holdout_rows, 0),
        )
        said[_("Folds")] = number(trial.folds, 0)
        said[_("Seed")] = str(trial.seed)
    st.markdown("  \n".join(f"{label}: {value}" for label, value in said.items()))
