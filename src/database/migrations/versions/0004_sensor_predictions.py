"""What models say of sensors: predictions, forecasts as they were issued, and what people think of anomalies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

UTC_DATETIME = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")


def upgrade() -> None:
    """Make the tables of what is said of sensors."""
    _create_ml_predictions()
    _create_forecasts()
    _create_forecast_steps()
    _create_anomaly_verdicts()


def downgrade() -> None:
    """Drop them, with all that is in them."""
    for table in ("anomaly_verdicts", "forecast_steps", "forecasts", "ml_predictions"):
        op.drop_table(table)


def _create_ml_predictions() -> None:
    table = "ml_predictions"
    op.create_table(
        table,
        sa.Column("prediction_id", sa.Integer(), nullable=False),
        sa.Column("sensor_id", sa.Integer(), nullable=False),
        sa.Column("model_type", sa.String(20), nullable=False),
        sa.Column("model_version", sa.Integer()),
        sa.Column("prediction_timestamp", UTC_DATETIME, nullable=False),
        sa.Column("forecasted_value", sa.Float()),
        sa.Column("confidence_low", sa.Float()),
        sa.Column("confidence_high", sa.Float()),
        sa.Column("anomaly_score", sa.Float()),
        sa.Column("is_anomaly", sa.Boolean()),
        sa.Column("created_at", UTC_DATETIME, nullable=False),
        sa.PrimaryKeyConstraint("prediction_id", name=op.f("pk_ml_predictions")),
        _belongs_to_a_sensor(table),
    )
    op.create_index(
        op.f("ix_ml_predictions_sensor_id_model_type_prediction_timestamp"),
        table,
        ["sensor_id", "model_type", "prediction_timestamp"],
    )
    op.create_index(op.f("ix_ml_predictions_created_at"), table, ["created_at"])


def _create_forecasts() -> None:
    table = "forecasts"
    op.create_table(
        table,
        sa.Column("forecast_id", sa.Integer(), nullable=False),
        sa.Column("sensor_id", sa.Integer(), nullable=False),
        sa.Column("model", sa.String(50), nullable=False),
        sa.Column("model_version", sa.Integer(), nullable=False),
        sa.Column("issued_at", UTC_DATETIME, nullable=False),
        sa.Column("first_target", UTC_DATETIME, nullable=False),
        sa.Column("interval_seconds", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("forecast_id", name=op.f("pk_forecasts")),
        _belongs_to_a_sensor(table),
    )
    op.create_index(op.f("ix_forecasts_sensor_id_first_target"), table, ["sensor_id", "first_target"])
    op.create_index(op.f("ix_forecasts_issued_at"), table, ["issued_at"])


def _create_forecast_steps() -> None:
    op.create_table(
        "forecast_steps",
        sa.Column("forecast_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("low_80", sa.Float(), nullable=False),
        sa.Column("high_80", sa.Float(), nullable=False),
        sa.Column("low_95", sa.Float(), nullable=False),
        sa.Column("high_95", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("forecast_id", "step", name=op.f("pk_forecast_steps")),
        sa.ForeignKeyConstraint(
            ["forecast_id"], ["forecasts.forecast_id"], name=op.f("fk_forecast_steps_forecast_id"), ondelete="CASCADE"
        ),
        sqlite_with_rowid=False,
    )


def _create_anomaly_verdicts() -> None:
    table = "anomaly_verdicts"
    op.create_table(
        table,
        sa.Column("verdict_id", sa.Integer(), nullable=False),
        sa.Column("sensor_id", sa.Integer(), nullable=False),
        sa.Column("started_at", UTC_DATETIME, nullable=False),
        sa.Column("ended_at", UTC_DATETIME, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("note", sa.Text(), nullable=False, server_default=""),
        sa.Column("decided_by", sa.String(200), nullable=False),
        sa.Column("decided_at", UTC_DATETIME, nullable=False),
        sa.PrimaryKeyConstraint("verdict_id", name=op.f("pk_anomaly_verdicts")),
        _belongs_to_a_sensor(table),
    )
    op.create_index(op.f("ix_anomaly_verdicts_sensor_id_started_at"), table, ["sensor_id", "started_at"])


def _belongs_to_a_sensor(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["sensor_id"], ["sensors.sensor_id"], name=op.f(f"fk_{table}_sensor_id"), ondelete="CASCADE"
    )
