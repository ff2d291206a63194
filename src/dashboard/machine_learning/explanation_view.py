"""Why this answer: what contributed, what would change it, and the nearest cases of the training table."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from src.dashboard.components import charts
from src.dashboard.components.page import nothing_unsaid, plain
from src.dashboard.components.tables import show_table
from src.dashboard.locale import _, ngettext, number, percent, score, significant
from src.ml.explanation import Case, Change, Contributions, Explainer, Explanation
from src.ml.saved_models import LoadedModel
from src.ml.signature import Signature

BLOCK_PIXELS = 500
MOST_BARS = 10
MOST_CHANGES = 3


@st.cache_resource(max_entries=2, show_spinner=False)
def _explainer(name: str, version: int, saved_at: str, _saved: LoadedModel) -> Explainer:
    """Lay a model out once; of two models at most, for a large forest takes room."""
    return Explainer(_saved)


def show_explanation(saved: LoadedModel, values: dict[str, Any], outcome: str) -> None:
    """Explain an answer that is shown already; where that fails, say so and leave the rest of the page be."""
    with nothing_unsaid():
        _show(saved, values, outcome, _explained(saved, values))


def _explained(saved: LoadedModel, values: dict[str, Any]) -> Explanation:
    key = (saved.name, saved.version, saved.saved_at, values)
    kept = st.session_state.get("explanation")
    if kept is None or kept[0] != key:
        with st.spinner(_("Looking for the reasons…")):
            explainer = _explainer(saved.name, saved.version, saved.saved_at, saved)
            kept = st.session_state["explanation"] = key, explainer.explain(values)
    explanation: Explanation = kept[1]
    return explanation


def _show(saved: LoadedModel, values: dict[str, Any], outcome: str, why: Explanation) -> None:
    if why.is_novel:
        st.warning(
            _("Taken together, these values are unlike the training: its cases lie closer to each other than to them."),
            icon=":material/explore:",
        )
    st.subheader(_("Why this answer?"), anchor=False)
    # Side by side where there is room; on a narrow screen the labels of the chart need all of it.
    row = st.container(horizontal=True)
    with row.container(width=BLOCK_PIXELS):
        if why.contributions is None:
            st.caption(_("What contributed cannot be told: this model gives neither probabilities nor scores."))
        else:
            _show_contributions(saved.signature, values, outcome, why.contributions)
    if why.changes is not None:
        with row.container(width=BLOCK_PIXELS):
            _show_changes(saved.signature, values, why.changes)
    _show_cases(saved, why)


def _show_contributions(signature: Signature, values: dict[str, Any], outcome: str, found: Contributions) -> None:
    parts = {_with_value(signature, name, values): part for name, part in list(found.parts.items())[:MOST_BARS]}
    rest = list(found.parts.values())[MOST_BARS:]
    if rest:
        parts[ngettext("{count} other", "{count} others", len(rest))] = sum(rest)
    texts = [_signed(part, found, signature) for part in parts.values()]
    title = _("What contributed to the answer")
    st.markdown(f"**{title}**")
    charts.show(charts.contributions(parts, texts), "contributions", title, 80 + 34 * len(parts))
    st.caption(plain(f"{_sum(found, outcome, signature)} {_method(found)}"))


def _sum(found: Contributions, outcome: str, signature: Signature) -> str:
    sentence = {
        "probability": _("Probability of {outcome}: {base} on average over the training, {answer} with these values."),
        "score": _("Score of {outcome}: {base} on average over the training, {answer} with these values."),
        "value": _("On average over the training {base}; {answer} with these values."),
    }[found.scale]
    return sentence.format(
        outcome=outcome, base=_amount(found.base, found, signature), answer=_amount(found.answer, found, signature)
    )


def _method(found: Contributions) -> str:
    return {
        "trees": _("Exact: SHAP values of the trees."),
        "linear": _("Exact: weight times distance from the mean."),
        "sampled": _("Estimated: Shapley values against training rows, in random orders."),
    }[found.method]


def _amount(value: float, found: Contributions, signature: Signature) -> str:
    if found.scale == "probability":
        return percent(value)
    return f"{significant(value, 4)} {signature.target_unit if found.scale == 'value' else ''}".strip()


def _signed(part: float, found: Contributions, signature: Signature) -> str:
    size = abs(part)
    # Points of a percentage add up; a percentage would be taken as relative.
    is_share = found.scale == "probability"
    points = _("{points} points").format(points=score(100 * size, 1)) if is_share else ""
    return f"{'+' if part >= 0 else '−'}{points or _amount(size, found, signature)}"


def _with_value(signature: Signature, name: str, values: dict[str, Any]) -> str:
    return f"{name} = {_value(signature, name, values[name])}"


def _value(signature: Signature, name: str, value: Any) -> str:
    unit = next(feature.unit for feature in signature.features if feature.name == name)
    text = significant(float(value)) if isinstance(value, int | float) else str(value)
    return f"{text} {unit}".strip()


def _show_changes(signature: Signature, values: dict[str, Any], changes: tuple[Change, ...]) -> None:
    st.markdown(f"**{_('The smallest change that would change it')}**")
    if not changes:
        st.markdown(_("No change of a single input within the range seen in training changes the answer."))
    for change in changes[:MOST_CHANGES]:
        sentence = _("{name} at {value} instead of {now}: {outcome}.").format(
            name=change.feature,
            value=_value(signature, change.feature, change.value),
            now=_value(signature, change.feature, values[change.feature]),
            outcome=change.outcome,
        )
        st.markdown(f"- {plain(sentence)}")


def _show_cases(saved: LoadedModel, why: Explanation) -> None:
    if not why.cases:
        st.caption(_("This model was saved without training cases. Train it anew to see which are nearest."))
        return
    st.markdown(f"**{_('The nearest cases of the training table')}**")
    table = pd.DataFrame([_row(case, saved.signature) for case in why.cases])
    show_table(table, "cases", _("The nearest cases of the training table"), file_name="nearest_cases")
    rows = (saved.details.get("training") or {}).get("rows", why.cases_kept)
    if rows > why.cases_kept:
        st.caption(
            _("Of {rows} training rows, {kept}, evenly picked, are kept with the model.").format(
                rows=number(rows, 0), kept=number(why.cases_kept, 0)
            )
        )


def _row(case: Case, signature: Signature) -> dict[str, str]:
    def shown(value: Any) -> str:
        return significant(float(value)) if isinstance(value, float) else str(value)

    row = {name: shown(value) for name, value in case.values.items()}
    return row | {
        _("{target}, really").format(target=signature.target): shown(case.actual),
        _("{target}, by the model").format(target=signature.target): shown(case.answer),
        _("Distance"): number(case.distance, 2),
    }
