"""How models of prices are to be trained, and the button that has it done."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from src.dashboard.components.acting import acting_name
from src.dashboard.components.page import errors_shown, put_in_url
from src.dashboard.locale import _
from src.dashboard.prices.price_names import recipe_name
from src.jobs import submit
from src.notes import Note
from src.pricing.batch_training import MOST_TRIALS, PricePlan
from src.pricing.recipes import RECIPES
from src.pricing.training_job import KIND, parameters_for
from src.pricing.tuning import TRIALS


def offer_to_train(sku: str, *, has_model: bool, can_train: bool) -> None:
    """Offer to train the model of one product."""
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button(
            _("Train anew") if has_model else _("Train a model"),
            type="secondary" if has_model else "primary",
            key="start_training",
            icon=":material/model_training:",
            disabled=not can_train,
        )
        plan = ask_for_plan()
    if pressed:
        start_training([sku], PricePlan(plan.recipe, plan.trials, again=True))


def ask_for_plan(*, with_again: bool = False) -> PricePlan:
    """Ask how to train; most people leave it as it is.

    Parameters
    ----------
    with_again : bool
        Ask too whether models that know all there is are to be trained anew.
    """
    again, names = False, {recipe: recipe_name(recipe) for recipe in RECIPES}
    with st.popover(_("Options"), icon=":material/tune:", key="training_options"):
        recipe = st.selectbox(
            _("Recipe"),
            list(names),
            format_func=names.__getitem__,
            key="recipe",
            persist_state="session",
            help=_("The blend learns changes and beats the last price on real data; the document's learns the price."),
        )
        trials = st.number_input(
            _("Trials"),
            0,
            MOST_TRIALS,
            TRIALS,
            step=10,
            key="trials",
            persist_state="session",
            help=_("Hyperparameters to try; what is found is kept only where it wins. With 0 it takes a second."),
        )
        if with_again:
            again = st.toggle(
                _("Up-to-date models too"),
                key="again",
                persist_state="session",
                help=_("Else those that were trained like this and know the newest day are left as they are."),
            )
    return PricePlan(recipe, int(trials), again)


def start_training(skus: Sequence[str], plan: PricePlan) -> None:
    """Have it done as a job, and show it."""
    with errors_shown():
        parameters = parameters_for(skus, plan, actor=acting_name())
        title = Note("Train the price models of {count} products", {"count": len(skus)})
        if len(skus) == 1:
            title = Note("Train the price model of {sku}", {"sku": skus[0]})
        put_in_url("job", submit(KIND, parameters, title=title).job_id)
        st.rerun()
