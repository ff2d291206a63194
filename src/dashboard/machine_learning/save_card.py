"""Saving one of the best of a comparison."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import streamlit as st

from src.dashboard.components.acting import acting_name
from src.dashboard.components.page import plain, show_error
from src.dashboard.locale import _, reader_zone, score, significant, translated
from src.dashboard.machine_learning.threshold_view import chosen_decision, forget_decision
from src.errors import DuplicateModelName, FarolError
from src.jobs import Job, job_folder
from src.ml import model_acts
from src.ml.candidates import DESCRIPTIONS
from src.ml.comparison_job import artefact_path, read_cases
from src.ml.model_comparison import Comparison, Finalist
from src.ml.saved_models import check_new_name
from src.ml.signature import Decision


def show_save_card(job: Job, comparison: Comparison, finalist: Finalist, saved_as: list[str]) -> None:
    """Show one of the best with its metrics, and a way to save it under a name that it does not have yet."""
    candidate = next(c for c in comparison.candidates if c.id == finalist.id)
    headline = f"{comparison.metric} {score(candidate.metrics[comparison.metric])}"
    with st.expander(f"{candidate.name} · {headline}", icon=":material/check:" if saved_as else ":material/save:"):
        st.markdown(_(DESCRIPTIONS[candidate.model_type].template))
        st.caption(" · ".join(f"{name} {score(value)}" for name, value in candidate.metrics.items()))
        if saved_as:
            names = ", ".join(map(repr, saved_as))
            st.success(plain(_("Saved as {names}. It is now in the list of Predict by hand.").format(names=names)))
        made = (job.finished_at or datetime.now(UTC)).astimezone(ZoneInfo(reader_zone())).strftime("%Y%m%d_%H%M%S")
        key = f"{job.job_id}_{finalist.id}"
        name = st.text_input(_("Name"), value=f"{candidate.model_type}_{made}", max_chars=100, key=f"name_{key}")
        problem = problem_with_name(name)
        overwrite = False
        if name in saved_as:
            st.caption(_("To save it once more, give it another name."))
        elif isinstance(problem, DuplicateModelName) and problem.values.get("known") == name:
            st.warning(plain(_("There is a model called {name!r} already.").format(name=name)))
            overwrite = st.toggle(_("Save it as a new version of that model"), key=f"overwrite_{key}")
        elif problem is not None:
            st.warning(plain(translated(problem)))
        decision = _decision(job.job_id, finalist.id)
        notes = st.text_area(_("Notes"), key=f"notes_{key}", max_chars=2000, height=80)
        if st.button(
            _("Save"), icon=":material/save:", key=f"save_{finalist.id}", disabled=problem is not None and not overwrite
        ):
            _save(job, comparison, finalist, name, notes, decision, overwrite=overwrite)


def _decision(job_id: str, finalist: str) -> Decision | None:
    """Say which threshold goes with the model, where one was chosen, and let it be taken back."""
    decision = chosen_decision(job_id, finalist)
    if decision is None:
        return None
    with st.container(horizontal=True, vertical_alignment="center"):
        text = _("Decides for {label!r} from a probability of {threshold} on.").format(
            label=decision.positive, threshold=significant(decision.threshold)
        )
        st.markdown(f":material/tune: {plain(text)}", width="stretch")
        st.button(
            _("Without this threshold"),
            key=f"forget_threshold_{finalist}",
            type="tertiary",
            on_click=forget_decision,
            args=(job_id, finalist),
        )
    return decision


def problem_with_name(name: str) -> FarolError | None:
    """Say at once what is wrong with a name, before anything is saved."""
    try:
        check_new_name(name)
    except FarolError as error:
        return error
    return None


def _save(
    job: Job,
    comparison: Comparison,
    finalist: Finalist,
    name: str,
    notes: str,
    decision: Decision | None,
    *,
    overwrite: bool,
) -> None:
    folder = job_folder(job.job_id)
    try:
        with st.spinner(_("Saving…")):
            artefact, cases = artefact_path(folder, finalist.id).read_bytes(), read_cases(folder)
            model_acts.save(
                acting_name(),
                comparison,
                finalist.id,
                artefact,
                name,
                notes,
                cases=cases,
                overwrite=overwrite,
                decision=decision,
            )
    except FileNotFoundError:
        st.error(_("The fitted model is no longer in the job's folder. Compare again."))
    except FarolError as error:
        show_error(error)
    else:
        st.rerun()
