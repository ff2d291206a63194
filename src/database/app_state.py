"""Small facts that the application remembers about itself, as JSON by key."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import JSON, Connection

from src.database.tables import app_state

_CLAIM = sa.text("INSERT INTO app_state (key, value) VALUES (:key, :value) ON CONFLICT DO NOTHING").bindparams(
    sa.bindparam("value", type_=JSON)
)


def get_state(connection: Connection, key: str, *, for_change: bool = False) -> Any:
    """Read what is remembered under a key, or None. With `for_change`, others who want to change it wait."""
    statement = sa.select(app_state.c.value).where(app_state.c.key == key)
    return connection.scalar(statement.with_for_update() if for_change else statement)


def claim_state(connection: Connection, key: str, value: Any) -> bool:
    """Remember something under a key that is free; of several processes that try, one gets True."""
    return connection.execute(_CLAIM, {"key": key, "value": value}).rowcount == 1


def change_state(connection: Connection, key: str, value: Any) -> None:
    """Replace what is remembered under a key."""
    connection.execute(sa.update(app_state).where(app_state.c.key == key).values(value=value))


def forget_state(connection: Connection, key: str) -> None:
    """Forget a key."""
    connection.execute(sa.delete(app_state).where(app_state.c.key == key))
