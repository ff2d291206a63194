"""Words for what is known of models, in the reader's language."""

from __future__ import annotations

from src.dashboard.locale import _, moment, number


def order_names() -> dict[str, str]:
    """Return the orders in which models can be listed."""
    return {
        "newest": _("newest first"),
        "oldest": _("oldest first"),
        "name": _("by name"),
        "type": _("by type"),
        "target": _("by target"),
        "score": _("best first, by metric"),
        "size": _("largest first"),
    }


def trust_name(trusted: bool, *, missing: bool) -> str:
    """Say whether a model can be used."""
    if missing:
        return _("file missing")
    return _("yes") if trusted else _("no")


def file_size(count: int | None) -> str:
    """Write a number of bytes for people."""
    if count is None:
        return "—"
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{number(count / size, 1)} {unit}"
    return f"{number(count, 0)} B"


def task_name(task: str) -> str:
    """Return what a model tells: a class or a number."""
    return {"classification": _("a class"), "regression": _("a number")}.get(task, task)


def split_name(split: str) -> str:
    """Return how rows were held out."""
    kind, _separator, column = split.partition(":")
    names = {"random": _("random"), "time": _("by time"), "group": _("by {column}").format(column=column)}
    return names.get(kind, split)


def time_said(text: str | None) -> str:
    """Write a time that a sidecar names; one from elsewhere may have any text there."""
    try:
        return moment(text)
    except (ValueError, OverflowError):
        return text or "—"
