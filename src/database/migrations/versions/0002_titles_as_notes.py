"""A job's title is a note with values of its own, a file's name say: it can be longer than the column was."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Let titles be as long as they are."""
    _change_type(sa.String(300), sa.Text())


def downgrade() -> None:
    """Give the column its length of 300 characters back."""
    _change_type(sa.Text(), sa.String(300))


def _change_type(before: sa.types.TypeEngine, after: sa.types.TypeEngine) -> None:
    with op.batch_alter_table("jobs") as jobs:
        jobs.alter_column(
            "title", type_=after, existing_type=before, existing_nullable=False, existing_server_default=""
        )
