"""Find every text that a person may read, for the catalogues: `make messages` brings them up to date."""

from __future__ import annotations

import ast
import inspect
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po, write_po

from src import errors
from src.dashboard.locale import FOLDER

SOURCE = Path(__file__).resolve().parents[2]
_MADE_ELSEWHERE = ("template", "meaning")
"""Attributes of errors, notes and metrics: their texts are found where these are made."""


@dataclass(frozen=True)
class Text:
    """One call whose text is shown.

    Attributes
    ----------
    file : str
        Relative to the project's root.
    message : str, or tuple of str, or None
        The text, or singular and plural; None where the call has something else than a literal, which no catalogue
        can have.
    """

    file: str
    line: int
    message: str | tuple[str, str] | None


def shown_texts(source: Path = SOURCE) -> list[Text]:
    """Return the text of each call below a folder that shows one, in order.

    It reads the syntax tree, as a search by tokens (Babel's) misses what is called inside an f-string.
    """
    found = []
    for file in sorted(source.rglob("*.py")):
        name = file.relative_to(source.parent).as_posix()
        found += [Text(name, line, message) for line, message in _texts_in(ast.parse(file.read_text("utf-8")))]
    return found


def _texts_in(tree: ast.AST) -> Iterator[tuple[int, str | tuple[str, str] | None]]:
    wanted = _text_arguments()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        arguments = [_argument(node, *place) for place in wanted.get(name, ())]
        if not arguments or arguments[0] is None or _is_made_elsewhere(arguments[0]):
            continue
        match [argument.value for argument in arguments if isinstance(argument, ast.Constant)]:
            case [str(text)] if len(arguments) == 1:
                yield node.lineno, text
            case [str(singular), str(plural)]:
                yield node.lineno, (singular, plural)
            case _:
                yield node.lineno, None


def _text_arguments() -> dict[str, tuple[tuple[int, str], ...]]:
    """The calls whose texts are shown, with the place and the name of the arguments that hold them."""
    named_errors = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]
    return {
        "_": ((0, "text"),),
        "ngettext": ((0, "singular"), (1, "plural")),
        "Note": ((0, "template"),),
        "Metric": ((2, "meaning"),),
        **{kind.__name__: ((0, "template"),) for kind in named_errors if issubclass(kind, errors.FarolError)},
    }


def _argument(call: ast.Call, place: int, name: str) -> ast.expr | None:
    if place < len(call.args):
        return call.args[place]
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def _is_made_elsewhere(argument: ast.expr) -> bool:
    return isinstance(argument, ast.Attribute) and argument.attr in _MADE_ELSEWHERE


def extract_messages() -> Catalog:
    """Return a catalogue of all texts in the source."""
    found = Catalog(project="Farol", charset="utf-8")
    for text in shown_texts():
        if text.message:
            found.add(text.message, locations=[(text.file, text.line)])
    return found


def read_catalogue(path: Path) -> Catalog:
    """Read a catalogue; the file's name is its language."""
    with path.open("rb") as file:
        return read_po(file, locale=path.stem)


def update(path: Path) -> None:
    """Bring a catalogue up to date: new texts come in empty, those no longer used go."""
    catalogue = read_catalogue(path)
    catalogue.update(extract_messages(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    content = io.BytesIO()
    write_po(content, catalogue, width=120, sort_output=True, no_location=True, omit_header=True)
    path.write_bytes(_header(path.stem).encode() + content.getvalue().rstrip() + b"\n")


def _header(language: str) -> str:
    """What gettext needs to know, without the dates that Babel adds: they would make every update a change."""
    fields = [
        f"Language: {language}",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
        f"Plural-Forms: {get_plural(language).plural_forms}",
    ]
    return "".join(['msgid ""\nmsgstr ""\n', *(f'"{field}\\n"\n' for field in fields), "\n"])


if __name__ == "__main__":
    for each in FOLDER.glob("*.po"):
        update(each)
