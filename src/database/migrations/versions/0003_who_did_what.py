"""Who did what and when, and what a prediction really was."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

UTC_DATETIME = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")


def upgrade() -> None:
    """Make the table of acts, and room for what a prediction really was."""
    op.create_table(
        "activities",
        sa.Column("activity_id", sa.Integer(), nullable=False),
        sa.Column("happened_at", UTC_DATETIME, nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(50), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("activity_id", name=op.f("pk_activities")),
    )
    op.create_index(op.f("ix_activities_kind_subject_happened_at"), "activities", ["kind", "subject", "happened_at"])
    with op.batch_alter_table("predictions") as predictions:
        predictions.add_column(sa.Column("predicted_by", sa.String(200), nullable=False, server_default=""))
        predictions.add_column(sa.Column("actual", sa.JSON()))
        predictions.add_column(sa.Column("actual_by", sa.String(200)))
        predictions.add_column(sa.Column("actual_at", UTC_DATETIME))


def downgrade() -> None:
    """Take both away, with all that is in them."""
    with op.batch_alter_table("predictions") as predictions:
        for column in ("actual_at", "actual_by", "actual", "predicted_by"):
            predictions.drop_column(column)
    op.drop_table("activities")
