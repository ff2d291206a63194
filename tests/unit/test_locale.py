"""The dashboard speaks the reader's language, and writes numbers, times and durations as that reader expects."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from src.config import Settings, get_settings
from src.dashboard.locale import (
    LANGUAGES,
    _,
    duration,
    language_of,
    ngettext,
    number,
    percent,
    score,
    significant,
    translated,
)
from src.errors import FarolError
from src.notes import Note

pytestmark = pytest.mark.usefixtures("components_found_once")

Speak = Callable[[str], None]


@pytest.fixture
def speak(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Speak:
    """Set the language of what is written outside a session."""

    def to(language: str) -> None:
        monkeypatch.setenv("FAROL_LANGUAGE", language)
        get_settings.cache_clear()

    return to


@pytest.mark.parametrize(
    ("code", "language"),
    [
        ("pt", "pt_BR"),
        ("pt-BR", "pt_BR"),
        ("pt_br", "pt_BR"),
        ("PT-PT", "pt_BR"),
        ("en", "en"),
        ("en-GB", "en"),
        ("EN_us", "en"),
        ("en-US-u-hc-h23", "en"),
        ("de-DE", None),
        ("english", None),
        ("-pt", None),
        ("", None),
        (None, None),
    ],
)
def test_a_language_is_known_by_any_spelling_of_its_code(code: str | None, language: str | None) -> None:
    assert language_of(code) == language


def test_texts_are_in_the_language_of_the_settings_where_nobody_chose(speak: Speak) -> None:
    speak("en")
    assert _("Home") == "Home"
    assert ngettext("Starting {count} worker…", "Starting {count} workers…", 2) == "Starting 2 workers…"
    speak("pt_BR")
    assert _("Home") == "Início"
    assert ngettext("Starting {count} worker…", "Starting {count} workers…", 1) == "Iniciando 1 processo de trabalho…"
    assert ngettext("Starting {count} worker…", "Starting {count} workers…", 2) == "Iniciando 2 processos de trabalho…"


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_no_text_and_an_unknown_text_stay_what_they_are(speak: Speak, language: str) -> None:
    speak(language)
    assert _("") == ""
    assert _("Never heard of") == "Never heard of"


@pytest.mark.parametrize(
    ("language", "written"),
    [("en", ["1,234.5", "0.1235", "-3", "8,143"]), ("pt_BR", ["1.234,5", "0,1235", "-3", "8.143"])],
)
def test_numbers_have_the_marks_of_the_language_and_no_idle_digits(
    speak: Speak, language: str, written: list[str]
) -> None:
    speak(language)
    assert [number(1234.5), number(0.12345678), number(-3.0), number(8143, 0)] == written


@pytest.mark.parametrize(
    ("language", "written"), [("en", ["0.5000", "0.98", "1,234.6"]), ("pt_BR", ["0,5000", "0,98", "1.234,6"])]
)
def test_scores_have_a_fixed_number_of_digits_unless_they_are_large(
    speak: Speak, language: str, written: list[str]
) -> None:
    speak(language)
    assert [score(0.5), score(0.9812, 2), score(1234.5678)] == written


def test_a_score_that_rounds_to_nothing_has_no_minus(speak: Speak) -> None:
    speak("en")
    assert [score(-0.004, 2), score(-0.006, 2)] == ["0.00", "-0.01"]


@pytest.mark.parametrize(
    ("language", "written"), [("en", ["93.5%", "7%", "100.0%"]), ("pt_BR", ["93,5%", "7%", "100,0%"])]
)
def test_shares_are_written_as_percentages(speak: Speak, language: str, written: list[str]) -> None:
    speak(language)
    assert [percent(0.9351), percent(0.0721, 0), percent(1.0)] == written


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("en", ["1E30", "-2.5E20", "1.2E16", "3.2E-7", "0.0004", "0.04", "-1.2346E30", "∞"]),
        ("pt_BR", ["1E30", "-2,5E20", "1,2E16", "3,2E-7", "0,0004", "0,04", "-1,2346E30", "∞"]),
    ],
)
def test_numbers_of_any_size_can_be_written_and_small_ones_do_not_become_nothing(
    speak: Speak, language: str, written: list[str]
) -> None:
    speak(language)
    large = [number(1e30), number(-2.5e20), number(1.2e16, 0)]
    small = [number(3.2e-7), number(4e-4, 2), number(0.04, 1)]
    assert [*large, *small, score(-1.23456e30), number(float("inf"))] == written


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_what_is_not_known_is_a_dash(speak: Speak, language: str) -> None:
    speak(language)
    for write in (number, score, percent, duration):
        assert write(None) == write(float("nan")) == "—"


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0.2, "1 s"),
        (59.6, "60 s"),
        (89, "89 s"),
        (90, "2 min"),
        (3500, "58 min"),
        (3600, "1 h"),
        (9000, "2 h 30 min"),
        (172_799, "2 d"),
        (22_919_220, "265 d 6 h"),
    ],
)
@pytest.mark.parametrize("language", list(LANGUAGES))
def test_durations_are_short_and_the_same_in_all_languages(
    speak: Speak, language: str, seconds: float, written: str
) -> None:
    speak(language)
    assert duration(seconds) == written


def test_messages_have_their_values_with_the_marks_of_the_language(speak: Speak) -> None:
    note = Note("{count:,} rows without a target are left out.", {"count": 1234567})
    error = FarolError(
        "{name} is {value}; it must be between {lowest} and {highest}.",
        name="a.b",
        value=0.01,
        lowest=0.05,
        highest=1e3,
    )
    speak("en")
    assert (translated(note), translated(error)) == (str(note), str(error))
    speak("pt_BR")
    assert translated(note) == "1.234.567 linhas sem alvo ficam de fora."
    assert translated(error) == "a.b é 0,01; precisa estar entre 0,05 e 1000,0."


def _page() -> None:
    from datetime import UTC, datetime

    import streamlit as st

    from src.dashboard.locale import _, current_language, moment

    for when in (datetime(2026, 3, 1, 23, 30, tzinfo=UTC), "2026-03-01T20:30:00-03:00", None):
        st.text(moment(when))
    st.text(current_language())
    st.text(_("Home"))


def run_page(*, locale: str | None = None, timezone: str | None = None, **state: object) -> list[str]:
    app = AppTest.from_function(_page)
    app.context = {"locale": locale, "timezone": timezone}
    for key, value in state.items():
        app.session_state[key] = value
    return [text.value for text in app.run().text]


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_times_are_in_the_reader_s_zone_or_in_utc(settings: Settings, language: str) -> None:
    local = run_page(timezone="America/Sao_Paulo", lang=language)
    assert local[:3] == ["2026-03-01 20:30", "2026-03-01 20:30", "—"]
    assert run_page(timezone="America/Sao_Paulo", lang=language, utc=True)[0] == "2026-03-01 23:30 UTC"


@pytest.mark.parametrize("timezone", [None, "", "Mars/Olympus", "../etc/passwd", "Etc/Unknown"])
def test_times_are_in_utc_where_the_reader_s_zone_is_not_known(settings: Settings, timezone: str | None) -> None:
    assert run_page(timezone=timezone)[0] == "2026-03-01 23:30 UTC"


@pytest.mark.parametrize(
    ("locale", "language"), [("pt-BR", "pt_BR"), ("pt-PT", "pt_BR"), ("en-GB", "en"), ("fr-FR", "en"), (None, "en")]
)
def test_the_browser_s_language_is_taken_where_we_speak_it(
    settings: Settings, locale: str | None, language: str
) -> None:
    shown = run_page(locale=locale)
    assert shown[3:] == [language, {"en": "Home", "pt_BR": "Início"}[language]]


def test_a_chosen_language_wins_over_the_browser_s(settings: Settings) -> None:
    assert run_page(locale="pt-BR", lang="en")[3] == "en"
    assert run_page(locale="pt-BR", lang="klingon")[3] == "pt_BR"


def test_the_setting_wins_over_the_browser_s(speak: Speak) -> None:
    speak("pt_BR")
    assert run_page(locale="en-US")[3] == "pt_BR"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (20.078812, "20.079"),
        (0.0038002, "0.0038002"),
        (2027.5, "2,027.5"),
        (1234567.8, "1,234,568"),
        (-0.5, "-0.5"),
        (0.0, "0"),
        (None, "—"),
        (float("nan"), "—"),
        (float("inf"), "∞"),
    ],
)
def test_a_measured_value_has_five_digits_that_say_something(value: float | None, written: str, speak: Speak) -> None:
    speak("en")
    assert significant(value) == written


def test_a_note_within_a_note_is_translated_too(speak: Speak) -> None:
    speak("pt_BR")
    within = Note(
        "{kind}: {reason}", {"kind": "x", "reason": Note("There is no time column to split by. Choose another split.")}
    )
    assert translated(within) == "x: " + _("There is no time column to split by. Choose another split.")
    assert translated(within) != str(within)
