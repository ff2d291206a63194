"""Notes: what they say, and that they can be written down."""

from __future__ import annotations

from decimal import Decimal

import pytest

from src.errors import FarolError, NoLeaderboard
from src.notes import Note, read_note, write_note


@pytest.mark.parametrize(
    "note",
    [
        Note("Nothing to fill in."),
        Note(""),
        Note("{count:,} rows of {name!r}", {"count": 12_000, "name": 'a "b" {c} \0.csv'}),
        Note("{share:.1%} of {of}", {"share": 0.123, "of": None}),
        Note("All failed: {reason}", {"reason": Note("{what} is full", {"what": "the disk"})}),
    ],
)
def test_a_note_that_was_written_is_read_as_it_was(note):
    assert read_note(write_note(note)) == note


def test_what_an_error_says_is_kept_with_its_values():
    error = NoLeaderboard("{name}: {reason}", name="KNN", reason=FarolError("{n} workers died", n=2))
    note = read_note(write_note(error))
    assert (note.template, str(note)) == ("{name}: {reason}", "KNN: 2 workers died")
    assert note.values["reason"] == Note("{n} workers died", {"n": 2})


def test_a_value_that_json_does_not_know_is_kept_as_text():
    assert Note.of(FarolError("{path!s} is full", path=Decimal("1.50"))).values == {"path": "1.50"}


def test_a_format_that_only_the_value_itself_understands_keeps_the_whole_message():
    note = Note.of(FarolError("{amount:.1f} left", amount=Decimal("1.25")))
    assert str(note) == "1.2 left"
    assert note.template == "{message}"


@pytest.mark.parametrize(
    "text",
    [
        "Compare models",
        "",
        "{}",
        "123",
        "null",
        '{"a": 1}',
        "{broken",
        '{"template": 1, "values": {}}',
        '{"template": "x", "values": []}',
        '{"template": "{a}", "values": {}}',
        '{"template": "{0}", "values": {}}',
        '{"template": "{a:d}", "values": {"a": "b"}}',
    ],
)
def test_any_other_text_is_a_note_that_says_it(text):
    assert str(read_note(text)) == text
