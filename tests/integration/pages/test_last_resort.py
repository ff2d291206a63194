"""What no page foresaw is said to the reader with an id, and in full to the log; data has no power over a page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from src.dashboard.components.page import plain
from tests.integration.pages.samples import as_read


def _page_with_a_defect() -> None:
    from src.dashboard.components.page import nothing_unsaid

    with nothing_unsaid():
        raise ZeroDivisionError("a secret of the house")


def test_an_unexpected_error_is_said_with_an_id_and_kept_in_the_log(settings, caplog):
    app = AppTest.from_function(_page_with_a_defect).run()
    assert not app.exception
    assert "Something went wrong" in app.error[0].value
    assert "secret" not in app.error[0].value
    (record,) = [record for record in caplog.records if "unexpected" in record.message]
    assert record.message.split()[-1] in app.error[0].value
    assert record.exc_info[0] is ZeroDivisionError


@pytest.mark.parametrize(
    "text", ["![p](http://127.0.0.1/p.png)", "Price $a$", "*x*", ":red[x]", ":material/home:", "<b>"]
)
def test_a_text_from_data_is_shown_letter_by_letter(text):
    assert plain(text) != text
    assert as_read(plain(text)) == text


@pytest.mark.parametrize(
    ("text", "power"),
    [(":material/home:", ":material/"), ("see http://x.org", "://"), ("www.x.org", "www."), ("me@x.org", "me@x")],
)
def test_what_works_in_spite_of_a_backslash_is_taken_apart(text, power):
    assert power in text
    assert power not in plain(text).replace("\\", "")


@given(st.text())
def test_any_text_is_what_it_was_to_a_reader(text):
    assert as_read(plain(text)) == as_read(text) or "\\" in text
