"""Text that comes from data, in Markdown that others will render: shown letter by letter."""

from __future__ import annotations

import re

# A backslash does it for what marks a text up; an entity for what makes a link of an address without any mark.
_MARKS = re.compile(r"([\\`*_\[\]<>#|~$&])")
_LINKS = {"://": "&#58;//", "www.": "www&#46;", "@": "&#64;"}
_FIRST = re.compile(r"^(\s*\d*)([-+.)])(?=\s|$)")


def literal(text: object) -> str:
    """Return a text for use within a line or a cell of a table; line breaks become blanks."""
    shown = "".join(letter if letter.isprintable() else " " for letter in str(text))
    shown = _MARKS.sub(r"\\\1", shown)
    for mark, entity in _LINKS.items():
        shown = re.sub(re.escape(mark), entity, shown, flags=re.IGNORECASE)
    return shown.strip()


def quotation(text: str) -> str:
    """Return a text of several lines as a block quotation."""
    lines = [_FIRST.sub(r"\1\\\2", literal(line)) for line in text.splitlines()]
    return "\n".join(f"> {line}".rstrip() for line in lines)


def table(header: list[str], rows: list[list[object]]) -> str:
    """Return a table; the cells are shown letter by letter."""
    lines = [header, ["---"] * len(header), *([literal(cell) or "–" for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)
