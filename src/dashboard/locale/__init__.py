"""The dashboard in the reader's language: gettext, with the English text as the key.

The catalogue `pt_BR.po` is read as it is, so that there is nothing to compile. A test fails on a text without a
translation; `make messages` adds the new ones to the catalogue.
"""

from __future__ import annotations

import gettext as _gettext
import io
import math
import string
from datetime import datetime
from functools import lru_cache
from numbers import Number
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from src.config import get_settings
from src.errors import FarolError
from src.notes import Note

LANGUAGES = {"en": "English", "pt_BR": "Português"}
FOLDER = Path(__file__).parent
LANGUAGE_KEY = "lang"
LARGEST, SMALLEST = 1e15, 1e-6
"""Numbers beyond are written with a power of ten; babel cannot write much larger ones otherwise."""
LAST_LANGUAGE_KEY = "last_language"
"""What was spoken last: a widget's own state is lost when another page is opened before the first is all drawn."""


def current_language() -> str:
    """Return the language of this session: as chosen or as in the URL, else the browser's, else the setting."""
    for chosen in (st.session_state.get(LANGUAGE_KEY), st.session_state.get(LAST_LANGUAGE_KEY)):
        if chosen in LANGUAGES:
            return chosen
    return language_of(st.query_params.get(LANGUAGE_KEY)) or preferred_language()


def preferred_language() -> str:
    """Return the language that is taken where nobody chose one."""
    setting = get_settings().language
    if setting != "auto":
        return setting
    return language_of(st.context.locale) or "en"


def language_of(code: str | None) -> str | None:
    """Return the language that a code such as ``pt``, ``pt-BR`` or ``en_US`` stands for, if we speak it."""
    first = (code or "").replace("-", "_").split("_")[0].lower()
    return {"en": "en", "pt": "pt_BR"}.get(first)


def _(text: str) -> str:
    """Translate a text."""
    return _catalogue(current_language()).gettext(text) if text else ""  # gettext has its header under the empty text


def ngettext(singular: str, plural: str, count: int) -> str:
    """Translate a text that depends on a number; ``{count}`` is filled in."""
    return _catalogue(current_language()).ngettext(singular, plural, count).format(count=count)


def translated(message: Note | FarolError) -> str:
    """Return a note or an error in the reader's language, with its values; numbers have that language's marks."""
    values = {k: translated(v) if isinstance(v, Note | FarolError) else v for k, v in message.values.items()}
    return _LocalNumbers().vformat(_(message.template), (), values)


class _LocalNumbers(string.Formatter):
    """`str.format`, but 1,234.5 becomes 1.234,5 where that is how a number is written."""

    def format_field(self, value: Any, format_spec: str) -> str:
        text = super().format_field(value, format_spec)
        return text.translate(str.maketrans(".,", number_marks())) if isinstance(value, Number) else text


def number_marks() -> str:
    """Return the mark before decimals and that between thousands, ``.,`` in English."""
    from babel.numbers import get_decimal_symbol, get_group_symbol

    language = current_language()
    return get_decimal_symbol(language) + get_group_symbol(language)


@lru_cache(maxsize=len(LANGUAGES))
def _catalogue(language: str) -> _gettext.NullTranslations:
    if language == "en":
        return _gettext.NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with (FOLDER / f"{language}.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return _gettext.GNUTranslations(compiled)


def number(value: float | None, digits: int = 4) -> str:
    """Write a number for people, a dash where there is none.

    It has at most so many digits behind the point; more where it is so small that nothing would be left of it.
    """
    if value is None or value != value:
        return "—"
    size = abs(value)
    if LARGEST <= size < math.inf or 0 < size < SMALLEST:
        return _scientific(value)
    from babel.numbers import format_decimal

    if digits and 0 < size < 10**-digits:
        digits = -math.floor(math.log10(size))
    pattern = "#,##0." + "#" * digits if digits else "#,##0"
    return format_decimal(value, format=pattern, locale=current_language())


def signed_percent(share: float | None, digits: int = 1) -> str:
    """Write a change, with its sign."""
    if share is None or share != share:
        return "—"
    shown = round(share, digits + 2) or 0.0  # no minus before nothing
    return f"{'+' if shown > 0 else ''}{percent(shown, digits)}"


def significant(value: float | None, digits: int = 5) -> str:
    """Write a measured value with so many digits that say something, whatever its size; whole digits all stay."""
    if value is None or not math.isfinite(value) or value == 0:
        return number(value)
    return number(value, decimals(value, digits))


def decimals(value: float, digits: int) -> int:
    """How many decimals a number, not zero, needs to show so many digits."""
    return max(digits - 1 - math.floor(math.log10(abs(value))), 0)


def score(value: float | None, digits: int = 4) -> str:
    """Write a metric with a fixed number of digits, so that a column of them can be compared at a glance."""
    if value is None or value != value:
        return "—"
    if LARGEST <= abs(value) < math.inf:
        return _scientific(value)
    from babel.numbers import format_decimal

    digits = digits if abs(value) < 100 else 1
    value = value if round(value, digits) else 0.0  # no minus before nothing
    return format_decimal(value, format="#,##0." + "0" * digits, locale=current_language())


def _scientific(value: float) -> str:
    from babel.numbers import format_scientific

    return format_scientific(value, format="0.####E0", locale=current_language())


def percent(share: float | None, digits: int = 1) -> str:
    """Write a share from 0 to 1 as a percentage."""
    if share is None or share != share:
        return "—"
    from babel.numbers import format_percent

    return format_percent(share, format="0." + "0" * digits + "%" if digits else "0%", locale=current_language())


def moment(value: datetime | str | None) -> str:
    """Write a time in the reader's zone, or in UTC where that was chosen in the sidebar."""
    if value is None:
        return "—"
    when = datetime.fromisoformat(value) if isinstance(value, str) else value
    zone = reader_zone()
    return f"{when.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} {'UTC' if zone == 'UTC' else ''}".strip()


def reader_zone() -> str:
    """Return the name of the time zone that times are shown in."""
    if st.session_state.get("utc"):
        return "UTC"
    zone = st.context.timezone or "UTC"
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):  # a browser may know one that this machine does not
        return "UTC"
    return zone


def duration(seconds: float | None) -> str:
    """Write a duration for people in its two largest units, days at most; they are the same in all languages."""
    if seconds is None or seconds != seconds:
        return "—"
    if seconds < 90:
        return f"{max(round(seconds), 1)} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    if hours == 0:
        return f"{minutes} min"
    if hours >= 48:
        days, hours = divmod(round(seconds / 3_600), 24)
        return f"{days} d {hours} h" if hours else f"{days} d"
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"
