"""What people do to models of prices; who did it is remembered in the same step."""

from __future__ import annotations

from sqlalchemy import Engine

from src.database.activities import record_activity
from src.database.engine import writing
from src.notes import Note
from src.pricing.model_manager import ModelManager
from src.pricing.model_rows import ModelVersion


def go_back(actor: str, sku: str, version: str, manager: ModelManager, engine: Engine | None = None) -> ModelVersion:
    """Make another version of a product's model the current one; errors as in `ModelManager.go_back`.

    Parameters
    ----------
    engine : Engine, optional
        The database of the settings when not given.
    """
    before = next((one.version for one in manager.versions(sku) if one.is_current), "")
    gone_to = manager.go_back(sku, version)
    values = {"version": version, "before": before}
    with writing(engine) as connection:
        action = Note("Made version {version} the current one; before it was {before}.", values)
        record_activity(actor, "product", sku, action, connection)
    return gone_to


def delete(actor: str, sku: str, manager: ModelManager, engine: Engine | None = None) -> None:
    """Delete a product's model, all its versions; parameters as of `go_back`, errors as in `ModelManager.delete`."""
    manager.delete(sku)
    with writing(engine) as connection:
        record_activity(actor, "product", sku, Note("Deleted its model with all its versions."), connection)
