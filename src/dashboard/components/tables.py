"""Tables that a person may want elsewhere: a page of rows at a time, and all of them to download."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from zlib import crc32

import pandas as pd
import streamlit as st

from src.dashboard.components.page import put_in_url
from src.dashboard.locale import _, number
from src.tables.export import as_csv

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler

ROWS = 50
_ROW_PIXELS, _FRAME_PIXELS = 35, 38


def show_table(
    frame: pd.DataFrame,
    key: str,
    alt: str,
    *,
    file_name: str,
    download: pd.DataFrame | None = None,
    formatted: Callable[[pd.DataFrame], pd.DataFrame | Styler] | None = None,
    column_config: dict[Any, Any] | None = None,
    rows: int = ROWS,
    ticked_of: str | None = None,
) -> list[int]:
    """Show a table, page by page where it is long, with a download of the whole as CSV.

    Parameters
    ----------
    frame : DataFrame
        What is shown, formatted for the reader unless `formatted` does that.
    key : str
        Names the table's widgets, and its page in the URL (``<key>_page``).
    alt : str
        What the table holds, for who cannot see it.
    file_name : str
        Name of the download, without ending.
    download : DataFrame, optional
        What is downloaded where that is not `frame`: the same rows unformatted.
    formatted : callable, optional
        Formats the rows that are shown, and only those: of thousands that would take a while.
    column_config : dict, optional
        As in `st.dataframe`.
    rows : int
        Rows on a page.
    ticked_of : str, optional
        Let the reader tick rows; the text says of what, and with another one nothing is ticked any more.

    Returns
    -------
    list of int
        The places in `frame` of the rows that are ticked.
    """
    first = show_pager(len(frame), key, rows=rows)
    page = frame.iloc[first : first + rows]
    can_tick: dict[str, Any] = {} if ticked_of is None else {"on_select": "rerun", "selection_mode": "multi-row"}
    mark = "" if ticked_of is None else f"_{crc32(f'{ticked_of} {first}'.encode()):08x}"
    event: Any = st.dataframe(
        page if formatted is None else formatted(page),
        hide_index=True,
        alt=alt,
        column_config=column_config,
        height=_ROW_PIXELS * min(len(page), 12) + _FRAME_PIXELS,
        key=f"{key}_table{mark}",
        placeholder="—",
        **can_tick,
    )
    offer_csv(frame if download is None else download, key, file_name=file_name)
    return [] if ticked_of is None else [first + place for place in event["selection"]["rows"]]


def sorted_by_value(frame: pd.DataFrame, numbers: Mapping[str, tuple[int, Callable[[Any], str]]]) -> Styler:
    """Write numbers as texts for the reader; a click on the header sorts them as numbers all the same.

    A column's own format in Streamlit follows the browser's language, not the one that was chosen.

    Parameters
    ----------
    numbers : mapping
        A column to how many decimals are kept, for they are what is copied and what a screen reader says, and to what
        writes it.
    """
    values = frame.astype(dict.fromkeys(numbers, float))
    rounded = values.round({column: decimals for column, (decimals, _write) in numbers.items()})
    return rounded.style.format({column: write for column, (_decimals, write) in numbers.items()})


def offer_csv(frame: pd.DataFrame, key: str, *, file_name: str) -> None:
    """Offer a table as CSV: as it is, and written only when it is asked for."""
    st.download_button(
        _("Download as CSV"),
        lambda: as_csv(frame),
        file_name=f"{file_name}.csv",
        mime="text/csv",
        key=f"{key}_download",
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
    )


def show_pager(total: int, key: str, *, rows: int = ROWS) -> int:
    """Let the reader choose a page of a long list; the URL says which (``<key>_page``, from 1).

    Parameters
    ----------
    total : int
        Rows in all; where they fit on one page, nothing is shown.
    rows : int
        Rows on a page.

    Returns
    -------
    int
        The first row of the page, from 0.
    """
    pages = max(-(-total // rows), 1)
    page = _page_in_url(f"{key}_page", pages)
    if pages > 1:
        with st.container(horizontal=True, vertical_alignment="center"):
            _step(key, page - 1, _("Earlier rows"), "chevron_left", disabled=page == 1)
            _step(key, page + 1, _("Later rows"), "chevron_right", disabled=page == pages)
            st.caption(
                _("Rows {first} to {last} of {total}").format(
                    first=number((page - 1) * rows + 1, 0),
                    last=number(min(page * rows, total), 0),
                    total=number(total, 0),
                )
            )
    return (page - 1) * rows


def _page_in_url(name: str, pages: int) -> int:
    asked = st.query_params.get(name, "1")
    page = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else 1
    return min(max(page, 1), pages)


def _step(key: str, page: int, label: str, icon: str, *, disabled: bool) -> None:
    st.button(
        label,
        icon=f":material/{icon}:",
        key=f"{key}_{icon}",
        disabled=disabled,
        type="tertiary",
        on_click=put_in_url,
        args=(f"{key}_page", str(page)),
    )
