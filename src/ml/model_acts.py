"""What people do to saved models; who did it is remembered in the same step.

The database is asked first: where it does not answer nothing is done, and where nothing was done nothing is remembered.
Not so for whole models that come and go as files: the database must not wait while they are read and written.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO

from src.database.activities import record_activity
from src.database.engine import writing
from src.ml.saved_models import save_finalist
from src.notes import Note
from src.utils.model_store import SavedModel, default_store

if TYPE_CHECKING:
    from collections.abc import Callable

    from src.ml.model_comparison import Comparison
    from src.ml.signature import Decision


def save(
    actor: str,
    comparison: Comparison,
    candidate: str,
    artefact: bytes,
    name: str,
    notes: str = "",
    *,
    cases: bytes = b"",
    overwrite: bool = False,
    decision: Decision | None = None,
) -> SavedModel:
    """Save one of a comparison's best; parameters and errors as in `src.ml.saved_models.save_finalist`."""
    with _remembered(actor) as remember:
        saved = save_finalist(
            comparison,
            candidate,
            artefact,
            name,
            notes,
            cases=cases,
            overwrite=overwrite,
            decision=decision,
            saved_by=actor,
        )
        remember(saved.name, Note("Saved version {version}.", {"version": saved.version}))
    return saved


def trust(actor: str, name: str) -> SavedModel:
    """Adopt a model that was not saved here; errors as in `ModelStore.trust`."""
    with _remembered(actor) as remember:
        saved = default_store().trust(name)
        values = {"version": saved.version, "sha256": saved.sha256}
        remember(saved.name, Note("Trusted version {version}, SHA-256 {sha256}.", values))
    return saved


def go_back(actor: str, name: str, version: int) -> SavedModel:
    """Make another version the current one; errors as in `ModelStore.go_back`."""
    with _remembered(actor) as remember:
        before = default_store().describe(name)["version"]
        saved = default_store().go_back(name, version)
        values = {"version": saved.version, "before": before}
        remember(saved.name, Note("Made version {version} the current one; before it was {before}.", values))
    return saved


def edit_notes(actor: str, name: str, notes: str, version: int | None = None) -> SavedModel:
    """Replace the notes of a version; errors as in `ModelStore.edit_notes`."""
    with _remembered(actor) as remember:
        saved = default_store().edit_notes(name, notes, version)
        remember(saved.name, Note("Edited the notes of version {version}.", {"version": saved.version}))
    return saved


def delete(actor: str, name: str) -> None:
    """Delete a model with all its versions; errors as in `ModelStore.delete`."""
    with _remembered(actor) as remember:
        default_store().delete(name)
        remember(name, Note("Deleted it with all its versions."))


def export_to(actor: str, file: BinaryIO, name: str, version: int | None = None) -> dict[str, Any]:
    """Write a version as one file; errors as in `ModelStore.export_to`."""
    record = default_store().export_to(file, name, version)
    action = Note("Exported version {version}.", {"version": record["version"]})
    record_activity(actor, "model", record["name"], action)
    return record


def import_from(actor: str, file: BinaryIO, name: str | None = None) -> SavedModel:
    """Take in a model from one file, not yet trusted; errors as in `ModelStore.import_from`."""
    saved = default_store().import_from(file, name)
    values = {"version": saved.version, "sha256": saved.sha256}
    action = Note("Imported it as version {version}, SHA-256 {sha256}; not trusted yet.", values)
    record_activity(actor, "model", saved.name, action)
    return saved


def rebuild(actor: str) -> list[str]:
    """Restore the registry from the files; see `ModelStore.rebuild`."""
    with _remembered(actor) as remember:
        names = default_store().rebuild()
        remember("", Note("Rebuilt the registry: {count} models.", {"count": len(names)}))
    return names


@contextmanager
def _remembered(actor: str) -> Iterator[Callable[[str, Note], None]]:
    with writing() as connection:
        yield lambda subject, action: record_activity(actor, "model", subject, action, connection)
