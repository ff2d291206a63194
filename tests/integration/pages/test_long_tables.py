"""A table with more rows than fit on a page."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from tests.integration.pages.samples import click, run, shown


def _table() -> None:
    import pandas as pd

    from src.dashboard.components.tables import show_table

    show_table(pd.DataFrame({"row": range(120)}), "long", "Rows", file_name="rows")


def _open(**query: str) -> AppTest:
    app = AppTest.from_function(_table)
    for name, value in query.items():
        app.query_params[name] = value
    return run(app)


def _rows(app: AppTest) -> tuple[int, int]:
    table = app.dataframe[0].value
    return int(table["row"].iloc[0]), int(table["row"].iloc[-1])


def test_it_begins_with_the_first_rows_and_says_how_many_there_are():
    app = _open()
    assert _rows(app) == (0, 49)
    assert "Rows 1 to 50 of 120" in shown(app)
    assert app.button(key="long_chevron_left").disabled


def test_the_next_page_follows_and_is_in_the_url():
    app = click(click(_open(), "long_chevron_right"), "long_chevron_right")
    assert _rows(app) == (100, 119)
    assert app.query_params["long_page"] == "3"
    assert app.button(key="long_chevron_right").disabled


def test_a_link_opens_the_same_page_and_nonsense_in_it_the_nearest():
    assert _rows(_open(long_page="2")) == (50, 99)
    assert _rows(_open(long_page="99")) == (100, 119)
    for nonsense in ("0", "-3", "two", "", "1e9", "²"):
        assert _rows(_open(long_page=nonsense)) == (0, 49)
