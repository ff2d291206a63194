"""Prices and quantities from a file: what its columns are, what importing it would change, and the import."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from src.config import get_settings
from src.dashboard.components.acting import acting_name
from src.dashboard.components.file_beginning import show_beginning
from src.dashboard.components.kept_file import ask_for_kept_file
from src.dashboard.components.page import errors_shown, flash, plain, show_error
from src.dashboard.locale import _, number
from src.dashboard.prices.import_report import show_import_report
from src.errors import FarolError
from src.pricing.history_import import PriceImportReport, import_history
from src.pricing.price_columns import NEEDED, guess_columns
from src.tables.beginning import Beginning, read_beginning
from src.tables.limits import TableLimits

_FILE, _CHECKED = "price_file_kept", "price_file_checked"


def show_price_import() -> None:
    """Ask for a file and for what its columns are; check it, and import it once its reader has seen the outcome."""
    label = _("CSV, CSV.gz or Parquet: a row a product and day, with date, SKU, price and quantity")
    kept = ask_for_kept_file(label, "price_file", _FILE)
    if kept is None:
        st.info(_("Choose a file of sales. Nothing is stored before you say so."), icon=":material/upload:")
        return
    name, content = kept
    try:
        beginning = read_beginning(content, name, _limits())
    except FarolError as error:
        show_error(error)
        return
    show_beginning(beginning)
    _check_and_import(_Asked(name, content, _ask_for_columns(beginning), _ask_for_replacing()))


@dataclass(frozen=True)
class _Asked:
    """What is to be imported, and how."""

    name: str
    content: bytes
    columns: Mapping[str, str]
    replace: bool

    def carry_out(self, *, dry_run: bool) -> PriceImportReport:
        """Import it, or try to, with a bar that says how far it is."""
        bar = st.progress(0.0, _("Reading…"))

        def tell(share: float, rows: int) -> None:
            bar.progress(min(share, 1.0), _("{rows} rows read").format(rows=number(rows, 0)))

        try:
            return import_history(
                self.content,
                self.name,
                columns=self.columns,
                replace=self.replace,
                dry_run=dry_run,
                actor=acting_name(),
                limits=_limits(),
                on_progress=tell,
            )
        finally:
            bar.empty()


def _check_and_import(asked: _Asked) -> None:
    """What was checked holds for what is asked now, or is not shown."""
    is_known = len(asked.columns) == len(NEEDED)
    if st.button(
        _("Check the file"), type="primary", key="check_prices", icon=":material/fact_check:", disabled=not is_known
    ):
        st.session_state.pop(_CHECKED, None)
        with errors_shown():
            st.session_state[_CHECKED] = asked, asked.carry_out(dry_run=True)
    checked, report = st.session_state.get(_CHECKED, (None, None))
    if checked != asked:
        return
    show_import_report(report)
    if report.changes_something and _is_wanted(report):
        with errors_shown():
            _finish(asked.carry_out(dry_run=False))


def _is_wanted(report: PriceImportReport) -> bool:
    """Ask to import; before stored days are lost, the name of the file has to be typed."""
    is_sure = True
    if report.replaced:
        question = _("{count} stored days will be lost. Type the name of the file to go on: {name}").format(
            count=number(report.replaced, 0), name=report.name
        )
        is_sure = st.text_input(plain(question), key="confirm_replace").strip() == report.name
    return st.button(
        _("Import these days"),
        type="primary",
        key="import_prices",
        icon=":material/database_upload:",
        disabled=not is_sure,
    )


def _limits() -> TableLimits:
    return TableLimits.from_settings(get_settings())


def _ask_for_columns(file: Beginning) -> dict[str, str]:
    """What the columns are, as far as it is known."""
    labels = {"date": _("Day"), "sku": "SKU", "price": _("Price"), "quantity": _("Quantity a day")}
    guessed, header = guess_columns(file.columns), zlib.crc32("\0".join(file.columns).encode())
    with st.container(horizontal=True):
        chosen = {
            role: st.selectbox(
                labels[role],
                file.columns,
                index=None if (column := guessed[role]) is None else file.columns.index(column),
                placeholder=_("Choose a column"),
                key=f"price_{role}_{header:08x}",
                persist_state="session",
                width=220,
            )
            for role in NEEDED
        }
    return {role: column for role, column in chosen.items() if column is not None}


def _ask_for_replacing() -> bool:
    return st.toggle(
        _("Replace stored days that differ"),
        key="replace_days",
        persist_state="session",
        help=_("Otherwise a day that is stored with another price or quantity stays as it is."),
    )


def _finish(report: PriceImportReport) -> None:
    st.session_state.pop(_CHECKED, None)
    st.session_state.pop(_FILE, None)
    st.cache_data.clear()
    flash(
        _("The file is imported. Days: {days}; products: {products}.").format(
            days=number(report.new + report.replaced, 0), products=number(len(report.products), 0)
        )
    )
    st.query_params.pop("view", None)
    st.rerun()
