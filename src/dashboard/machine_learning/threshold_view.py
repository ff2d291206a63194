"""From which probability on to decide for a class: what each threshold costs, and choosing one to save."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from src.dashboard.components import charts
from src.dashboard.components.page import asked_in_url, plain, put_in_url, show_error
from src.dashboard.locale import _, current_language, score, significant
from src.dashboard.locale.typed import read_number
from src.errors import FarolError
from src.evaluation.holdout import decided_by
from src.evaluation.thresholds import ThresholdCounts, decisions_at, rarer_class
from src.jobs import Job
from src.ml.candidates import candidates_for
from src.ml.model_comparison import Comparison, Finalist
from src.ml.signature import Decision

COST_WIDTH = 610
MATRIX_WIDTH = 340
EVEN = 0.5
_LANGUAGE = "threshold_language"


def chosen_decision(job_id: str, finalist: str) -> Decision | None:
    """Return the threshold that was chosen in this session for a finalist, if one was."""
    return st.session_state.get(_key(job_id, finalist))


def forget_decision(job_id: str, finalist: str) -> None:
    """Let a finalist decide for the more probable class again."""
    st.session_state.pop(_key(job_id, finalist), None)


def _key(job_id: str, finalist: str) -> str:
    return f"decision_{job_id}_{finalist}"


def show_thresholds(job: Job, comparison: Comparison, finalist: Finalist, name: str) -> None:
    """Show what each threshold of a binary finalist costs on the holdout."""
    if finalist.holdout.thresholds:
        _thresholds(job.job_id, finalist, name)
    elif not all(c.probabilities for c in candidates_for(comparison.task) if c.id == finalist.id):
        st.info(plain(_("{model} gives no probabilities, so there is no threshold to choose.").format(model=name)))
    else:
        st.info(_("This comparison was made before thresholds were kept. Compare again to see them."))


@st.fragment
def _thresholds(job_id: str, finalist: Finalist, name: str) -> None:
    by_label = {counts.label: counts for counts in finalist.holdout.thresholds}
    first, second, third = st.columns(3, vertical_alignment="bottom")
    with first:
        label = st.segmented_control(
            _("Class to find"),
            list(by_label),
            default=asked_in_url("positive", list(by_label), rarer_class(finalist.holdout.thresholds)),
            format_func=plain,
            required=True,
            key="positive",
        )
    put_in_url("positive", label)
    counts = by_label[label]
    try:
        false_alarm = _cost(second, "false_alarm", _("Cost of a false alarm"))
        missed = _cost(third, "missed", _("Cost of one that is missed"))
        costs, cheapest = counts.costs(false_alarm, missed), counts.cheapest(false_alarm, missed)
    except FarolError as error:
        show_error(error)
        return
    place = _slider(finalist.id, counts)
    even = counts.nearest(EVEN)
    st.markdown(_in_words(counts, costs[place], costs[even], costs[cheapest], place, cheapest))
    row = charts.side_by_side()
    with row.container(width=COST_WIDTH):
        figure = charts.threshold_costs(counts, costs, place, cheapest)
        charts.show(figure, "threshold_costs", _("Cost of 1,000 rows against the threshold"), 340)
    decisions = decisions_at(counts, place)
    with row.container(width=MATRIX_WIDTH):
        figure = charts.confusion(decided_by(finalist.holdout, decisions, label), name)
        charts.show(figure, "threshold_confusion", _("Confusion matrix at the chosen threshold"), 340)
    _compare(counts, [place, even, cheapest], costs)
    _choose(job_id, finalist.id, name, counts, place, cheapest, (false_alarm, missed))


def _cost(column: DeltaGenerator, key: str, label: str) -> float:
    typed = column.text_input(
        label,
        value=st.query_params.get(key, "1"),
        key=f"cost_{key}",
        max_chars=20,
        help=_("In any unit, money or hours: only how the two compare decides which threshold is best."),
    )
    cost = read_number(label, typed)
    put_in_url(key, typed)
    return cost


def _slider(finalist: str, counts: ThresholdCounts) -> int:
    key = _slider_key(finalist, counts)
    if key not in st.session_state:
        st.session_state[key] = counts.thresholds[counts.nearest(_asked_threshold())]
    elif st.session_state.get(_LANGUAGE) != current_language():
        st.session_state[key] = st.session_state[key]  # tells the browser, which knows options by how they are written
    st.session_state[_LANGUAGE] = current_language()
    chosen = st.select_slider(
        plain(_("Decide for {label!r} from this probability on").format(label=counts.label)),
        counts.thresholds,
        format_func=significant,
        key=key,
    )
    put_in_url("threshold", f"{chosen:g}")
    return counts.thresholds.index(chosen)


def _slider_key(finalist: str, counts: ThresholdCounts) -> str:
    return f"threshold_{finalist}_{counts.label}"


def _asked_threshold() -> float:
    try:
        asked = float(st.query_params.get("threshold", EVEN))
    except ValueError:
        return EVEN
    return asked if 0 <= asked <= 1 else EVEN


def _in_words(counts: ThresholdCounts, here: float, even: float, least: float, place: int, cheapest: int) -> str:
    said = _("**{cost}** for 1,000 rows like these; at 0.5 it would be {even}.").format(
        cost=significant(here, 4), even=significant(even, 4)
    )
    if here <= least * (1 + 1e-9):
        return f"{said} {_('No threshold is cheaper.')}"
    cheaper = _("Cheapest is {threshold}, with {cost}.")
    return f"{said} {cheaper.format(threshold=significant(counts.thresholds[cheapest]), cost=significant(least, 4))}"


def _compare(counts: ThresholdCounts, places: list[int], costs: NDArray[np.float64]) -> None:
    names = (_("chosen"), _("even odds"), _("cheapest"))
    rows = []
    for name, place in zip(names, places, strict=True):
        decisions = decisions_at(counts, place)
        rows.append(
            {
                _("Threshold"): f"{name}: {significant(decisions.threshold)}",
                _("Cost of 1,000 rows"): significant(float(costs[place]), 4),
                **{metric: score(value) for metric, value in decisions.metrics.items()},
                _("False positive rate"): score(decisions.false_positive_rate),
            }
        )
    st.dataframe(pd.DataFrame(rows), hide_index=True, alt=_("Metrics at the chosen threshold and at others"))


def _choose(
    job_id: str,
    finalist: str,
    name: str,
    counts: ThresholdCounts,
    place: int,
    cheapest: int,
    costs: tuple[float, float],
) -> None:
    with st.container(horizontal=True):
        st.button(
            _("Go to the cheapest"),
            icon=":material/star:",
            key="go_cheapest",
            disabled=place == cheapest,
            on_click=st.session_state.__setitem__,
            args=(_slider_key(finalist, counts), counts.thresholds[cheapest]),
        )
        if st.button(_("Save the model with this threshold"), icon=":material/tune:", key="use_threshold"):
            st.session_state[_key(job_id, finalist)] = Decision(counts.label, counts.thresholds[place], *costs)
            st.rerun()
    decision = chosen_decision(job_id, finalist)
    if decision is not None:
        text = _("The threshold {threshold} for {label!r} goes with {model} when you save it, below.").format(
            threshold=significant(decision.threshold), label=decision.positive, model=name
        )
        st.success(plain(text), icon=":material/check_circle:")
