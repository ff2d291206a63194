"""Find every text that a person may read, for the catalogue: `python -m src.dashboard.locale.extract` updates it."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from src import errors
from src.dashboard.locale import FOLDER

SOURCE = Path(__file__).resolve().parents[2]


def keywords() -> dict[str, Any]:
    """Return the calls whose texts are shown: `_`, `ngettext`, notes, metrics, and every named error."""
    named_errors = {
        name: (1,) for name, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.FarolError)
    }
    return {"_": None, "ngettext": (1, 2), "Note": (1,), "Metric": (3,), **named_errors}


def extract_messages() -> Catalog:
    """Return a catalogue of all texts in the source."""
    found = Catalog(project="Farol", charset="utf-8")
    for name, line, message, comments, _context in extract_from_dir(
        SOURCE, method_map=[("**.py", "python")], keywords=keywords()
    ):
        found.add(message, None, [(f"src/{name}", line)], auto_comments=comments)
    return found


def update(path: Path) -> None:
    """Bring a catalogue up to date: new texts come in empty, those no longer used go."""
    with path.open("rb") as file:
        catalogue = read_po(file, locale=path.stem)
    catalogue.update(extract_messages(), no_fuzzy_matching=True, update_creation_date=False)
    catalogue.obsolete.clear()
    with path.open("wb") as file:
        write_po(file, catalogue, width=120, sort_output=True, no_location=True, omit_header=False)


if __name__ == "__main__":
    for each in FOLDER.glob("*.po"):
        update(each)
