"""How good the forecasts of a product are, in words and figures."""

from __future__ import annotations

import streamlit as st

from src.dashboard.components.page import plain
from src.dashboard.locale import _, percent, significant
from src.dashboard.prices.outlook import Outlook


def show_quality(outlook: Outlook) -> None:
    """Show the errors on the days held out, and against the naive over windows of the past."""
    if not outlook.version:
        st.info(_("Without a model there are no errors to be told. Train one."), icon=":material/query_stats:")
        return
    st.markdown(_verdict(outlook))
    quantity = outlook.figure("quantity_error_to_seasonal_naive")
    if quantity is not None:
        st.markdown(f":material/inventory: {plain(_of_quantities(quantity))}")
    figures = {
        "RMSE": (significant(outlook.figure("rmse"), 3), _("Root of the mean squared error, in the price's unit.")),
        "MAE": (significant(outlook.figure("mae"), 3), _("Mean absolute error, in the price's unit.")),
        "MAPE": (_percent_of(outlook.figure("mape")), _("Mean absolute error in percent of the price.")),
        "MASE": (
            significant(outlook.figure("mase"), 3),
            _("Error on 30 days ahead in units of the usual change in a day; the naive's is above 1 as well."),
        ),
        _("Seasonal MASE"): (
            significant(outlook.figure("mase_seasonal"), 3),
            _("The same in units of the usual change within a week."),
        ),
    }
    row = st.container(horizontal=True)
    for label, (value, explained) in figures.items():
        row.metric(label, value, help=explained, border=True, height="stretch")
    st.caption(
        _(
            "Of a model that did not know the last 30 days of its training's history, on these days. What forecasts "
            "now has learnt them too."
        )
    )


def _verdict(outlook: Outlook) -> str:
    prices, ratio = outlook.history.prices, outlook.figure("error_to_naive")
    if ratio is None or prices.min() == prices.max():
        return f":material/info: {_('The price has never changed: the last price serves.')}"
    share = percent(abs(ratio - 1), 0)
    if outlook.is_naive:
        message = _(
            "Not worth a model: over windows of the past its error was {share} higher than that of the last price, "
            "which serves instead. Quantities are the model's all the same."
        )
        return f":material/info: {plain(message.format(share=share))}"
    message = _("Worth a model: over windows of the past its error was {share} lower than that of the last price.")
    return f":material/check_circle: {plain(message.format(share=share))}"


def _of_quantities(ratio: float) -> str:
    message = (
        _("Quantities: its error was {share} lower than that of “as on this day a week ago”.")
        if ratio < 1
        else _("Quantities: its error was {share} higher than that of “as on this day a week ago”.")
    )
    return message.format(share=percent(abs(ratio - 1), 0))


def _percent_of(value: float | None) -> str:
    return percent(None if value is None else value / 100)
