"""The first tables: sensors, readings, events, jobs, predictions, state of the application.

Written out, not taken from tables.py: what a migration does never changes, whatever the tables become later.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

UTC_DATETIME = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")


def upgrade() -> None:
    """Make the first tables."""
    _create_sensors()
    _create_sensor_readings()
    _create_equipment_events()
    _create_jobs()
    _create_predictions()
    op.create_table(
        "app_state",
        sa.Column("key", sa.String(100), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_app_state")),
    )


def downgrade() -> None:
    """Drop them, with all that is in them."""
    for table in ("app_state", "predictions", "jobs", "equipment_events", "sensor_readings", "sensors"):
        op.drop_table(table)


def _create_sensors() -> None:
    op.create_table(
        "sensors",
        sa.Column("sensor_id", sa.Integer(), nullable=False),
        sa.Column("display_name", sa.String(200), nullable=False),
        sa.Column("equipment", sa.String(200), nullable=False),
        sa.Column("platform", sa.String(200), nullable=False, server_default=""),
        sa.Column("sensor_type", sa.String(50), nullable=False),
        sa.Column("unit", sa.String(50), nullable=False, server_default=""),
        sa.Column("physical_min", sa.Float()),
        sa.Column("physical_max", sa.Float()),
        sa.Column("warning_low", sa.Float()),
        sa.Column("warning_high", sa.Float()),
        sa.Column("critical_low", sa.Float()),
        sa.Column("critical_high", sa.Float()),
        sa.Column("enabled", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.PrimaryKeyConstraint("sensor_id", name=op.f("pk_sensors")),
        sa.UniqueConstraint("display_name", name=op.f("uq_sensors_display_name")),
    )


def _create_sensor_readings() -> None:
    op.create_table(
        "sensor_readings",
        sa.Column("sensor_id", sa.Integer(), nullable=False),
        sa.Column("timestamp", UTC_DATETIME, nullable=False),
        sa.Column("value", sa.Float()),
        sa.Column("data_quality", sa.SmallInteger(), nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("sensor_id", "timestamp", name=op.f("pk_sensor_readings")),
        sa.ForeignKeyConstraint(
            ["sensor_id"],
            ["sensors.sensor_id"],
            name=op.f("fk_sensor_readings_sensor_id"),
            ondelete="CASCADE",
        ),
        sqlite_with_rowid=False,
    )


def _create_equipment_events() -> None:
    op.create_table(
        "equipment_events",
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("equipment", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(50), nullable=False),
        sa.Column("started_at", UTC_DATETIME, nullable=False),
        sa.Column("ended_at", UTC_DATETIME),
        sa.Column("note", sa.Text(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_equipment_events")),
    )
    op.create_index(op.f("ix_equipment_events_equipment_started_at"), "equipment_events", ["equipment", "started_at"])


def _create_jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("job_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(50), nullable=False),
        sa.Column("title", sa.String(300), nullable=False, server_default=""),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("progress", sa.Float(), nullable=False, server_default="0"),
        sa.Column("message", sa.Text(), nullable=False, server_default=""),
        sa.Column("result", sa.JSON()),
        sa.Column("error", sa.Text()),
        sa.Column("host", sa.String(200)),
        sa.Column("pid", sa.Integer()),
        sa.Column("pid_created", sa.Float()),
        sa.Column("created_at", UTC_DATETIME, nullable=False),
        sa.Column("started_at", UTC_DATETIME),
        sa.Column("heartbeat_at", UTC_DATETIME),
        sa.Column("finished_at", UTC_DATETIME),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_jobs")),
    )
    op.create_index(op.f("ix_jobs_state_created_at"), "jobs", ["state", "created_at"])


def _create_predictions() -> None:
    op.create_table(
        "predictions",
        sa.Column("prediction_id", sa.Integer(), nullable=False),
        sa.Column("model_name", sa.String(100), nullable=False),
        sa.Column("model_version", sa.Integer(), nullable=False),
        sa.Column("predicted_at", UTC_DATETIME, nullable=False),
        sa.Column("inputs", sa.JSON(), nullable=False),
        sa.Column("outcome", sa.JSON(), nullable=False),
        sa.Column("probabilities", sa.JSON()),
        sa.Column("milliseconds", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("prediction_id", name=op.f("pk_predictions")),
    )
    op.create_index(op.f("ix_predictions_model_name_predicted_at"), "predictions", ["model_name", "predicted_at"])
