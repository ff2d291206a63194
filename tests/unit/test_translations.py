"""Every text that a person may read is in every language, whole and with its values."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message

from src import errors
from src.dashboard.locale import FOLDER, LANGUAGES
from src.dashboard.locale.extract import SOURCE, extract_messages, read_catalogue, shown_texts, update

DASHBOARD = SOURCE / "dashboard"
CATALOGUES = sorted(FOLDER.glob("*.po"))

SAME_IN_PORTUGUESE = {
    "Recall",
    "Precision",
    "Log",
    "normal",
    "Normal",
    "{reason}",
    "{kind}: {reason}",
    "Detector",
    "Sensor",
    "{field}: {before} → {after}",
    "{one}; {other}",
    "Black Friday",
}
"""Metrics keep their names, and some words are the same."""


@pytest.fixture(scope="module")
def source() -> Catalog:
    return extract_messages()


@pytest.fixture(scope="module", params=CATALOGUES, ids=lambda path: path.stem)
def catalogue(request: pytest.FixtureRequest) -> Catalog:
    return read_catalogue(request.param)


def texts(message: Message) -> list[str]:
    """The original, or singular and plural."""
    return list(message.id) if isinstance(message.id, tuple | list) else [message.id]


def translations(message: Message) -> list[str]:
    """The translation, or that of singular and plural."""
    return list(message.string) if isinstance(message.string, tuple | list) else [message.string]


def pairs(catalogue: Catalog) -> Iterator[tuple[str, str]]:
    """Each original with its translation; those without one have a test of their own."""
    for message in catalogue:
        if message.id:
            yield from (
                (text, other) for text, other in zip(texts(message), translations(message), strict=True) if other
            )


def placeholders(text: str) -> set[tuple[str, str | None, str | None]]:
    """Name, format and conversion of each placeholder."""
    return {(name, spec, how) for _text, name, spec, how in string.Formatter().parse(text) if name is not None}


# --- the catalogues


def test_every_language_but_the_original_has_a_catalogue() -> None:
    assert {path.stem for path in CATALOGUES} == set(LANGUAGES) - {"en"}


def test_every_text_has_a_translation(source: Catalog, catalogue: Catalog) -> None:
    missing = [text for message in source if message.id for text in texts(message) if not _has(catalogue, message)]
    assert missing == [], "translate these; `make messages` puts them into the catalogue"


def _has(catalogue: Catalog, message: Message) -> bool:
    known = catalogue.get(message.id)
    return known is not None and texts(known) == texts(message) and all(translations(known))


def test_no_translation_is_only_a_guess(catalogue: Catalog) -> None:
    assert [message.id for message in catalogue if message.id and message.fuzzy] == []


def test_no_translation_is_left_of_a_text_that_is_gone(source: Catalog, catalogue: Catalog) -> None:
    assert list(catalogue.obsolete) == []
    assert [message.id for message in catalogue if message.id and message.id not in source] == []


def test_translations_have_the_placeholders_of_the_original(catalogue: Catalog) -> None:
    assert [text for text, translation in pairs(catalogue) if placeholders(text) != placeholders(translation)] == []


def test_translations_end_as_the_original_does(catalogue: Catalog) -> None:
    ends = {text: (text[-1], other[-1]) for text, other in pairs(catalogue) if {text[-1], other[-1]} & set(".…:?!")}
    assert {text: end for text, end in ends.items() if end[0] != end[1]} == {}


def test_settings_and_options_keep_their_names(catalogue: Catalog) -> None:
    names = re.compile(r"FAROL_\w+|--\w+|python -m src \w+ \w+")
    wrong = [text for text, other in pairs(catalogue) if set(names.findall(text)) != set(names.findall(other))]
    assert wrong == []


def test_nothing_was_left_in_english() -> None:
    portuguese = read_catalogue(FOLDER / "pt_BR.po")
    same = {text for text, translation in pairs(portuguese) if text == translation}
    assert same == SAME_IN_PORTUGUESE


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_a_catalogue_is_as_make_messages_writes_it(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / path.name
    copy.write_bytes(path.read_bytes())
    update(copy)
    assert copy.read_text("utf-8") == path.read_text("utf-8")


def test_a_new_text_comes_into_a_catalogue_and_an_old_one_goes(tmp_path: Path) -> None:
    path = tmp_path / "pt_BR.po"
    path.write_text('msgid ""\nmsgstr ""\n\nmsgid "Home"\nmsgstr "Início"\n\nmsgid "Long gone"\nmsgstr "Já era"\n')
    update(path)
    updated = read_catalogue(path)
    assert updated["Home"].string == "Início"
    assert updated["Jobs"].string == ""
    assert "Long gone" not in updated


def test_every_message_can_be_filled_in(catalogue: Catalog) -> None:
    for text, translation in pairs(catalogue):
        values = {name: 2.5 if spec else "x" for name, spec, _how in placeholders(text)}
        values |= {name: 2 for name, spec, _how in placeholders(text) if spec and "x" in spec}
        assert "{" not in translation.format(**values)


# --- the source

TEXTS_FROM_ELSEWHERE = {"src/dashboard/locale/__init__.py", "src/notes.py"}
"""`ngettext` itself, and the notes that are read from the database: they were made, and found, somewhere else."""


def test_every_text_is_a_literal_that_a_catalogue_can_have() -> None:
    unknown = [f"{text.file}:{text.line}" for text in shown_texts() if text.message is None]
    assert {place.split(":")[0] for place in unknown} == TEXTS_FROM_ELSEWHERE
    assert len(unknown) == len(TEXTS_FROM_ELSEWHERE), unknown


@pytest.mark.parametrize(
    ("code", "messages"),
    [
        ("st.title(_('a'))", ["a"]),
        ("f'{_(\"a\")}: {x}'", ["a"]),
        ("raise InvalidTable('a ' 'b {c}', c=1)", ["a b {c}"]),
        ("raise errors.NoReadings(template='a')", ["a"]),
        ("Metric('F1', meaning='a')", ["a"]),
        ("ngettext('a', 'b', 3)", [("a", "b")]),
        ("translated(note); _(metric.meaning); Metric('F1')", []),
        ("raise InvalidTable(f'a {b}')", [None]),
        ("raise InvalidTable('a ' + b)", [None]),
        ("_(text)", [None]),
        ("ngettext('a', b, 3)", [None]),
    ],
)
def test_texts_are_found_wherever_they_stand(tmp_path: Path, code: str, messages: list) -> None:
    (tmp_path / "page.py").write_text(code)
    assert [text.message for text in shown_texts(tmp_path)] == messages


SHOWN_BY = {
    *("title", "header", "subheader", "markdown", "caption", "write", "text", "info", "warning", "error", "success"),
    *("button", "download_button", "link_button", "form_submit_button", "page_link", "badge", "metric", "toast"),
    *("selectbox", "multiselect", "segmented_control", "pills", "radio", "checkbox", "toggle", "slider"),
    *("select_slider", "number_input", "text_input", "text_area", "date_input", "time_input", "file_uploader"),
    *("data_editor", "dataframe", "table", "expander", "popover", "tabs", "status", "spinner", "progress", "Page"),
    *("Column", "TextColumn", "NumberColumn", "ProgressColumn", "DatetimeColumn", "CheckboxColumn", "LinkColumn"),
    *("update_xaxes", "update_yaxes", "navigation", "dialog"),
    *("page_header", "flash", "provenance"),  # of components/page.py
}
SHOWN_ARGUMENTS = {"label", "body", "help", "placeholder", "alt", "title", "text", "value", "delta", "captions"}
PASSED_ON_BY = {"join", "format", "strip", "DataFrame", "Series"}
"""Calls whose arguments end up in what is shown."""
MARKUP = re.compile(r":material/\w+:|:[a-z][a-z-]*\[|<[^>]+>|&nbsp;")


def unwrapped(code: str) -> list[str]:
    """The literals that a piece of source shows as they are."""
    found = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call) and _name(node) in SHOWN_BY and not _is_no_text(node):
            named = [keyword.value for keyword in node.keywords if keyword.arg in SHOWN_ARGUMENTS]
            positional = [] if _name(node) == "Page" else node.args  # a page's first argument is its function
            found += [text for argument in [*positional, *named] for text in _literals(argument)]
    return [text for text in found if any(character.isalpha() for character in MARKUP.sub("", text))]


def _literals(node: ast.AST) -> Iterator[str]:
    """The literals that become part of an expression's value, as far as can be seen."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.Call(func=function, args=arguments):
            if _name(node) in PASSED_ON_BY:
                for part in [getattr(function, "value", None), *arguments]:
                    yield from _literals(part) if part is not None else ()
        case ast.FormattedValue(value=value) | ast.NamedExpr(value=value):
            yield from _literals(value)
        case ast.IfExp(body=body, orelse=other):
            yield from [*_literals(body), *_literals(other)]
        case ast.Subscript(value=ast.Dict(values=values)):
            yield from (text for value in values for text in _literals(value))
        case ast.ListComp(elt=element) | ast.GeneratorExp(elt=element):
            yield from _literals(element)
        case ast.JoinedStr() | ast.BinOp() | ast.BoolOp() | ast.List() | ast.Tuple() | ast.Dict() | ast.Starred():
            yield from (text for child in ast.iter_child_nodes(node) for text in _literals(child))


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


@pytest.mark.parametrize("path", sorted(DASHBOARD.rglob("*.py")), ids=lambda path: str(path.relative_to(DASHBOARD)))
def test_a_page_shows_no_literal_that_is_not_translated(path: Path) -> None:
    assert unwrapped(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("st.title('Plant')", ["Plant"]),
        ("left.selectbox('Target', columns, key='target')", ["Target"]),
        ("st.number_input(_('Folds'), 2, 50, help='How many')", ["How many"]),
        ("st.caption(f'{rows} rows')", [" rows"]),
        ("st.caption(_('{rows} rows').format(rows=3))", []),
        ("st.caption(' and '.join(names))", [" and "]),
        ("st.caption('a' if x else _('b'))", ["a"]),
        ("st.badge({'queued': 'waits'}[state])", ["waits"]),
        ("st.dataframe(pd.DataFrame([{'State': 1, _('Took'): 2}]))", ["State"]),
        ("st.markdown(f'**{name}** · :material/info: :small[{x}]')", []),
        ("st.button(_('Save'), key='save', icon=':material/save:', type='primary')", []),
        ("st.metric(label, table['mean'])", []),
        ("page_header('Plant', _('Is all well?'))", ["Plant"]),
    ],
)
def test_a_literal_that_is_shown_is_found(code: str, found: list[str]) -> None:
    assert unwrapped(code) == found


NO_TEXTS = {"Farol", "Prophet", "AutoARIMA", "AutoETS", "AutoTheta"}
"""The names of the dashboard and of forecasters."""
PROSE = re.compile(r"[^\W\d_]{2,} [^\W\d_]|^[A-Z][a-z]+")


def test_no_prose_in_the_dashboard_goes_around_the_catalogue() -> None:
    """Also what reaches a page by way of a variable: any literal with two words or a capital is meant to be read."""
    found = {
        f"{path.relative_to(SOURCE)}: {text!r}"
        for path in DASHBOARD.rglob("*.py")
        if path.parent != FOLDER
        for text in prose(path.read_text("utf-8"))
    }
    assert found == set()


def prose(code: str) -> list[str]:
    """The literals that look like prose, but for documentation, logs and what is translated."""
    tree = ast.parse(code)
    ignored = {id(constant) for node in ast.walk(tree) if _is_no_text(node) for constant in ast.walk(node)}
    constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in ignored]
    literals = [node.value for node in constants if isinstance(node.value, str)]
    return [text for text in literals if PROSE.search(text) and text not in NO_TEXTS]


def _is_no_text(node: ast.AST) -> bool:
    match node:
        case ast.Expr(value=ast.Constant()):  # a docstring
            return True
        case (
            ast.Call(func=ast.Attribute(value=ast.Name(id="logger")))
            | ast.Call(func=ast.Name(id="_" | "ngettext" | "Note"))
        ):
            return True
        case ast.Call(func=ast.Name(id=name)):  # its template is extracted, and translated where it is shown
            return issubclass(getattr(errors, name, object), errors.FarolError)
    return False


def test_prose_is_told_from_other_literals() -> None:
    code = (
        '"""Doc text."""\nlogger.info("It is up.")\ntitle = _("A title")\nkey = "a_key"\nshown = ["Low", "two words"]'
        '\nraise NoReadings("No readings yet.")'
    )
    assert prose(code) == ["Low", "two words"]
