"""What the import of a file of prices would change, and what of the file is left out."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from src.dashboard.components.page import plain
from src.dashboard.components.tables import show_table
from src.dashboard.locale import _, ngettext, number, translated
from src.pricing.history_import import PriceImportReport


def show_import_report(report: PriceImportReport) -> None:
    """Show the outcome of a dry run."""
    if report.changes_something:
        st.info(_("This is what importing the file would change."), icon=":material/fact_check:")
    else:
        st.info(_("All of the file is there already."), icon=":material/done_all:")
    figures = {
        _("New days"): report.new,
        _("Already there"): report.unchanged,
        _("Days replaced"): report.replaced,
        _("New products"): len(report.created),
        _("Rows left out"): report.refused,
    }
    row = st.container(horizontal=True)
    for label, count in figures.items():
        row.metric(label, number(count, 0), border=True)
    st.caption(" · ".join(_facts(report)))
    for note in report.notes:
        st.caption(f":material/info: {plain(translated(note))}")
    _show_left_out(report)


def _facts(report: PriceImportReport) -> list[str]:
    facts = [
        _("{rows} rows read").format(rows=number(report.rows, 0)),
        _("Days from {first} to {last}").format(first=report.first, last=report.last),
    ]
    if report.joined:
        facts.append(ngettext("{count} row of a day with several", "{count} rows of days with several", report.joined))
    if report.gaps:
        facts.append(ngettext("{count} day without a row", "{count} days without a row", report.gaps))
    if report.nothing_sold:
        facts.append(ngettext("{count} day without a sale", "{count} days without a sale", report.nothing_sold))
    return facts


def _show_left_out(report: PriceImportReport) -> None:
    """Say what is not taken over: rows by reason, and days that stay as they are stored."""
    reasons = [*report.refusals, *([report.kept] if report.kept else [])]
    if not reasons:
        return
    frame = pd.DataFrame(
        {
            _("Rows"): [reason.count for reason in reasons],
            _("The first of them"): [translated(reason.first) for reason in reasons],
        }
    )
    show_table(
        frame,
        "left_out",
        _("What is left out, by reason"),
        file_name="left_out",
        column_config={_("The first of them"): st.column_config.TextColumn(width="large")},
    )
